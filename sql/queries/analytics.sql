-- name: refresh_history(most)$
-- Bring up to date what is derived from the history; how much there was to do, null while somebody else is at it.
SELECT refresh_history(:most::bigint);

-- name: set_machine_silent_after(machine_silent_after)!
-- How long a machine may send no report before it counts as unknown; null: without limit.
UPDATE plant_settings SET machine_silent_after = :machine_silent_after::interval
WHERE machine_silent_after IS DISTINCT FROM :machine_silent_after::interval;

-- name: prepare_report()^
-- For one transaction: reports are planned again each time, because a day and a year want different plans; a page of a
-- history is nearly always in memory, wherever it lies.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true),
       set_config('random_page_cost', '1.1', true), set_config('work_mem', '64MB', true), clock_timestamp() AS now,
       history_state() AS history;

-- name: report_machines()
-- Every machine that stands on the floor or was ever heard of.
SELECT name.machine_name, m.type, l.name AS line, l.position AS line_position, m.position,
       f.machine_name IS NOT NULL AS present
FROM (SELECT machine_name FROM history_machines
      UNION SELECT machine_name FROM machines
      UNION SELECT machine_name FROM history_pending) AS name
LEFT JOIN machines m USING (machine_name)
LEFT JOIN production_lines l USING (line_id)
LEFT JOIN machine_feed_stream f USING (machine_name)
ORDER BY l.position NULLS LAST, l.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(machine_name) END, m.position,
         name_sort_key(machine_name), machine_name COLLATE "C";

-- name: line_names()
-- Of all lines, in flow order.
SELECT name FROM production_lines ORDER BY position, line_id;

-- name: first_known()$
-- When the history begins.
SELECT least((SELECT min(first_at) FROM history_machines), (SELECT min(at) FROM history_pending));

-- name: machine_times(names, start, until, now)
-- Microseconds of each machine in a period; machines of which nothing is known are missing.
SELECT machine_name, operational, warning, waiting, down
FROM machine_times(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz);

-- name: floor_sums(names, start, until, now)^
-- The same of all machines together. names: all there are.
SELECT coalesce(operational, 0) AS operational, coalesce(warning, 0) AS warning, coalesce(waiting, 0) AS waiting,
       coalesce(down, 0) AS down
FROM floor_sums(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz);

-- name: stop_sums(names, start, until, now, micro_stop, acknowledged, together)
-- For each machine and a period: failures and micro-stops that began in it, repairs that ended in it, stops that were
-- going on at its end, and, if that is asked for, how soon the failures were acknowledged, by the first order of each.
-- Lengths in microseconds. names null: all machines. together: one row for all, which is quicker.
WITH across AS (
    SELECT s.*, s.since >= :start::timestamptz AS began, s.length >= :micro_stop::bigint AS fails,
           s.repaired AND s.until >= :start AND s.until < :until AS ended,
           s.until IS NULL OR (s.until >= :until AND (s.until > :start OR s.since >= :start)) AS goes_on
    FROM stops_touching(:names::text[], :start, :until::timestamptz, :now::timestamptz) s
), part AS (
    SELECT CASE WHEN NOT :together::boolean THEN machine_name END AS machine_name,
           count(*) FILTER (WHERE length >= :micro_stop) AS failures,
           count(*) FILTER (WHERE length < :micro_stop) AS micro_stops,
           count(*) FILTER (WHERE repaired AND length >= :micro_stop) AS repairs,
           sum(length) FILTER (WHERE repaired AND length >= :micro_stop)::bigint AS repair,
           0::bigint AS ongoing, 0::bigint AS ongoing_length, 0::bigint AS acknowledged, 0::bigint AS acknowledgement
    FROM stops_inside(:names, :start, :until) GROUP BY 1
    UNION ALL
    SELECT CASE WHEN NOT :together THEN machine_name END, count(*) FILTER (WHERE began AND fails),
           count(*) FILTER (WHERE began AND NOT fails), count(*) FILTER (WHERE ended AND fails),
           sum(length) FILTER (WHERE ended AND fails)::bigint, count(*) FILTER (WHERE goes_on),
           sum(micros(:until - since) - CASE WHEN silent = 0 AND silent_since IS NULL THEN 0
               ELSE data_gap_length(machine_name, since, :until, silent_since) END) FILTER (WHERE goes_on)::bigint, 0, 0
    FROM across GROUP BY 1
    UNION ALL
    SELECT CASE WHEN NOT :together THEN s.machine_name END, 0, 0, 0, 0, 0, 0, count(*),
           sum(micros(greatest(o.acknowledged_at, s.since) - s.since))::bigint
    FROM first_orders_between(:names, :start, :until) o
    JOIN stops_inside(:names, :start, :until) s
        ON s.since = o.since AND s.machine_name IS NOT DISTINCT FROM o.machine_name  -- found by the moment
    WHERE :acknowledged::boolean AND o.acknowledged_at IS NOT NULL AND s.length >= :micro_stop GROUP BY 1
    UNION ALL
    SELECT CASE WHEN NOT :together THEN s.machine_name END, 0, 0, 0, 0, 0, 0, count(*),
           sum(micros(greatest(o.acknowledged_at, s.since) - s.since))::bigint
    FROM first_orders o JOIN across s USING (machine_name, since)
    WHERE :acknowledged AND o.acknowledged_at IS NOT NULL AND s.began AND s.fails GROUP BY 1
)
SELECT machine_name, sum(failures)::bigint AS failures, sum(micro_stops)::bigint AS micro_stops,
       sum(repairs)::bigint AS repairs, coalesce(sum(repair), 0)::bigint AS repair, sum(ongoing)::bigint AS ongoing,
       coalesce(sum(ongoing_length), 0)::bigint AS ongoing_length, sum(acknowledged)::bigint AS acknowledged,
       sum(acknowledgement)::bigint AS acknowledgement
FROM part GROUP BY machine_name;

-- name: stop_causes(names, start, until, now)
-- For each reason: microseconds down in a period, and stops that began in it. names null: of all machines.
SELECT part.reason, sum(part.down)::bigint AS down, sum(part.stops)::bigint AS stops
FROM (SELECT reason, sum(length) AS down, count(*) AS stops
      FROM stops_inside(:names::text[], :start::timestamptz, :until::timestamptz) GROUP BY reason
      UNION ALL
      SELECT reason, down, (since >= :start)::int FROM stops_across(:names, :start, :until, :now::timestamptz)) AS part
GROUP BY part.reason;

-- name: worst_machines(names, start, until, now, most)
-- The machines that were down longest in a period, then most often, then for the longest time at once. names null: of all.
SELECT part.machine_name, sum(part.down)::bigint AS down, sum(part.stops)::bigint AS stops,
       max(part.longest)::bigint AS longest
FROM (SELECT machine_name, sum(length) AS down, count(*) AS stops, max(length) AS longest
      FROM stops_inside(:names::text[], :start::timestamptz, :until::timestamptz) GROUP BY machine_name
      UNION ALL
      SELECT machine_name, down, (since >= :start)::int, down
      FROM stops_across(:names, :start, :until, :now::timestamptz)) AS part
GROUP BY part.machine_name
ORDER BY 2 DESC, 3 DESC, 4 DESC, name_sort_key(part.machine_name), part.machine_name COLLATE "C" LIMIT :most;

-- name: count_stops(names, start, until, now)$
-- How many stops were going on in a period. names null: of all machines.
SELECT (SELECT count(*) FROM stops_inside(:names::text[], :start::timestamptz, :until::timestamptz))
     + (SELECT count(*) FROM stops_across(:names, :start, :until, :now::timestamptz));

-- name: stop_clocks(names, start, until, now, micro_stop)
-- The four clocks of the stops of a period that were seen through (down, order created, acknowledged, started, running
-- again), added up for each reason in microseconds. A moment before the one it follows counts as that one, one after the
-- end as the end. Micro-stops do not count. names null: of all machines.
WITH seen_through AS (
    SELECT stop.reason, stop.since, stop.until, o.created_at, o.acknowledged_at, o.started_at
    FROM first_orders_between(:names::text[], :start::timestamptz, :until::timestamptz) o
    JOIN stops_inside(:names, :start, :until) stop
        ON stop.since = o.since AND stop.machine_name IS NOT DISTINCT FROM o.machine_name  -- found by the moment
    WHERE o.acknowledged_at IS NOT NULL AND o.started_at IS NOT NULL AND stop.length >= :micro_stop::bigint
    UNION ALL
    SELECT stop.reason, stop.since, stop.until, o.created_at, o.acknowledged_at, o.started_at
    FROM first_orders o JOIN stops_across(:names, :start, :until, :now::timestamptz) stop USING (machine_name, since)
    WHERE o.acknowledged_at IS NOT NULL AND o.started_at IS NOT NULL
      AND stop.length >= :micro_stop AND stop.until IS NOT NULL
)
SELECT s.reason, count(*) AS stops, sum(micros(created.at - s.since))::bigint AS detect,
       sum(micros(acknowledged.at - created.at))::bigint AS acknowledge,
       sum(micros(started.at - acknowledged.at))::bigint AS respond, sum(micros(s.until - started.at))::bigint AS repair
FROM seen_through s
CROSS JOIN LATERAL (SELECT greatest(s.since, least(s.created_at, s.until)) AS at) AS created
CROSS JOIN LATERAL (SELECT greatest(created.at, least(s.acknowledged_at, s.until)) AS at) AS acknowledged
CROSS JOIN LATERAL (SELECT greatest(acknowledged.at, least(s.started_at, s.until)) AS at) AS started
GROUP BY s.reason;

-- name: hours_of_week(names, start, until, now, whole_floor, zone)
-- Microseconds down and known in each hour of the week (1 is Monday) by the clock of a time zone.
SELECT extract(isodow FROM local.at)::int AS weekday, extract(hour FROM local.at)::int AS hour,
       sum(q.down)::bigint AS down, sum(q.known)::bigint AS known
FROM quarter_times(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :whole_floor::boolean) q
CROSS JOIN LATERAL (SELECT q.since AT TIME ZONE :zone::text AS at) AS local
GROUP BY 1, 2;

-- name: machine_charges(start, until, now)
-- Microseconds that neighbours waited for each machine, and that it waited without anybody found to be the reason.
SELECT machine_name, caused, unattributed
FROM machine_charges(:start::timestamptz, :until::timestamptz, :now::timestamptz);

-- name: timeline(names, start, until, now)
-- What some machines were in a period, without a gap: for each the moments, in order, from which it was so; of the same moments
-- the last counts. Only machines that were silent have to be cut into intervals.
WITH silent AS MATERIALIZED (
    SELECT machine_name FROM data_gaps_between(:start::timestamptz, :until::timestamptz, :now::timestamptz)
), cut AS (
    SELECT array_agg(n) AS names, array_agg(:start) AS froms, array_agg(:until) AS untils
    FROM unnest(:names::text[]) n WHERE n IN (SELECT machine_name FROM silent)
)
SELECT n AS machine_name, reported.since, reported.status, reported.reason
FROM unnest(:names) n
CROSS JOIN LATERAL (
    SELECT array_agg(greatest(change.at, :start)) AS since,
           array_agg(CASE WHEN change.is_known THEN change.status ELSE 'unknown' END) AS status,
           array_agg(CASE WHEN change.is_known THEN change.reason END) AS reason
    FROM (SELECT at, status, reason, status IN ('operational', 'warning', 'down') AS is_known
          FROM (SELECT '-infinity'::timestamptz AS at, -1::bigint AS version, NULL::text AS status, NULL::text AS reason
                UNION ALL
                (SELECT changed_at, version, new_status, reason FROM machine_status_history
                 WHERE machine_name = n AND changed_at <= :start AND changed_at > '-infinity'
                 ORDER BY changed_at DESC, version DESC LIMIT 1)
                UNION ALL
                SELECT changed_at, version, new_status, reason FROM machine_status_history
                WHERE machine_name = n AND changed_at > :start AND changed_at < :until) AS change
          ORDER BY at, version) AS change) AS reported
WHERE :start < :until AND n NOT IN (SELECT machine_name FROM silent)
UNION ALL
SELECT s.machine_name, array_agg(s.since ORDER BY s.since), array_agg(s.status ORDER BY s.since),
       array_agg(s.reason ORDER BY s.since)
FROM cut CROSS JOIN LATERAL status_intervals(cut.names, cut.froms, cut.untils, :now) s
GROUP BY s.machine_name;

-- name: floor_at(moment, now)
-- The machines that stood on the floor at a moment, in the flow order of now, as they were: status_since is when they
-- came into that status, whatever reasons were given since; before the first report it is unknown. They are read on from the mark before; those of which something
-- from before it came late, and all where there is no mark, one by one.
WITH mark AS MATERIALIZED (
    SELECT checkpoint_before(:moment::timestamptz) AS at
), alone AS MATERIALIZED (
    SELECT machine_name FROM history_pending, mark WHERE history_pending.at < mark.at OR mark.at IS NULL
    UNION SELECT machine_name FROM history_machines, mark WHERE mark.at IS NULL
), report_alone AS (
    SELECT alone.machine_name, reported.*
    FROM alone CROSS JOIN LATERAL status_at(alone.machine_name, :moment) AS reported
), reported_since_checkpoint AS (
    SELECT DISTINCT ON (machine_name) machine_name, status, reason, version, reported_at,
           max(began) FILTER (WHERE begins) OVER (PARTITION BY machine_name) AS began
    FROM (SELECT change.*, status IS DISTINCT FROM lag(status) OVER (PARTITION BY machine_name ORDER BY reported_at, version)
                               AS begins
          FROM (SELECT machine_name, status, reason, version, reported_at, began
                FROM status_checkpoints JOIN mark USING (at)
                UNION ALL
                SELECT h.machine_name, h.new_status, h.reason, h.version, h.changed_at, h.changed_at
                FROM mark, machine_status_history h
                WHERE h.changed_at >= mark.at AND h.changed_at <= :moment) AS change
          WHERE machine_name NOT IN (SELECT machine_name FROM alone)) AS change
    ORDER BY machine_name, reported_at DESC, version DESC
), silent AS (
    SELECT found.machine_name, max(found.since) AS since
    FROM (SELECT machine_name, since FROM data_gaps WHERE since <= :moment::timestamptz AND until > :moment
          UNION ALL
          SELECT machine_name, since FROM machines_without_data(:now::timestamptz) WHERE since <= :moment) AS found
    GROUP BY found.machine_name
), not_reported_yet AS (
    SELECT m.machine_name, 'unknown', NULL::text, 0::bigint, NULL::timestamptz,
           CASE WHEN f.status IS NULL THEN coalesce(f.status_since, m.added_at) ELSE m.added_at END
    FROM machines m LEFT JOIN machine_feed_stream f USING (machine_name)
    WHERE f.machine_name IS NOT NULL AND f.status IS NULL AND f.status_since <= :moment
       OR m.added_at <= :moment
      AND NOT EXISTS (SELECT FROM machine_status_history h WHERE h.machine_name = m.machine_name AND h.changed_at <= :moment)
      AND (f.status IS NOT NULL OR EXISTS (SELECT FROM machine_status_history h WHERE h.machine_name = m.machine_name))
)
SELECT reported.machine_name, coalesce(f.machine_id, 0) AS machine_id, coalesce(m.type, f.type, 'other') AS type,
       l.name AS line, reported.status, reported.reason, reported.version, epoch_ms(reported.reported_at) AS reported_ms,
       epoch_ms(reported.began) AS since_ms, epoch_ms(silent.since) AS silent_ms
FROM (SELECT * FROM reported_since_checkpoint UNION ALL SELECT * FROM report_alone UNION ALL SELECT * FROM not_reported_yet) AS reported
LEFT JOIN silent USING (machine_name)
LEFT JOIN machines m USING (machine_name)
LEFT JOIN production_lines l USING (line_id)
LEFT JOIN machine_feed_stream f USING (machine_name)
WHERE reported.status IS NOT NULL
ORDER BY l.position NULLS LAST, m.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(machine_name) END, m.position,
         f.machine_id, reported.machine_name COLLATE "C";

-- name: events_before(moment, most)
-- The latest changes of the hour before a moment, newest first.
SELECT version, machine_name, old_status, new_status, reason, epoch_ms(changed_at) AS changed_ms, changed_by
FROM machine_status_history
WHERE changed_at <= :moment::timestamptz AND changed_at > :moment - interval '1 hour'
ORDER BY changed_at DESC, version DESC LIMIT :most;

-- name: status_intervals(name, start, until, now, skip, most)
-- What one machine was in a period, in order of time.
SELECT since, until, status, reason, wait_kind(status, reason) IS NOT NULL AS waits
FROM status_intervals(ARRAY[:name::text], ARRAY[:start::timestamptz], ARRAY[:until::timestamptz], :now::timestamptz)
ORDER BY since LIMIT :most OFFSET :skip;
