-- name: trend_times(names, starts, untils, places, now, line)
-- Microseconds of all machines together in each bucket of a trend. A bucket has one or more parts, in order and apart from each
-- other; places: which one each part belongs to. names null: of all machines.
SELECT (:places::int[])[t.part] AS place, sum(t.operational)::bigint AS operational, sum(t.warning)::bigint AS warning,
       sum(t.waiting)::bigint AS waiting, sum(t.down)::bigint AS down
FROM times_in_parts(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz) t
WHERE :line::smallint IS NULL OR t.line_id = :line
GROUP BY 1;

-- name: trend_failures(names, start, until, now, starts, untils, places, line)
-- How many failures began in each bucket of a trend. The parts are in order and apart from each other.
SELECT (:places::int[])[s.part] AS place, sum(s.failures)::bigint AS failures
FROM (SELECT i.part, count(*) AS failures
      FROM (SELECT f.since, width_bucket(f.since, :starts::timestamptz[]) AS part
            FROM stops_inside(:names::text[], :start::timestamptz, :until::timestamptz, :line::smallint) f WHERE f.fails
            OFFSET '0') AS i  -- as in machine_limits
      WHERE i.part > 0 AND i.since < (:untils::timestamptz[])[i.part] GROUP BY i.part
      UNION ALL
      SELECT found.part, 1
      FROM stops_across(:names, :start, :until, :now::timestamptz, :line) f
      CROSS JOIN LATERAL (SELECT width_bucket(f.since, :starts) AS part) AS found
      WHERE f.fails AND found.part > 0 AND f.since < (:untils)[found.part]) AS s
GROUP BY 1;

-- name: trend_of_reason(names, now, reason, starts, untils, places, line)
-- Microseconds down by the stops of a reason in each bucket of a trend, and how many failures of it began there.
SELECT (:places::int[])[n.part] AS place,
       sum(micros(inside.until - inside.since)
           - CASE WHEN s.unconfirmed = 0 THEN 0
                  ELSE unheard_in_parts(m.machine_id, inside.since, inside.until, (:starts)[n.part : n.part],
                                        (:untils)[n.part : n.part], :now) END)::bigint AS lost,
       count(*) FILTER (WHERE s.fails AND s.since >= (:starts)[n.part] AND s.since < (:untils)[n.part]) AS failures
FROM stops_in_parts(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :reason::text, :line::smallint,
                    NULL) s
JOIN machines m USING (machine_name)
CROSS JOIN LATERAL generate_series(greatest(width_bucket(s.since, :starts), 1),
                                   width_bucket(coalesce(s.until, 'infinity'), :starts)) AS n (part)
CROSS JOIN LATERAL (SELECT greatest(s.since, (:starts)[n.part]) AS since, least(s.until, (:untils)[n.part]) AS until) AS inside
WHERE inside.since < inside.until
GROUP BY 1;
