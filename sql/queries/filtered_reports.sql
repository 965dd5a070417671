-- name: filtered_stop_sums(names, start, until, now, reason, starts, untils, answered, line)
-- For each machine: time down by the stops of a reason and of some hours of a period, how many of each kind there were, and, if that
-- is asked for, responses and repairs as in stop_responses. Lengths in microseconds.
SELECT s.machine_name, sum(s.down)::bigint AS lost,
       count(*) FILTER (WHERE s.began AND s.fails) AS failures,
       count(*) FILTER (WHERE s.began AND NOT s.fails) AS micro_stops,
       count(*) FILTER (WHERE s.carried_in) AS carried_in,
       count(*) FILTER (WHERE s.ended AND s.fails) AS repairs,
       coalesce(sum(s.length) FILTER (WHERE s.ended AND s.fails), 0)::bigint AS repair,
       count(*) FILTER (WHERE s.goes_on) AS ongoing,
       coalesce(sum(s.going_on) FILTER (WHERE s.goes_on), 0)::bigint AS ongoing_length,
       count(took.repair) FILTER (WHERE s.ended AND s.fails) AS works,
       coalesce(sum(took.repair) FILTER (WHERE s.ended AND s.fails), 0)::bigint AS work,
       coalesce(array_agg(took.response) FILTER (WHERE s.began AND s.fails AND took.response IS NOT NULL), '{}')
           AS responses
FROM filtered_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :reason::text,
                    :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
LEFT JOIN LATERAL orders_of_stop(s.machine_name, s.since) o ON :answered::boolean
CROSS JOIN LATERAL (SELECT response_time(s.since, s.until, o.acknowledged_at) AS response,
                           repair_time(s.since, s.until, o.created_at, o.acknowledged_at, o.started_at) AS repair) AS took
GROUP BY s.machine_name;

-- name: filtered_causes(names, start, until, now, reason, starts, untils, line)
-- For each reason: microseconds down in some hours of a period, and stops that began in them.
SELECT s.reason, sum(s.down)::bigint AS down, count(*) FILTER (WHERE s.began) AS stops
FROM filtered_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :reason::text,
                    :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
WHERE s.began OR s.carried_in GROUP BY s.reason;

-- name: filtered_machines(names, start, until, now, reason, starts, untils, most, line)
-- The machines that were down longest by stops of a reason and of some hours of a period, as worst_machines has them.
SELECT s.machine_name, sum(s.down)::bigint AS down, count(*) FILTER (WHERE s.began) AS stops, max(s.down) AS longest
FROM filtered_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :reason::text,
                    :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
WHERE s.began OR s.carried_in GROUP BY s.machine_name
ORDER BY 2 DESC, 3 DESC, 4 DESC, name_sort_key(s.machine_name), s.machine_name COLLATE "C" LIMIT :most;

-- name: count_filtered_stops(names, start, until, now, reason, starts, untils, line)$
-- How many stops of a reason were going on in some hours of a period.
SELECT count(*) FROM filtered_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :reason::text,
                                    :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
WHERE s.began OR s.carried_in;

-- name: filtered_clocks(names, start, until, now, reason, starts, untils, line)
-- The four clocks of stop_clocks, of the stops of a reason and of some hours of a period.
SELECT s.reason, count(*) AS stops, sum(phase.detect)::bigint AS detect, sum(phase.acknowledge)::bigint AS acknowledge,
       sum(phase.respond)::bigint AS respond, sum(phase.repair)::bigint AS repair
FROM filtered_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :reason::text,
                    :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
CROSS JOIN LATERAL orders_of_stop(s.machine_name, s.since) o
CROSS JOIN LATERAL stop_phases(s.since, s.until, o.created_at, o.acknowledged_at, o.started_at) phase
WHERE (s.began OR s.carried_in) AND s.until IS NOT NULL AND s.fails
  AND o.acknowledged_at IS NOT NULL AND o.started_at IS NOT NULL
GROUP BY s.reason;

-- name: has_reason(start, now, reason)$
-- Whether a stop ever had this reason; empty: none was given. start: of the history.
SELECT EXISTS (SELECT FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
               WHERE coalesce(reason, '') = :reason::text);

-- name: reasons_of_stops(start, now)
-- All reasons that stops ever had, the most frequent first.
SELECT reason FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
WHERE reason IS NOT NULL GROUP BY reason ORDER BY count(*) DESC, reason COLLATE "C";
