-- name: filtered_stop_sums(names, starts, untils, now, reason, answered, together, line)
-- stop_sums (stop_sums.sql) of some hours of a period, of the stops of a reason, or of both; of a reason lost, too: the microseconds down
-- by it. The many stops of all reasons that began and ended within the period are added up first, with no more of what
-- stops_in_parts() works out than is counted, which takes half the time.
WITH within AS (
    SELECT CASE WHEN NOT :together::boolean THEN m.machine_name END AS machine_name,
           count(*) FILTER (WHERE s.before % 2 = 1 AND s.length >= m.micro_stop) AS failures,
           count(*) FILTER (WHERE s.before % 2 = 1 AND s.length < m.micro_stop) AS micro_stops,
           count(*) FILTER (WHERE s.before % 2 = 0 AND s.until > s.edge) AS carried_in,
           count(*) FILTER (WHERE s.after % 2 = 1 AND s.repaired AND s.length >= m.micro_stop) AS repairs,
           sum(s.length) FILTER (WHERE s.after % 2 = 1 AND s.repaired AND s.length >= m.micro_stop) AS repair
    FROM (SELECT b.*, CASE WHEN b.until < b.edge THEN b.before
                           ELSE width_bucket(b.until, edges_of_parts(:starts::timestamptz[], :untils::timestamptz[])) END AS after
          FROM (SELECT a.*, (edges_of_parts(:starts, :untils))[a.before + 1] AS edge  -- the next one
                FROM (SELECT i.machine_id, i.until, i.repaired, i.length,
                             width_bucket(i.since, edges_of_parts(:starts, :untils)) AS before
                      FROM machine_stops i
                      WHERE i.since >= (:starts)[1] AND i.since < (:untils)[cardinality(:untils)] AND i.until < (:untils)[cardinality(:untils)]
                        AND (:names::text[] IS NULL OR i.machine_id = ANY ((SELECT machine_ids(:names))::integer[]))
                        AND (:line::smallint IS NULL OR coalesce(i.line_id, 0::smallint) = :line)
                      OFFSET '0') AS a  -- each is computed once; '0' as in machine_limits
                OFFSET '0') AS b
          OFFSET '0') AS s
    JOIN machine_limits m USING (machine_id)
    WHERE :reason::text IS NULL AND (s.before % 2 = 1 OR s.before < s.after)
    GROUP BY 1
), part AS (
    SELECT machine_name, 0::bigint AS lost, failures, micro_stops, carried_in, repairs, repair, 0 AS ongoing, 0::bigint AS ongoing_length,
           NULL::bigint AS response, NULL::bigint AS work
    FROM within
    UNION ALL
    SELECT s.machine_name, CASE WHEN :reason IS NOT NULL THEN s.down ELSE 0 END, (s.began AND s.fails)::int, (s.began AND NOT s.fails)::int, s.carried_in::int,
           (s.ended AND s.fails)::int, CASE WHEN s.ended AND s.fails THEN s.length ELSE 0 END, s.goes_on::int, coalesce(s.going_on, 0),
           CASE WHEN s.began THEN response_time(s.since, s.until, o.acknowledged_at) END,
           CASE WHEN s.ended THEN repair_time(s.since, s.until, o.created_at, o.acknowledged_at, o.started_at) END
    FROM stops_in_parts(:names, :starts, :untils, :now::timestamptz, :reason, :line, CASE WHEN :reason IS NULL THEN true END) s
    LEFT JOIN LATERAL orders_of_stop(s.machine_name, s.since) o ON :answered::boolean AND s.fails
    UNION ALL
    SELECT s.machine_name, 0, 0, 0, 0, 0, 0, 0, 0,
           CASE WHEN is_in_parts(s.since, :starts, :untils) THEN response_time(s.since, s.until, s.acknowledged_at) END,
           CASE WHEN is_in_parts(s.until, :starts, :untils) AND s.repaired
                THEN repair_time(s.since, s.until, s.created_at, s.acknowledged_at, s.started_at) END
    FROM ordered_failures(:names, (:starts)[1], (:untils)[cardinality(:untils)], :line) s
    WHERE :answered AND :reason IS NULL
)
SELECT CASE WHEN NOT :together THEN machine_name END AS machine_name, sum(lost)::bigint AS lost, sum(failures)::bigint AS failures,
       sum(micro_stops)::bigint AS micro_stops, sum(repairs)::bigint AS repairs, coalesce(sum(repair), 0)::bigint AS repair,
       sum(carried_in)::bigint AS carried_in, sum(ongoing)::bigint AS ongoing, sum(ongoing_length)::bigint AS ongoing_length,
       count(work) AS works, coalesce(sum(work), 0)::bigint AS work,
       coalesce(array_agg(response) FILTER (WHERE response IS NOT NULL), '{}') AS responses
FROM part
GROUP BY 1;

-- name: has_reason(start, now, reason)$
-- Whether a stop ever had this reason; empty: none was given. start: of the history.
SELECT EXISTS (SELECT FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
               WHERE coalesce(reason, '') = :reason::text);

-- name: reasons_of_stops(start, now)
-- All reasons that stops ever had, the most frequent first.
SELECT reason FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
WHERE reason IS NOT NULL GROUP BY reason ORDER BY count(*) DESC, reason COLLATE "C";
