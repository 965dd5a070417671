-- name: order_volume(names, start, until, zone, now)
-- Orders reported on each day of the plant in a period by the clock of a time zone, and those of the seven days up to it; null
-- before the seventh day from the first order on.
WITH day AS (
    SELECT d.day, d.since, d.until, d.day >= day_of(first.at, :zone::text, plant.day_start) + 6 AS has_week,
           row_number() OVER (ORDER BY d.day) AS number
    FROM (SELECT min(timestamp) AS at FROM work_orders WHERE machine_id = ANY (:names::text[])) AS first
    CROSS JOIN plant_settings plant
    CROSS JOIN LATERAL days_from(
        day_of(greatest(:start::timestamptz, first.at), :zone, plant.day_start) - 6,
        day_of(:until::timestamptz - interval '1 microsecond', :zone, plant.day_start), :zone, plant.day_start) d
    WHERE first.at IS NOT NULL
), reported AS (
    SELECT width_bucket(o.timestamp, period.starts) AS number, count(*) AS orders
    FROM (SELECT array_agg(since ORDER BY day) AS starts, max(until) AS until FROM day) AS period
    JOIN work_orders o ON o.timestamp < period.until AND o.machine_id = ANY (:names::text[])
    GROUP BY 1
), averaged AS (
    SELECT day.day, coalesce(r.orders, 0) AS orders, day.until, day.has_week, day.number,
           sum(coalesce(r.orders, 0)) OVER (ORDER BY day.day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS of_week
    FROM day LEFT JOIN reported r USING (number)
)
SELECT day, orders, CASE WHEN has_week THEN of_week::bigint END AS of_week, until <= :now::timestamptz AS is_over
FROM averaged WHERE number > 6 ORDER BY day;

-- name: open_order_ages(names, now)
-- How old the orders are that somebody still has to see to, in microseconds since they were reported.
SELECT o.priority, count(*) AS orders, max(age.micros)::bigint AS oldest, sum(age.micros)::bigint AS sum_of_ages,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY age.micros) AS median,
       count(*) FILTER (WHERE o.due_at < :now::timestamptz) AS overdue
FROM work_orders o
JOIN work_order_priorities p USING (priority)
CROSS JOIN LATERAL (SELECT micros(greatest(:now::timestamptz - o.timestamp, '0')) AS micros) AS age
WHERE o.status IN ('open', 'in_progress', 'on_hold') AND o.machine_id = ANY (:names::text[])
GROUP BY o.priority, p.rank ORDER BY p.rank;

-- name: order_resolution(names, start, until)
-- How long the orders took that were completed in a period: completed minus reported, in microseconds.
SELECT o.priority, count(*) AS orders, sum(took.micros)::bigint AS sum_of_times,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY took.micros) AS median
FROM work_orders o
JOIN work_order_priorities p USING (priority)
CROSS JOIN LATERAL (SELECT micros(greatest(o.completed_at - o.timestamp, '0')) AS micros) AS took
WHERE o.status = 'completed' AND o.completed_at >= :start::timestamptz AND o.completed_at < :until::timestamptz
  AND o.machine_id = ANY (:names::text[])
GROUP BY o.priority, p.rank ORDER BY p.rank;

-- name: order_load(names, start, until)
-- Who has how many orders to see to, and completed how many in a period; assignee null: nobody's.
SELECT o.assignee_id, o.assignee,
       count(*) FILTER (WHERE o.status IN ('open', 'in_progress', 'on_hold')) AS active,
       count(*) FILTER (WHERE o.status = 'completed' AND o.completed_at >= :start::timestamptz
                          AND o.completed_at < :until::timestamptz) AS completed
FROM work_orders o
WHERE o.machine_id = ANY (:names::text[])
GROUP BY o.assignee_id, o.assignee
HAVING count(*) FILTER (WHERE o.status IN ('open', 'in_progress', 'on_hold') OR o.status = 'completed'
                          AND o.completed_at >= :start::timestamptz AND o.completed_at < :until::timestamptz) > 0
ORDER BY 3 DESC, 4 DESC, name_sort_key(o.assignee) NULLS LAST, o.assignee COLLATE "C", o.assignee_id;

-- name: orders_at(moment)
-- The work orders that were active at a moment, as they were then, in the form that the floor keeps them.
SELECT o.id, 0::bigint AS event, o.version, o.machine_id AS machine, was.status, was.priority,
       NULL::integer AS assignee_id, was.assignee, epoch_ms(o.due_at) AS due_ms,
       left(o.issue_description, 200) AS description, NULL::text AS by
FROM work_orders_at(:moment::timestamptz) was JOIN work_orders o USING (id)
ORDER BY o.due_at, o.id;
