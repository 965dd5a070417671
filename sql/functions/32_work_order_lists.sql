-- Work orders under a filter, and work orders at a time in the past.

-- When the plant's day of now began by the clock of a time zone. PL/pgSQL, because what it calls is in a later file.
CREATE OR REPLACE FUNCTION start_of_today(zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    start time := plant_day_start();
BEGIN
    RETURN day_start(day_of(now(), zone, start), zone, start);
END $$;

-- The orders of a filter; null means no condition. PostgreSQL inlines it, so that indexes are used. done: 'today' (the
-- plant's day in the time zone) or 'week' adds the orders completed since then to those with one of the statuses. search: the
-- texts of the order contain each of these words. among: only orders with these ids.
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
           OR o.completed_at >= CASE done WHEN 'today' THEN (SELECT start_of_today(zone))
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

-- The work orders that were active at a time in the past, with their values at that time, computed from the events since.
-- Due times are not part of it.
CREATE OR REPLACE FUNCTION work_orders_at(moment timestamptz)
RETURNS TABLE (id text, status text, priority text, assignee text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    SELECT earlier.* FROM (
        SELECT o.id, coalesce(later.status, o.status) AS status, coalesce(later.priority, o.priority) AS priority,
               nullif(coalesce(later.assignee, o.assignee, ''), '') AS assignee
        FROM work_orders o
        CROSS JOIN LATERAL (
            SELECT (array_agg(e.old_value ORDER BY e.event_id) FILTER (WHERE e.kind = 'status_changed'))[1] AS status,
                   (array_agg(e.old_value ORDER BY e.event_id) FILTER (WHERE e.field = 'priority'))[1] AS priority,
                   (array_agg(coalesce(e.old_value, '') ORDER BY e.event_id) FILTER (WHERE e.field = 'assignee'))[1]
                       AS assignee
            FROM work_order_events e WHERE e.work_order_id = o.id AND e.at > moment) AS later
        WHERE o.created_at <= moment
          AND (o.status IN ('open', 'in_progress', 'on_hold')
               OR coalesce(o.completed_at, o.cancelled_at) > moment)) AS earlier
    WHERE earlier.status IN ('open', 'in_progress', 'on_hold')
$$;
COMMENT ON FUNCTION work_orders_at IS 'The work orders that were open, in progress or on hold at a time, with their values then.';
