-- name: filtered_stop_sums(names, starts, untils, now, reason, answered, line, at_ends)
-- For each machine: how many stops of each kind there were in some hours of a period, of a reason the time down by them, and, if that
-- is asked for, responses and repairs as in stop_sums. Lengths in microseconds. at_ends: of those that stops_in_parts() means by
-- it; both together are all.
SELECT s.machine_name, coalesce(sum(CASE WHEN :reason IS NOT NULL THEN s.down END), 0)::bigint AS lost,  -- worked out only if asked for
       count(*) FILTER (WHERE s.began AND s.fails) AS failures,
       count(*) FILTER (WHERE s.began AND NOT s.fails) AS micro_stops,
       count(*) FILTER (WHERE s.carried_in) AS carried_in,
       count(*) FILTER (WHERE s.ended AND s.fails) AS repairs,
       coalesce(sum(s.length) FILTER (WHERE s.ended AND s.fails), 0)::bigint AS repair,
       count(*) FILTER (WHERE s.goes_on) AS ongoing,
       coalesce(sum(s.going_on) FILTER (WHERE s.goes_on), 0)::bigint AS ongoing_length,
       count(*) FILTER (WHERE o.started_at IS NOT NULL AND s.ended AND s.fails) AS works,
       coalesce(sum(repair_time(s.since, s.until, o.created_at, o.acknowledged_at, o.started_at))
                    FILTER (WHERE o.started_at IS NOT NULL AND s.ended AND s.fails), 0)::bigint AS work,
       coalesce(array_agg(response_time(s.since, s.until, o.acknowledged_at))
                    FILTER (WHERE o.acknowledged_at IS NOT NULL AND s.began AND s.fails), '{}') AS responses
FROM stops_in_parts(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :reason::text,
                    :line::smallint, :at_ends::boolean) s
LEFT JOIN stop_orders_between(
    :names, CASE WHEN :at_ends THEN (SELECT min(t.since) FROM stops_touching(:names, (:starts)[1], (:untils)[cardinality(:untils)], :now) t)
                 ELSE (:starts)[1] END, (:untils)[cardinality(:untils)]) o
    ON :answered::boolean AND o.since = s.since AND o.machine_name = s.machine_name
GROUP BY s.machine_name;

-- name: has_reason(start, now, reason)$
-- Whether a stop ever had this reason; empty: none was given. start: of the history.
SELECT EXISTS (SELECT FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
               WHERE coalesce(reason, '') = :reason::text);

-- name: reasons_of_stops(start, now)
-- All reasons that stops ever had, the most frequent first.
SELECT reason FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
WHERE reason IS NOT NULL GROUP BY reason ORDER BY count(*) DESC, reason COLLATE "C";
