-- name: plan_every_time()!
-- The lists ask the same statement in many ways, and each way deserves a plan of its own. Holds until RESET ALL.
SET plan_cache_mode = force_custom_plan;

-- name: work_order_ids(states, done, zone, priorities, machine, assignee, unassigned, overdue, words, machine_words, sort, first, most)
-- The orders under a filter, sorted; null means no condition, a minus before the sort turns it round. What ties is sorted
-- by how pressing it is: active before ended (the latest of these first), critical first, then overdue, then what is not
-- on hold, then by priority and by when it is due.
-- done: today (by the clock of the zone) or week, for what was completed since then, whatever states are asked for.
SELECT o.id
FROM work_orders o
CROSS JOIN LATERAL (
    SELECT CASE o.priority WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END AS urgency,
           CASE o.status WHEN 'open' THEN 1 WHEN 'in_progress' THEN 2 WHEN 'on_hold' THEN 3 WHEN 'completed' THEN 4
                         ELSE 5 END AS stage
) AS key
WHERE (:states::text[] IS NULL OR o.status = ANY (:states) OR o.completed_at >= CASE :done::text WHEN 'today' THEN date_trunc('day', now(), :zone::text)
                                                                     WHEN 'week' THEN now() - interval '7 days' END)
  AND (:priorities::text[] IS NULL OR o.priority = ANY (:priorities))
  AND (:machine::text IS NULL OR o.machine_id = :machine)
  AND (:assignee::integer IS NULL OR o.assignee_id = :assignee)
  AND (NOT :unassigned::boolean OR o.assignee_id IS NULL)
  AND (NOT :overdue::boolean OR (o.status IN ('open', 'in_progress', 'on_hold') AND o.due_at < now()))
  AND (:words::text IS NULL OR o.id ILIKE :words OR o.issue_description ILIKE :words OR o.assignee ILIKE :words
       OR o.machine_id IN (SELECT machine_name FROM machines WHERE machine_name ILIKE :machine_words::text))
ORDER BY
    CASE :sort::text WHEN 'machine' THEN o.machine_id WHEN 'what' THEN lower(left(o.issue_description, 100))
                     WHEN 'assignee' THEN lower(o.assignee) END,
    CASE :sort WHEN '-machine' THEN o.machine_id WHEN '-what' THEN lower(left(o.issue_description, 100))
               WHEN '-assignee' THEN lower(o.assignee) END DESC NULLS LAST,
    CASE :sort WHEN 'priority' THEN key.urgency WHEN '-priority' THEN -key.urgency
               WHEN 'state' THEN key.stage WHEN '-state' THEN -key.stage END,
    CASE :sort WHEN 'due' THEN o.due_at WHEN '-age' THEN o.timestamp END,
    CASE :sort WHEN '-due' THEN o.due_at WHEN 'age' THEN o.timestamp END DESC,
    coalesce(o.completed_at, o.cancelled_at) DESC NULLS FIRST,
    key.urgency > 1, o.due_at >= now(), o.status = 'on_hold', key.urgency, o.due_at, o.id
OFFSET :first::bigint LIMIT :most::bigint;

-- name: is_machine(machine)$
-- Whether there is a machine of this name.
SELECT EXISTS (SELECT FROM machines WHERE machine_name = :machine);

-- name: machine_names()
-- Of all machines, in flow order.
SELECT m.machine_name FROM machines m LEFT JOIN production_lines l USING (line_id)
ORDER BY l.position NULLS LAST, l.line_id, m.position, m.machine_name;

-- name: work_orders_of(ids)
-- These orders, in this order.
SELECT o.id, o.machine_id AS machine, o.issue_description AS description, o.priority, o.status AS state, o.reporter_name,
       o.reporter_email, o.assignee_id, o.assignee, o.source, o.machine_status, o.machine_reason, o.stop_since,
       o.recovered_at, o.timestamp AS reported_at, o.created_at, o.due_at, o.acknowledged_at, o.started_at,
       o.completed_at, o.cancelled_at, o.hold_reason, o.cause, o.action_taken, o.cancel_reason, o.updated_at, o.version
FROM unnest(:ids::text[]) WITH ORDINALITY AS asked (id, number) JOIN work_orders o USING (id)
ORDER BY asked.number;

-- name: work_order_counts(priorities, machine, assignee, unassigned, words, machine_words, zone)
-- How many orders are in each state under a filter that asks for no state; how many of them are overdue, and how many
-- were completed today, by the clock of the zone, and in the last 7 days.
SELECT o.status AS state, count(*) AS orders,
       count(*) FILTER (WHERE o.status IN ('open', 'in_progress', 'on_hold') AND o.due_at < now()) AS overdue,
       count(*) FILTER (WHERE o.completed_at >= date_trunc('day', now(), :zone::text)) AS completed_today,
       count(*) FILTER (WHERE o.completed_at >= now() - interval '7 days') AS completed_this_week
FROM work_orders o
WHERE (:priorities::text[] IS NULL OR o.priority = ANY (:priorities))
  AND (:machine::text IS NULL OR o.machine_id = :machine)
  AND (:assignee::integer IS NULL OR o.assignee_id = :assignee)
  AND (NOT :unassigned::boolean OR o.assignee_id IS NULL)
  AND (:words::text IS NULL OR o.id ILIKE :words OR o.issue_description ILIKE :words OR o.assignee ILIKE :words
       OR o.machine_id IN (SELECT machine_name FROM machines WHERE machine_name ILIKE :machine_words::text))
GROUP BY o.status;

-- name: former_assignees()
-- Who was deactivated and has orders all the same.
SELECT e.id FROM employees e WHERE NOT e.active AND EXISTS (SELECT FROM work_orders o WHERE o.assignee_id = e.id);

-- name: orders_of_shift(start, until)
-- The orders that were open at the end of a period, as they were then, and those that were completed in it (left false).
SELECT id, status AS state, priority, assignee, true AS left FROM work_orders_at(:until::timestamptz)
UNION ALL
SELECT id, status, priority, assignee, false FROM work_orders
WHERE status = 'completed' AND completed_at >= :start::timestamptz AND completed_at < :until;
