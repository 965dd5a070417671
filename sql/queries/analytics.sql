-- name: refresh_days(most)$
-- Sum up at most so many days; how many there were (fewer: none is left), null while somebody else is at it.
SELECT refresh_days(:most::integer);

-- name: set_machine_silent_after(machine_silent_after)!
-- How long a machine may send no report before it counts as unknown; null: without limit.
UPDATE plant_settings SET machine_silent_after = :machine_silent_after::interval
WHERE machine_silent_after IS DISTINCT FROM :machine_silent_after::interval;

-- name: prepare_report()^
-- For one transaction: reports are planned again each time, because a day and a year want different plans; a page of a
-- history is nearly always in memory, wherever it lies.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
       set_config('random_page_cost', '1.1', true), set_config('work_mem', '64MB', true), clock_timestamp() AS now,
       history_state() AS history, plant_zone() AS zone;

-- name: report_machines(start, until)
-- Every machine that stands on the floor or ever did, with each line that it counted on in a period or at its start, in order of
-- time (from since until until), and the names that it had before and nobody has now.
SELECT m.machine_name, m.display_name, m.type, p.line_id, l.name AS line, p.since, p.until, f.machine_id IS NOT NULL AS present,
       ever.moved, coalesce(former.names, '{}') AS former_names
FROM machines m
JOIN counted_placements p ON p.machine_id = m.machine_id AND p.since <= :until::timestamptz AND p.until >= :start::timestamptz
LEFT JOIN production_lines l ON l.line_id = p.line_id
JOIN (SELECT machine_id, count(*) > 1 AS moved FROM machine_placements GROUP BY machine_id) AS ever ON ever.machine_id = m.machine_id
LEFT JOIN (SELECT n.machine_id, array_agg(n.machine_name) AS names FROM former_machine_names n
           WHERE n.machine_id = machine_called(n.machine_name) GROUP BY n.machine_id) AS former ON former.machine_id = m.machine_id
LEFT JOIN production_lines now_on ON now_on.line_id = m.line_id
LEFT JOIN machine_feed_stream f ON f.machine_id = m.machine_id
ORDER BY now_on.position NULLS LAST, now_on.line_id,
         CASE WHEN now_on.line_id IS NULL THEN name_sort_key(m.machine_name) END, m.position, m.machine_id, p.since;

-- name: line_names()
-- Of all lines, in flow order.
SELECT name FROM production_lines ORDER BY position, line_id;

-- name: machines_ever_on_line(line)
-- All that stand on a line or stood there once, although one that was moved there while it was down does not count there yet.
SELECT DISTINCT m.machine_name
FROM machine_placements p JOIN machines m USING (machine_id) JOIN production_lines l ON l.line_id = p.line_id
WHERE l.name = :line;

-- name: first_known()$
-- When the history begins.
SELECT least(first_interval(), (SELECT min(since) FROM summed_days));

-- name: machine_times(names, starts, untils, now, line)
-- Microseconds of each machine in the parts of a period; machines of which nothing is known are missing. names null: all machines.
SELECT machine_name, operational, warning, waiting, down
FROM machine_times(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :line::smallint);

-- name: floor_times(starts, untils, now)^
-- The same of all machines together.
SELECT operational, warning, waiting, down FROM floor_times(:starts::timestamptz[], :untils::timestamptz[], :now::timestamptz);

-- name: stop_causes(names, starts, untils, now, reason, line)
-- For each reason: microseconds down in the parts of a period, and stops that began in them. names null: of all machines; reason null:
-- all of them.
SELECT part.reason, sum(part.down)::bigint AS down, sum(part.stops)::bigint AS stops
FROM (SELECT reason, sum(down) AS down, count(*) FILTER (WHERE began) AS stops
      FROM stops_in_parts(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :reason::text,
                          :line::smallint, false)
      WHERE began OR carried_in GROUP BY reason
      UNION ALL
      SELECT reason, down, began::int FROM stops_in_parts(:names, :starts, :untils, :now, :reason, :line, true)
      WHERE began OR carried_in) AS part
GROUP BY part.reason;

-- name: worst_machines(names, starts, untils, now, reason, most, line)
-- The machines that were down longest in the parts of a period, then most often, then for the longest time at once. names null: of all.
SELECT part.machine_name, sum(part.down)::bigint AS down, sum(part.stops)::bigint AS stops,
       max(part.longest)::bigint AS longest
FROM (SELECT machine_name, sum(down) AS down, count(*) FILTER (WHERE began) AS stops, max(down) AS longest
      FROM stops_in_parts(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :reason::text,
                          :line::smallint, false)
      WHERE began OR carried_in GROUP BY machine_name
      UNION ALL
      SELECT machine_name, down, began::int, down FROM stops_in_parts(:names, :starts, :untils, :now, :reason, :line, true)
      WHERE began OR carried_in) AS part
GROUP BY part.machine_name
ORDER BY 2 DESC, 3 DESC, 4 DESC, name_sort_key(part.machine_name), part.machine_name COLLATE "C" LIMIT :most;

-- name: count_stops(names, starts, untils, now, reason, line)
-- How many stops were going on in the parts of a period: one row, see count_stop_list. names null: of all machines.
SELECT (SELECT count(*) FROM stops_in_parts(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz,
                                            :reason::text, :line::smallint, false) WHERE began OR carried_in)
     + (SELECT count(*) FROM stops_in_parts(:names, :starts, :untils, :now, :reason, :line, true) WHERE began OR carried_in) AS stops;

-- name: stop_clocks(names, starts, untils, now, reason, line)
-- The four clocks of the stops of a period's parts that were seen through (down, order created, acknowledged, started, running
-- again; the earliest of all its orders), added up for each reason in microseconds. Micro-stops do not count. names null: of
-- all machines.
WITH ordered AS (
    SELECT * FROM stop_orders_between(:names::text[], (:starts::timestamptz[])[1], (:untils::timestamptz[])[cardinality(:untils)])
    WHERE acknowledged_at IS NOT NULL AND started_at IS NOT NULL
), seen_through AS (
    SELECT stop.reason, stop.since, stop.until, o.created_at, o.acknowledged_at, o.started_at
    FROM ordered o
    JOIN stops_inside(:names, (:starts)[1], (:untils)[1], :line::smallint) stop
        ON stop.since = o.since AND stop.machine_name IS NOT DISTINCT FROM o.machine_name  -- found by the moment
    WHERE cardinality(:starts) = 1 AND stop.fails AND (:reason::text IS NULL OR coalesce(stop.reason, '') = :reason)
    UNION ALL
    SELECT stop.reason, stop.since, stop.until, o.created_at, o.acknowledged_at, o.started_at
    FROM ordered o
    JOIN stops_in_parts(:names, :starts, :untils, :now::timestamptz, :reason, :line, false) stop
        ON stop.since = o.since AND stop.machine_name = o.machine_name
    WHERE cardinality(:starts) > 1 AND stop.fails AND (stop.began OR stop.carried_in)
    UNION ALL
    SELECT stop.reason, stop.since, stop.until, o.created_at, o.acknowledged_at, o.started_at
    FROM stops_in_parts(:names, :starts, :untils, :now, :reason, :line, true) stop
    CROSS JOIN LATERAL orders_of_stop(stop.machine_name, stop.since) o
    WHERE o.acknowledged_at IS NOT NULL AND o.started_at IS NOT NULL AND stop.fails AND (stop.began OR stop.carried_in)
      AND stop.until IS NOT NULL
)
SELECT s.reason, count(*) AS stops, sum(phase.detect)::bigint AS detect, sum(phase.acknowledge)::bigint AS acknowledge,
       sum(phase.respond)::bigint AS respond, sum(phase.repair)::bigint AS repair
FROM seen_through s
CROSS JOIN LATERAL stop_phases(s.since, s.until, s.created_at, s.acknowledged_at, s.started_at) phase
GROUP BY s.reason;

-- name: hours_of_week(names, starts, untils, now, whole_line, zone, line)
-- Microseconds down and known in each hour of the week (1 is Monday) by the clock of a time zone, in the parts of a period.
-- whole_line: names are all of the line, or without a line of the floor.
SELECT extract(isodow FROM h.day)::int AS weekday, h.hour::int AS hour, sum(h.down)::bigint AS down,
       sum(h.operational + h.warning + h.down)::bigint AS known
FROM (SELECT * FROM hours_of_line(:line::smallint, :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz)
      WHERE :whole_line::boolean AND :zone::text = plant_zone()
      UNION ALL
      SELECT h.*
      FROM unnest(:starts, :untils) AS part (since, until)
      CROSS JOIN LATERAL hours_in_intervals(machine_ids(:names::text[]), :line, part.since, part.until, :now, :zone,
                                            (SELECT plant_day_start())) h
      WHERE NOT (:whole_line AND :zone = plant_zone())) AS h
GROUP BY 1, 2;

-- name: machine_charges(starts, untils, now, line)
-- Microseconds in the parts of a period that neighbours waited for each machine, and that it waited without anybody found to be the reason. line:
-- while they counted on it; null: on any.
SELECT machine_name, caused, unattributed
FROM machine_charges(:starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :line::smallint);

-- name: timeline(names, start, until, now)
-- What some machines were in a period: for each the times, in order, from which and until which it was so, in microseconds after the
-- start. Without a row, or between two times, it was not there.
SELECT m.machine_name, lane.since, lane.until, lane.status, lane.reason
FROM machines m
CROSS JOIN LATERAL (SELECT array_agg(micros(i.since - :start::timestamptz)) AS since, array_agg(micros(i.until - :start)) AS until,
                           array_agg(i.status) AS status, array_agg(i.reason) AS reason
                    FROM (SELECT * FROM intervals_of(ARRAY[m.machine_id], :start, :until::timestamptz, :now::timestamptz)
                          ORDER BY since) AS i) AS lane
WHERE m.machine_name = ANY (:names::text[]);

-- name: floor_at(moment, now)
-- The machines that stood on the floor at a moment, on the line of then and otherwise in the flow order of now: since_ms is when they
-- came into that status, whatever reasons were given since; before the first report it is unknown. silent_ms: since when nothing was
-- heard of it; null: it was. reported_ms and since_ms of one that is silent are of its last status.
SELECT m.machine_name, m.machine_id, type, kind.type_id, l.name AS line, coalesce(s.status, 'unknown') AS status, s.reason,
       coalesce(s.version, 0) AS version, epoch_ms(CASE WHEN s.status = 'unknown' THEN s.began ELSE s.since END) AS reported_ms,
       epoch_ms(coalesce(s.began, m.added_at)) AS since_ms, epoch_ms(CASE WHEN s.status = 'unknown' THEN s.since END) AS silent_ms
FROM machines m
LEFT JOIN machine_types kind USING (type)
LEFT JOIN statuses_at(:moment::timestamptz, :now::timestamptz) s ON s.machine_id = m.machine_id
LEFT JOIN machine_placements p ON p.machine_id = m.machine_id AND p.since <= :moment AND p.until > :moment
LEFT JOIN production_lines l ON l.line_id = p.line_id
WHERE s.status IS NOT NULL
   OR s.machine_id IS NULL AND m.added_at <= :moment AND (m.retired_at IS NULL OR m.retired_at > :moment)
ORDER BY l.position NULLS LAST, l.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(m.machine_name) END, m.position,
         m.machine_id, m.machine_name COLLATE "C";

-- name: events_before(moment, most)
-- The latest changes of the hour before a moment, newest first.
SELECT h.version, m.machine_name, h.old_status, h.new_status, h.reason, epoch_ms(h.happened_at) AS changed_ms, h.changed_by
FROM machine_status_history h JOIN machines m USING (machine_id)
WHERE h.happened_at <= :moment::timestamptz AND h.happened_at > :moment - interval '1 hour'
ORDER BY h.happened_at DESC, h.version DESC LIMIT :most;

-- name: status_intervals(name, start, until, now, skip, most)
-- What one machine was in a period, in order of time, without a gap.
SELECT since, until, status, reason, wait_kind(status, reason) IS NOT NULL AS waits
FROM gapless_intervals(machine_called(:name::text), :start::timestamptz, :until::timestamptz, :now::timestamptz)
ORDER BY since LIMIT :most OFFSET :skip;
