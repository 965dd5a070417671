-- Work orders under a filter, and as they were at a moment: one row per order.

-- The orders under a filter; null means no condition. It is part of the statement that names it (inlined), so that its
-- indexes are used. done: today (by the clock of the zone) or week, for what was completed since then, whatever statuses
-- are asked for. search: all of its words are in the order, in any order, in any of its texts. among: only these.
CREATE OR REPLACE FUNCTION filtered_work_orders(statuses text[], done text, zone text, priorities text[], machine text,
                                     person integer, unassigned boolean, overdue boolean, search text,
                                     changed_after timestamptz, among text[] DEFAULT NULL)
RETURNS SETOF work_orders
LANGUAGE sql STABLE AS $$
    SELECT o.*
    FROM work_orders o
    LEFT JOIN work_order_texts t ON t.work_order_id = o.id
    WHERE (among IS NULL OR o.id = ANY (among))
      AND (statuses IS NULL OR o.status = ANY (statuses)
           OR o.completed_at >= CASE done WHEN 'today' THEN date_trunc('day', now(), zone)
                                          WHEN 'week' THEN now() - interval '7 days' END)
      AND (priorities IS NULL OR o.priority = ANY (priorities))
      AND (machine IS NULL OR o.machine_id = machine)
      AND (person IS NULL OR o.assignee_id = person)
      AND (NOT unassigned OR o.assignee_id IS NULL)
      AND (changed_after IS NULL OR o.updated_at > changed_after)
      AND (NOT overdue OR (o.status IN ('open', 'in_progress', 'on_hold') AND o.due_at < now()))
      AND (search_patterns(search) = '{}'
           OR (t.words LIKE (search_patterns(search))[1] AND t.words LIKE ALL ((search_patterns(search))[2:])))
$$;

-- Work orders that somebody still had to see to at a moment, as they stood then: what was changed since is taken back by
-- the events. When they are due is that of now.
CREATE OR REPLACE FUNCTION work_orders_at(moment timestamptz)
RETURNS TABLE (id text, status text, priority text, assignee text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    SELECT was.* FROM (
        SELECT o.id, coalesce(later.status, o.status) AS status, coalesce(later.priority, o.priority) AS priority,
               nullif(coalesce(later.assignee, o.assignee, ''), '') AS assignee
        FROM work_orders o
        CROSS JOIN LATERAL (
            SELECT (array_agg(e.old_value ORDER BY e.event_id) FILTER (WHERE e.kind = 'moved'))[1] AS status,
                   (array_agg(e.old_value ORDER BY e.event_id) FILTER (WHERE e.field = 'priority'))[1] AS priority,
                   (array_agg(coalesce(e.old_value, '') ORDER BY e.event_id) FILTER (WHERE e.field = 'assignee'))[1]
                       AS assignee
            FROM work_order_events e WHERE e.work_order_id = o.id AND e.at > moment) AS later
        WHERE o.created_at <= moment
          AND (o.status IN ('open', 'in_progress', 'on_hold') OR coalesce(o.completed_at, o.cancelled_at) > moment)) AS was
    WHERE was.status IN ('open', 'in_progress', 'on_hold')
$$;
COMMENT ON FUNCTION work_orders_at IS 'The work orders that were open, in progress or on hold at a moment, as they were then.';
