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
SELECT (:places::int[])[found.part] AS place, count(*) AS failures
FROM stops_between(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :line::smallint) s
CROSS JOIN LATERAL (SELECT width_bucket(s.since, :starts::timestamptz[]) AS part) AS found
WHERE s.fails AND found.part > 0 AND s.since < (:untils::timestamptz[])[found.part]
GROUP BY 1;

-- name: trend_of_reason(names, now, reason, starts, untils, places, line)
-- Microseconds down by the stops of a reason in each bucket of a trend, and how many failures of it began there.
SELECT bucket.place, coalesce(t.lost, 0) AS lost, t.failures
FROM (SELECT part.place, array_agg(part.since ORDER BY part.since) AS starts, array_agg(part.until ORDER BY part.since) AS untils
      FROM unnest(:starts::timestamptz[], :untils::timestamptz[], :places::int[]) AS part (since, until, place)
      GROUP BY part.place) AS bucket
CROSS JOIN LATERAL (
    SELECT sum(s.down)::bigint AS lost, count(*) FILTER (WHERE s.began AND s.fails) AS failures
    FROM filtered_stops(:names::text[], bucket.starts[1], bucket.untils[cardinality(bucket.untils)], :now::timestamptz,
                        :reason::text, bucket.starts, bucket.untils, :line::smallint) s
    WHERE s.began OR s.carried_in) AS t;
