-- name: refresh_current_machine_status()!
-- This file is the refresh of the eight dashboard tables, in order and in one transaction (REPEATABLE READ: all are of
-- one moment, and a reader sees the old rows until the new ones are complete). The app runs it, and psql by
-- sql/admin/dashboard.sql. Now is now(), the begin of the transaction. Everything is computed from the history by time, by
-- the functions that the reports use, so that both show the same number. Comments explain the columns.
--
-- 1. How many machines of each line and type are in each status; a machine that never reported or is silent is unknown, as on the floor.
INSERT INTO dashboard_current_machine_status AS d
    (production_line, equipment_type, status, machine_count, percentage, last_updated)
SELECT m.production_line, m.type, now_is.status, count(*), percent(count(*), sum(count(*)) OVER ()), now()
FROM machine_feed_stream f
JOIN known_machines m USING (machine_id)
LEFT JOIN machines_without_data(now()) quiet ON quiet.machine_id = f.machine_id
CROSS JOIN LATERAL (SELECT coalesce(CASE WHEN quiet.since IS NULL THEN f.status END, 'unknown') AS status) AS now_is
GROUP BY m.production_line, m.type, now_is.status
ON CONFLICT (production_line, equipment_type, status) DO UPDATE SET
    machine_count = excluded.machine_count, percentage = excluded.percentage, last_updated = excluded.last_updated;

-- name: refresh_status_changes()!
-- 8. Changes of status. Only those from the first moment on of which the rows here may be wrong (days_with_changes) are compared, and
-- only what is not here yet, or has changed, is written. Nothing that comes late changes what was before it. A new reason for the same
-- status is no change of it.
WITH days AS MATERIALIZED (  -- when each begins is worked out once, and not for each change
    SELECT min(d.day) AS first, array_agg(d.since ORDER BY d.day) AS starts,
           greatest(min(coalesce(w.until, d.since)) FILTER (WHERE d.until > now() - interval '7 days' AND w.until IS DISTINCT FROM d.until),
                    now() - interval '7 days') AS compared_from  -- of the present day, w has the first hours
    FROM plant_settings plant
    CROSS JOIN LATERAL days_from(day_of(now(), plant.time_zone, plant.day_start) - 8,
                                 day_of(now(), plant.time_zone, plant.day_start) + 1, plant.time_zone, plant.day_start) d
    LEFT JOIN days_with_changes w USING (day)
), part AS (
    SELECT i.machine_id, i.since, i.status, i.reason, i.version,
           lag(i.status) OVER w AS status_before, lag(i.until) OVER w AS until_before
    FROM days
    CROSS JOIN machines m
    CROSS JOIN LATERAL (
        SELECT s.* FROM status_intervals s
        WHERE s.machine_id = m.machine_id AND s.status <> 'unknown'
          AND s.since >= coalesce((SELECT max(c.since) FROM status_intervals c WHERE c.machine_id = m.machine_id
                                     AND c.since < days.compared_from AND c.status <> 'unknown'), '-infinity')
        OFFSET 0) AS i  -- machine by machine by the index, as in whole_intervals()
    WINDOW w AS (PARTITION BY i.machine_id ORDER BY i.since)
), change AS (
    SELECT p.version, m.machine_name, p.since AS changed_at, p.status,
           CASE WHEN p.is_first_there THEN NULL ELSE p.status_before END AS previous_status, p.reason, m.production_line, m.type,
           days.first + width_bucket(p.since, days.starts) - 1 AS day,
           extract(hour FROM p.since AT TIME ZONE (SELECT plant_zone()))::integer AS hour
    FROM (SELECT part.*, part.until_before < part.since
                         AND NOT EXISTS (SELECT FROM status_intervals u WHERE u.machine_id = part.machine_id
                                         AND u.until = part.since AND u.since >= part.until_before) AS is_first_there
          FROM part) AS p
    JOIN known_machines m USING (machine_id)
    CROSS JOIN days
    WHERE p.since >= days.compared_from
      AND (p.is_first_there OR p.status IS DISTINCT FROM p.status_before)
), here AS (
    SELECT c.* FROM dashboard_machine_status_changes_7days c
    WHERE c.changed_at >= (SELECT days.compared_from FROM days) OR c.changed_at < now() - interval '7 days'
), difference AS MATERIALIZED (  -- between all that is so and all that is here: found at once
    SELECT c.*, was.version AS version_before
    FROM change c FULL JOIN here was ON was.version = c.version
    WHERE was.version IS NULL OR c.version IS NULL
       OR (was.status_date, was.status_hour, was.machine_name, was.production_line, was.type, was.status, was.previous_status,
           was.changed_at, was.reason)
          IS DISTINCT FROM (c.day, c.hour, c.machine_name, c.production_line, c.type,
                            c.status, c.previous_status, c.changed_at, c.reason)
), no_longer AS (
    DELETE FROM dashboard_machine_status_changes_7days d
    WHERE d.version IN (SELECT difference.version_before FROM difference WHERE difference.version IS NULL)
)
INSERT INTO dashboard_machine_status_changes_7days AS d
    (status_date, status_hour, machine_name, production_line, type, status, previous_status, status_change_type,
     last_updated, version, changed_at, reason)
SELECT c.day, c.hour, c.machine_name, c.production_line, c.type, c.status,
       c.previous_status,
       CASE WHEN c.status = 'down' THEN 'FAILURE' WHEN c.previous_status = 'down' THEN 'RECOVERY' ELSE 'STABLE' END,
       now(), c.version, c.changed_at, c.reason
FROM difference c WHERE c.version IS NOT NULL
ON CONFLICT (version) DO UPDATE SET
    status_date = excluded.status_date, status_hour = excluded.status_hour, machine_name = excluded.machine_name,
    production_line = excluded.production_line, type = excluded.type, status = excluded.status,
    previous_status = excluded.previous_status, status_change_type = excluded.status_change_type,
    last_updated = excluded.last_updated, changed_at = excluded.changed_at, reason = excluded.reason;

-- name: note_days_with_changes()!
-- As of this refresh all days are right that had been summed up.
DELETE FROM dashboard_days;
INSERT INTO dashboard_days (day, summed_at, machines, changes)
SELECT d.day, d.summed_at, (SELECT machines_hash()), (SELECT count(*) FROM dashboard_machine_status_changes_7days c
                                                      WHERE c.changed_at >= d.since AND c.changed_at < d.until)
FROM summed_days d WHERE d.until > now() - interval '7 days';

-- name: touch_latest_status_change()!
-- So that max(last_updated) says as of when the changes are complete, also where nothing changes.
UPDATE dashboard_machine_status_changes_7days SET last_updated = now()
WHERE version = (SELECT version FROM dashboard_machine_status_changes_7days
                 ORDER BY changed_at DESC, version DESC LIMIT 1);

-- name: refresh_problematic_machines()!
-- 3. The machines that were down in the last 30 days. An incident is an entry into down, from whatever status; a stop
-- that was going on when the 30 days began counts its hours and days, but no incident.
WITH stop AS MATERIALIZED (
    SELECT s.machine_name, s.since, s.down, s.since >= period.start AS began,
           s.fails,
           width_bucket(greatest(s.since, period.start), period.days) AS first_day,
           width_bucket(least(s.until, now()) - interval '1 microsecond', period.days) AS last_day
    FROM (SELECT now() - interval '30 days' AS start, array_agg(d.since ORDER BY d.day) AS days
          FROM plant_settings plant
          CROSS JOIN LATERAL days_from(day_of(now(), plant.time_zone, plant.day_start) - 31,
                                       day_of(now(), plant.time_zone, plant.day_start), plant.time_zone, plant.day_start) d) AS period
    CROSS JOIN LATERAL stops_between(NULL, period.start, now(), now()) s
), day AS (
    SELECT machine_name, count(*) AS days
    FROM (SELECT machine_name, first_day FROM stop
          UNION
          SELECT machine_name, first_day + further FROM stop, generate_series(1, last_day - first_day) AS further
          WHERE last_day > first_day) AS down
    GROUP BY machine_name
), summed AS (
    SELECT machine_name, count(*) FILTER (WHERE began) AS incidents, min(since) AS first, max(since) AS last,
           count(*) FILTER (WHERE began AND fails) AS failures, sum(down) AS down
    FROM stop
    GROUP BY machine_name
)
INSERT INTO dashboard_problematic_machines_30days AS d
    (production_line, machine_name, type, downtime_incidents, days_with_issues, first_incident, last_incident,
     last_updated, failures, micro_stops, downtime_hours)
SELECT m.production_line, m.machine_name, m.type, s.incidents, day.days, s.first, s.last, now(), s.failures,
       s.incidents - s.failures, micros_in_hours(s.down)
FROM summed s JOIN day USING (machine_name) JOIN known_machines m USING (machine_name)
ON CONFLICT (machine_name) DO UPDATE SET
    production_line = excluded.production_line, type = excluded.type, downtime_incidents = excluded.downtime_incidents,
    days_with_issues = excluded.days_with_issues, first_incident = excluded.first_incident,
    last_incident = excluded.last_incident, last_updated = excluded.last_updated, failures = excluded.failures,
    micro_stops = excluded.micro_stops, downtime_hours = excluded.downtime_hours;

-- name: refresh_hourly_status_patterns()!
-- 4. The hours of the day by the plant's clock, over the last 30 days. A reading is one machine for one minute: how
-- many rows were written says nothing of time, and so counts are counts, and a share of them is a share of time.
INSERT INTO dashboard_hourly_status_patterns AS d
    (hour_of_day, operational_count, down_count, warning_count, total_readings, downtime_percentage, uptime_percentage,
     warning_percentage, last_updated)
SELECT hour.hour, minutes.operational, minutes.down, minutes.warning,
       minutes.operational + minutes.down + minutes.warning,
       percent(t.down, t.known), percent(t.operational + t.warning, t.known), percent(t.warning, t.known), now()
FROM generate_series(0, 23) AS hour (hour)
LEFT JOIN (SELECT h.hour, sum(h.operational) AS operational, sum(h.warning) AS warning, sum(h.down) AS down,
                  sum(h.operational + h.warning + h.down) AS known
           FROM hours_of_line(NULL, ARRAY[now() - interval '30 days'], ARRAY[now()], now()) h
           GROUP BY h.hour) AS t USING (hour)
CROSS JOIN LATERAL (SELECT coalesce(round(t.operational / 60000000), 0)::bigint AS operational,
                           coalesce(round(t.warning / 60000000), 0)::bigint AS warning,
                           coalesce(round(t.down / 60000000), 0)::bigint AS down) AS minutes
ON CONFLICT (hour_of_day) DO UPDATE SET
    operational_count = excluded.operational_count, down_count = excluded.down_count,
    warning_count = excluded.warning_count, total_readings = excluded.total_readings,
    downtime_percentage = excluded.downtime_percentage, uptime_percentage = excluded.uptime_percentage,
    warning_percentage = excluded.warning_percentage, last_updated = excluded.last_updated;

-- name: refresh_work_order_status_summary()!
-- 5. All orders by status. Resolution time is completed minus reported.
INSERT INTO dashboard_work_order_status_summary AS d
    (status, order_count, percentage, avg_resolution_hours, critical_count, unassigned_count, last_updated)
SELECT state.status, count(o.id), coalesce(percent(count(o.id), sum(count(o.id)) OVER ()), 0),
       round(avg(extract(epoch FROM greatest(o.completed_at - o.timestamp, '0')) / 3600)
             FILTER (WHERE o.status = 'completed'), 2),
       count(o.id) FILTER (WHERE o.priority = 'critical'), count(o.id) FILTER (WHERE o.assignee_id IS NULL), now()
FROM (VALUES ('open'), ('in_progress'), ('on_hold'), ('completed'), ('cancelled')) AS state (status)
LEFT JOIN work_orders o USING (status)
GROUP BY state.status
ON CONFLICT (status) DO UPDATE SET
    order_count = excluded.order_count, percentage = excluded.percentage,
    avg_resolution_hours = excluded.avg_resolution_hours, critical_count = excluded.critical_count,
    unassigned_count = excluded.unassigned_count, last_updated = excluded.last_updated;

-- name: refresh_work_order_trends()!
-- 6. Orders reported on each of 30 days. The average is of the seven days that end with each, from the seventh day with orders on.
WITH day AS (
    SELECT d.day, d.since, d.until, d.day > today.day - 30 AS is_shown,
           d.day >= day_of((SELECT min(timestamp) FROM work_orders), plant.time_zone, plant.day_start) + 6 AS has_week
    FROM plant_settings plant
    CROSS JOIN LATERAL (SELECT day_of(now(), plant.time_zone, plant.day_start) AS day) AS today
    CROSS JOIN LATERAL days_from(today.day - 35, today.day, plant.time_zone, plant.day_start) d
), counted AS (
    SELECT day.day, count(*) AS orders
    FROM day JOIN work_orders o ON o.timestamp >= day.since AND o.timestamp < day.until
    WHERE o.timestamp >= now() - interval '38 days' GROUP BY 1
), averaged AS (
    SELECT day.day, day.is_shown, coalesce(counted.orders, 0) AS orders,
           CASE WHEN day.has_week
                THEN sum(coalesce(counted.orders, 0)) OVER (ORDER BY day.day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) / 7.0
           END AS average
    FROM day LEFT JOIN counted USING (day)
)
INSERT INTO dashboard_work_order_trends_30days AS d
    (order_date, daily_count, seven_day_moving_avg, volume_indicator, last_updated)
SELECT day, orders, round(average, 2),
       CASE WHEN orders > 1.2 * average THEN 'High' WHEN orders < 0.8 * average THEN 'Low' ELSE 'Normal' END, now()
FROM averaged WHERE is_shown
ON CONFLICT (order_date) DO UPDATE SET
    daily_count = excluded.daily_count, seven_day_moving_avg = excluded.seven_day_moving_avg,
    volume_indicator = excluded.volume_indicator, last_updated = excluded.last_updated;

-- name: refresh_uptime_and_kpis()!
-- 2. Hours of each machine that stands on the floor, or did in the last 7 days. 7. Five figures. Uptime is of all machines over the
-- last 24 hours, by time, which are a part of the 7 days; open is all that is neither completed nor cancelled, as on the floor;
-- resolution time is the one of table 5.
WITH time AS MATERIALIZED (
    SELECT p.machine_id, p.part, sum(p.operational + p.warning + p.waiting) AS up, sum(p.down) AS down,
           sum(p.warning + p.waiting) AS warning
    FROM times_in_parts(NULL, ARRAY[now() - interval '7 days', now() - interval '24 hours'],
                        ARRAY[now() - interval '24 hours', now()], now()) p
    GROUP BY p.machine_id, p.part
), machine AS (
    INSERT INTO dashboard_machine_uptime_7days AS d
        (production_line, machine_name, type, uptime_percentage, operational_hours, downtime_hours, last_updated,
         warning_hours, unknown_hours, coverage_percentage)
    SELECT t.production_line, t.machine_name, t.type, percent(t.up, t.up + t.down), micros_in_hours(t.up),
           micros_in_hours(t.down), now(), micros_in_hours(t.warning), micros_in_hours(whole.length - t.up - t.down),
           percent(t.up + t.down, whole.length)
    FROM (SELECT k.machine_id, k.machine_name, k.production_line, k.type, k.present, coalesce(sum(time.up), 0) AS up,
                 coalesce(sum(time.down), 0) AS down, coalesce(sum(time.warning), 0) AS warning
          FROM known_machines k LEFT JOIN time USING (machine_id)
          GROUP BY k.machine_id, k.machine_name, k.production_line, k.type, k.present) AS t
    CROSS JOIN (SELECT micros(interval '7 days') AS length) AS whole
    WHERE t.present OR t.up + t.down > 0
    ON CONFLICT (machine_name) DO UPDATE SET
        production_line = excluded.production_line, type = excluded.type, uptime_percentage = excluded.uptime_percentage,
        operational_hours = excluded.operational_hours, downtime_hours = excluded.downtime_hours,
        last_updated = excluded.last_updated, warning_hours = excluded.warning_hours,
        unknown_hours = excluded.unknown_hours, coverage_percentage = excluded.coverage_percentage
), uptime AS (
    SELECT sum(up) AS up, sum(down) AS down FROM time WHERE part = 2
), active AS (
    SELECT count(*) AS orders, count(*) FILTER (WHERE priority = 'critical') AS critical
    FROM work_orders WHERE status IN ('open', 'in_progress', 'on_hold')
)
INSERT INTO dashboard_executive_kpis AS d
    (metric_category, metric_name, current_value, target_value, value_type, last_updated, period)
SELECT kpi.category, kpi.name, kpi.value, kpi.target, kpi.type, now(), kpi.period
FROM uptime, active, LATERAL (VALUES
    ('Production', 'Total Machines', (SELECT count(*)::numeric FROM machine_feed_stream), NULL::numeric, 'count',
     'now'),
    ('Production', 'Current Uptime %', percent(uptime.up, uptime.up + uptime.down), 95, 'percentage',
     'the last 24 hours'),
    ('Work Orders', 'Open Orders', active.orders, 10, 'count', 'now'),
    ('Work Orders', 'Critical Orders', active.critical, 0, 'count', 'now'),
    ('Work Orders', 'Avg Resolution Time (hours)',
     (SELECT avg_resolution_hours FROM dashboard_work_order_status_summary WHERE status = 'completed'), 24, 'hours',
     'all completed orders')) AS kpi (category, name, value, target, type, period)
ON CONFLICT (metric_name) DO UPDATE SET
    metric_category = excluded.metric_category, current_value = excluded.current_value,
    target_value = excluded.target_value, value_type = excluded.value_type, last_updated = excluded.last_updated,
    period = excluded.period;

-- name: drop_rows_that_fell_out()!
-- What this refresh has not written is no longer so: a line without machines in warning, a machine that has left.
WITH status_gone AS (DELETE FROM dashboard_current_machine_status WHERE last_updated <> now()),
     uptime_gone AS (DELETE FROM dashboard_machine_uptime_7days WHERE last_updated <> now()),
     problem_gone AS (DELETE FROM dashboard_problematic_machines_30days WHERE last_updated <> now()),
     hour_gone AS (DELETE FROM dashboard_hourly_status_patterns WHERE last_updated <> now()),
     state_gone AS (DELETE FROM dashboard_work_order_status_summary WHERE last_updated <> now()),
     day_gone AS (DELETE FROM dashboard_work_order_trends_30days WHERE last_updated <> now())
DELETE FROM dashboard_executive_kpis WHERE last_updated <> now();
