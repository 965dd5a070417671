-- name: begin_list()$
-- The best plan of a list depends on its parameters, so none is reused in this transaction. Whether what it shows is there, as
-- history_state().
SELECT history_state() FROM set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: work_orders_with_words(words, max_matches)$
-- The ids of the orders that match a search; null if there are more than max_matches, or, in a sample, more than one in
-- ten. A list and its counts share these ids, so that the texts of the orders are compared only once.
WITH sample AS MATERIALIZED (
    SELECT count(*) FILTER (WHERE t.words LIKE ALL (search_patterns(:words::text))) > count(*) / 10 + 10 AS is_frequent
    FROM work_order_texts t TABLESAMPLE BERNOULLI (2)
)
SELECT CASE WHEN count(*) <= :max_matches::bigint AND NOT (SELECT is_frequent FROM sample)
            THEN coalesce(array_agg(few.id), '{}') END
FROM (SELECT o.id
      FROM filtered_work_orders(NULL, NULL, NULL, NULL, NULL, NULL, false, false, :words, NULL) o
      WHERE NOT (SELECT is_frequent FROM sample)
      LIMIT :max_matches + 1) AS few;

-- name: work_order_ids(statuses, done, zone, priorities, machine, assignee, unassigned, overdue, words, among, updated_after, sort, skip, max_rows)
-- The orders of a filter, sorted; a minus before the sort key reverses it. Ties are sorted by urgency: active orders
-- before ended ones (the latest of these first), critical first, then overdue, then not on hold, then by priority and due
-- time. work_order_ids_beyond continues the list from snapshot and at.
SELECT o.id, pg_current_snapshot()::text AS snapshot, now() AS at
FROM filtered_work_orders(:statuses::text[], :done::text, :zone::text, :priorities::text[], :machine::text,
                          :assignee::integer, :unassigned::boolean, :overdue::boolean, :words::text,
                          :updated_after::timestamptz, :among::text[]) o
LEFT JOIN work_order_texts t ON t.work_order_id = o.id
CROSS JOIN LATERAL (
    SELECT CASE o.priority WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END AS urgency,
           CASE o.status WHEN 'open' THEN 1 WHEN 'in_progress' THEN 2 WHEN 'on_hold' THEN 3 WHEN 'completed' THEN 4
                         ELSE 5 END AS stage
) AS key
ORDER BY
    CASE :sort::text WHEN 'machine' THEN t.machine_key WHEN 'description' THEN t.description_key WHEN 'assignee' THEN t.assignee_key END,
    CASE :sort WHEN '-machine' THEN t.machine_key WHEN '-description' THEN t.description_key
               WHEN '-assignee' THEN t.assignee_key END DESC NULLS LAST,
    CASE :sort WHEN 'priority' THEN key.urgency WHEN '-priority' THEN -key.urgency
               WHEN 'status' THEN key.stage WHEN '-status' THEN -key.stage END,
    CASE :sort WHEN 'due' THEN o.due_at WHEN '-age' THEN o.timestamp END,
    CASE :sort WHEN '-due' THEN o.due_at WHEN 'age' THEN o.timestamp END DESC,
    coalesce(o.completed_at, o.cancelled_at) DESC NULLS FIRST,
    key.urgency > 1, o.due_at >= now(), o.status = 'on_hold', key.urgency, o.due_at, o.id COLLATE "C"
OFFSET :skip::bigint LIMIT :max_rows::bigint;

-- name: present_machine_name(machine)$
-- What a machine is called now that has this name or had it last; null: there is none.
SELECT machine_name FROM machines WHERE machine_id = machine_called(:machine::text);

-- name: machine_names()
-- The names of all machines, in flow order.
SELECT m.machine_name FROM machines m LEFT JOIN production_lines l USING (line_id)
ORDER BY l.position NULLS LAST, l.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(m.machine_name) END, m.position,
         m.machine_name COLLATE "C";

-- name: work_order_ids_beyond(statuses, done, zone, priorities, machine, assignee, unassigned, overdue, words, among, updated_after, sort, id, snapshot, at, back, max_rows)
-- The orders after the order `id`; with back, those before it, the nearest first. Each order is sorted by its values when
-- the first page was read (snapshot, at), so that no order is skipped or repeated while orders are added and changed.
WITH changed AS (
    SELECT DISTINCT ON (h.work_order_id) h.* FROM work_order_sort_history h
    WHERE h.xid >= pg_snapshot_xmin(:snapshot::text::pg_snapshot)
      AND NOT pg_visible_in_snapshot(h.xid, :snapshot::text::pg_snapshot)
      -- in a restored database, old rows have transaction ids of the original server
      AND h.xid < pg_snapshot_xmax(pg_current_snapshot()) AND h.replaced_at > :at::timestamptz - interval '1 hour'
    ORDER BY h.work_order_id, h.number
), keyed AS NOT MATERIALIZED (
    SELECT o.id, key.*
    FROM (SELECT f.* FROM filtered_work_orders(:statuses::text[], :done::text, :zone::text, :priorities::text[],
                                               :machine::text, :assignee::integer, :unassigned::boolean,
                                               :overdue::boolean, :words::text, :updated_after::timestamptz,
                                               :among::text[]) f
          UNION ALL SELECT w.* FROM work_orders w WHERE w.id = :id) o
    LEFT JOIN work_order_texts t ON t.work_order_id = o.id
    LEFT JOIN changed c ON c.work_order_id = o.id
    CROSS JOIN LATERAL (
        SELECT CASE :sort::text WHEN 'machine' THEN coalesce(c.machine_key, t.machine_key)
                                WHEN 'description' THEN coalesce(c.description_key, t.description_key)
                                WHEN 'assignee' THEN CASE WHEN c.number IS NULL THEN t.assignee_key ELSE c.assignee_key END
               END AS up,
               CASE :sort WHEN '-machine' THEN coalesce(c.machine_key, t.machine_key)
                          WHEN '-description' THEN coalesce(c.description_key, t.description_key)
                          WHEN '-assignee' THEN CASE WHEN c.number IS NULL THEN t.assignee_key ELSE c.assignee_key END
               END AS down,
               CASE coalesce(c.priority, o.priority) WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3
                                                     ELSE 4 END AS urgency,
               CASE coalesce(c.status, o.status) WHEN 'open' THEN 1 WHEN 'in_progress' THEN 2 WHEN 'on_hold' THEN 3
                                                 WHEN 'completed' THEN 4 ELSE 5 END AS stage,
               date_part('epoch', coalesce(c.due_at, o.due_at)) AS due,
               date_part('epoch', coalesce(c.reported_at, o.timestamp)) AS reported,
               date_part('epoch', CASE WHEN c.number IS NULL THEN coalesce(o.completed_at, o.cancelled_at)
                                       ELSE c.ended_at END) AS ended
    ) AS earlier
    CROSS JOIN LATERAL (SELECT CASE WHEN :back::boolean THEN -1 ELSE 1 END AS sign) AS direction
    CROSS JOIN LATERAL (
        SELECT -- each is a number or a text that is sorted in ascending order; reading back reverses all of them
               direction.sign * (:sort IN ('machine', 'description', 'assignee', '-machine', '-description', '-assignee')
                                 AND coalesce(earlier.up, earlier.down) IS NULL)::integer AS missing,
               coalesce(CASE WHEN :back THEN earlier.down ELSE earlier.up END, '') AS up,
               coalesce(CASE WHEN :back THEN earlier.up ELSE earlier.down END, '') AS down,
               direction.sign * coalesce(CASE :sort
                   WHEN 'priority' THEN earlier.urgency WHEN '-priority' THEN -earlier.urgency
                   WHEN 'status' THEN earlier.stage WHEN '-status' THEN -earlier.stage
                   WHEN 'due' THEN earlier.due WHEN '-due' THEN -earlier.due
                   WHEN '-age' THEN earlier.reported WHEN 'age' THEN -earlier.reported END, 0) AS value,
               direction.sign * coalesce(-earlier.ended, '-infinity') AS ended,
               direction.sign * (4 * (earlier.urgency > 1)::integer
                                 + 2 * (earlier.due >= date_part('epoch', :at::timestamptz))::integer
                                 + (earlier.stage = 3)::integer) AS pressing,
               direction.sign * earlier.urgency AS urgency,
               direction.sign * earlier.due AS due
    ) AS key
)
SELECT k.id
FROM keyed k, (SELECT * FROM keyed WHERE id = :id LIMIT 1) AS start
WHERE (k.missing, k.up) > (start.missing, start.up) OR (k.missing, k.up) = (start.missing, start.up) AND (
      k.down < start.down OR k.down = start.down AND (
      (k.value, k.ended, k.pressing, k.urgency, k.due) > (start.value, start.ended, start.pressing, start.urgency, start.due)
      OR (k.value, k.ended, k.pressing, k.urgency, k.due) = (start.value, start.ended, start.pressing, start.urgency, start.due)
         AND CASE WHEN :back THEN k.id COLLATE "C" < start.id ELSE k.id COLLATE "C" > start.id END))
ORDER BY k.missing, k.up, k.down DESC, k.value, k.ended, k.pressing, k.urgency, k.due,
         CASE WHEN :back THEN k.id COLLATE "C" END DESC, k.id COLLATE "C"
LIMIT :max_rows::bigint;

-- name: work_orders_of(ids)
-- The orders with these ids, in the order of the array.
SELECT o.*
FROM unnest(:ids::text[]) WITH ORDINALITY AS requested (id, number) JOIN work_orders o USING (id)
ORDER BY requested.number;

-- name: work_order_counts(zone, priorities, machine, assignee, unassigned, words, among, updated_after)
-- The number of orders per status under a filter without statuses: all, overdue, completed today (in the time zone) and
-- completed in the last 7 days. Subqueries compute the start of the day once instead of once per order, which took most of the time.
SELECT o.status, count(*) AS orders,
       CASE WHEN o.status IN ('open', 'in_progress', 'on_hold') THEN count(*) FILTER (WHERE o.due_at < (SELECT now()))
            ELSE 0 END AS overdue,
       count(*) FILTER (WHERE o.completed_at >= (SELECT start_of_today(:zone::text))) AS completed_today,
       count(*) FILTER (WHERE o.completed_at >= (SELECT now() - interval '7 days')) AS completed_this_week
FROM filtered_work_orders(NULL, NULL, NULL, :priorities::text[], :machine::text, :assignee::integer,
                          :unassigned::boolean, false, :words::text, :updated_after::timestamptz, :among::text[]) o
GROUP BY o.status;

-- name: former_assignees()
-- Inactive employees who have orders.
SELECT e.id FROM employees e WHERE NOT e.active AND EXISTS (SELECT FROM work_orders o WHERE o.assignee_id = e.id);

-- name: orders_of_shift(start, until)
-- The orders that were active at the end of a period, as they were then (left true), and those completed in it.
SELECT id, status, priority, assignee, true AS left FROM work_orders_at(:until::timestamptz)
UNION ALL
SELECT id, status, priority, assignee, false FROM work_orders
WHERE status = 'completed' AND completed_at >= :start::timestamptz AND completed_at < :until;
