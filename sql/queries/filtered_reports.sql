-- name: filtered_times(names, starts, untils, now, line)
-- Microseconds of each machine in some hours of a period; machines of which nothing is known are missing.
SELECT t.machine_name, sum(t.operational)::bigint AS operational, sum(t.warning)::bigint AS warning,
       sum(t.waiting)::bigint AS waiting, sum(t.down)::bigint AS down
FROM unnest(:starts::timestamptz[], :untils::timestamptz[]) AS part (since, until)
CROSS JOIN LATERAL machine_times(:names::text[], part.since, part.until, :now::timestamptz, :line::smallint) t
GROUP BY t.machine_name;

-- name: filtered_stop_sums(names, start, until, now, micro_stop, reason, starts, untils, answered, line)
-- For each machine: time down by the stops of a reason and of some hours of a period, how many of each kind there were, and, if that
-- is asked for, responses and repairs as in stop_responses. Lengths in microseconds.
SELECT s.machine_name, sum(s.down)::bigint AS lost,
       count(*) FILTER (WHERE s.began AND s.length >= :micro_stop::bigint) AS failures,
       count(*) FILTER (WHERE s.began AND s.length < :micro_stop) AS micro_stops,
       count(*) FILTER (WHERE s.carried_in) AS carried_in,
       count(*) FILTER (WHERE s.ended AND s.length >= :micro_stop) AS repairs,
       coalesce(sum(s.length) FILTER (WHERE s.ended AND s.length >= :micro_stop), 0)::bigint AS repair,
       count(*) FILTER (WHERE s.goes_on) AS ongoing,
       coalesce(sum(s.going_on) FILTER (WHERE s.goes_on), 0)::bigint AS ongoing_length,
       count(*) FILTER (WHERE s.ended AND s.length >= :micro_stop AND o.started_at IS NOT NULL) AS works,
       coalesce(sum(micros(s.until - least(s.until, greatest(s.since, o.created_at, o.acknowledged_at, o.started_at))))
                FILTER (WHERE s.ended AND s.length >= :micro_stop AND o.started_at IS NOT NULL), 0)::bigint AS work,
       coalesce(array_agg(micros(greatest(s.since, least(o.acknowledged_at, s.until)) - s.since))
                FILTER (WHERE s.began AND s.length >= :micro_stop AND o.acknowledged_at IS NOT NULL), '{}') AS responses
FROM filtered_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :reason::text,
                    :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
LEFT JOIN LATERAL orders_of_stop(s.machine_name, s.since) o ON :answered::boolean
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

-- name: filtered_clocks(names, start, until, now, micro_stop, reason, starts, untils, line)
-- The four clocks of stop_clocks, of the stops of a reason and of some hours of a period.
SELECT s.reason, count(*) AS stops, sum(micros(created.at - s.since))::bigint AS detect,
       sum(micros(acknowledged.at - created.at))::bigint AS acknowledge,
       sum(micros(started.at - acknowledged.at))::bigint AS respond, sum(micros(s.until - started.at))::bigint AS repair
FROM filtered_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :reason::text,
                    :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
CROSS JOIN LATERAL orders_of_stop(s.machine_name, s.since) o
CROSS JOIN LATERAL (SELECT greatest(s.since, least(o.created_at, s.until)) AS at) AS created
CROSS JOIN LATERAL (SELECT greatest(created.at, least(o.acknowledged_at, s.until)) AS at) AS acknowledged
CROSS JOIN LATERAL (SELECT greatest(acknowledged.at, least(o.started_at, s.until)) AS at) AS started
WHERE (s.began OR s.carried_in) AND s.until IS NOT NULL AND s.length >= :micro_stop::bigint
  AND o.acknowledged_at IS NOT NULL AND o.started_at IS NOT NULL
GROUP BY s.reason;

-- name: filtered_hours(names, starts, untils, now, zone, line)
-- The hours of the week of hours_of_week, of some hours of a period.
SELECT extract(isodow FROM h.day)::int AS weekday, h.hour::int AS hour, sum(h.down)::bigint AS down,
       sum(h.operational + h.warning + h.down)::bigint AS known
FROM unnest(:starts::timestamptz[], :untils::timestamptz[]) AS part (since, until)
CROSS JOIN LATERAL hours_in_intervals(machine_ids(:names::text[]), :line::smallint, part.since, part.until, :now::timestamptz,
                                      :zone::text) h
GROUP BY 1, 2;

-- name: filtered_charges(starts, untils, now)
-- The waits of machine_charges, of some hours of a period.
SELECT c.machine_name, sum(c.caused)::bigint AS caused, sum(c.unattributed)::bigint AS unattributed
FROM unnest(:starts::timestamptz[], :untils::timestamptz[]) AS part (since, until)
CROSS JOIN LATERAL machine_charges(part.since, part.until, :now::timestamptz) c
GROUP BY c.machine_name;

-- name: has_reason(start, now, reason)$
-- Whether a stop ever had this reason; empty: none was given. start: of the history.
SELECT EXISTS (SELECT FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
               WHERE coalesce(reason, '') = :reason::text);

-- name: reasons_of_stops(start, now)
-- All reasons that stops ever had, the most frequent first.
SELECT reason FROM stops_between(NULL, :start::timestamptz, :now::timestamptz, :now::timestamptz)
WHERE reason IS NOT NULL GROUP BY reason ORDER BY count(*) DESC, reason COLLATE "C";
