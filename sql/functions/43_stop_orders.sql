-- The work orders of stops, which say how soon somebody saw to them: the earliest moments of all orders of a stop count.

-- Of the stops that began in a period. names null: of all machines.
CREATE OR REPLACE FUNCTION stop_orders_between(names text[], from_at timestamptz, until_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, created_at timestamptz, acknowledged_at timestamptz,
               started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT o.machine_id, o.stop_since, min(o.created_at), min(o.acknowledged_at), min(o.started_at)
    FROM work_orders o
    WHERE o.stop_since >= from_at AND o.stop_since < until_at AND (names IS NULL OR o.machine_id = ANY (names))
    GROUP BY o.machine_id, o.stop_since
$$;

-- Of one stop; nulls where it has none.
CREATE OR REPLACE FUNCTION orders_of_stop(of_machine text, stop_since timestamptz)
RETURNS TABLE (created_at timestamptz, acknowledged_at timestamptz, started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT min(o.created_at), min(o.acknowledged_at), min(o.started_at)
    FROM work_orders o WHERE o.machine_id = of_machine AND o.stop_since = orders_of_stop.stop_since
$$;
