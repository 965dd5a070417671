-- The first work order of each stop, which says how soon somebody saw to it: one row per stop.

CREATE OR REPLACE VIEW first_orders AS
SELECT o.id, o.machine_id AS machine_name, o.stop_since AS since, o.created_at, o.acknowledged_at, o.started_at
FROM work_orders o
WHERE o.stop_since IS NOT NULL
  AND NOT EXISTS (SELECT FROM work_orders e WHERE e.machine_id = o.machine_id AND e.stop_since = o.stop_since
                  AND (e.created_at, e.id) < (o.created_at, o.id));
COMMENT ON VIEW first_orders IS 'Of each stop the work order that was created first.';

-- Those of the stops that began in a period, in the order in which the stops lie on the disk: so these are looked up one beside
-- the other. names null: of all machines.
CREATE OR REPLACE FUNCTION first_orders_between(names text[], from_at timestamptz, until_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, created_at timestamptz, acknowledged_at timestamptz,
               started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT o.machine_name, o.since, o.created_at, o.acknowledged_at, o.started_at FROM first_orders o
    WHERE o.since >= from_at AND o.since < until_at AND (names IS NULL OR o.machine_name = ANY (names))
    ORDER BY o.since OFFSET 0
$$;
