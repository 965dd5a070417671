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

-- Of one stop, with the order that was created first; nulls where it has none.
CREATE OR REPLACE FUNCTION orders_of_stop(of_machine text, stop_since timestamptz)
RETURNS TABLE (order_id text, created_at timestamptz, acknowledged_at timestamptz, started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT (array_agg(o.id ORDER BY o.created_at, o.id))[1], min(o.created_at), min(o.acknowledged_at), min(o.started_at)
    FROM work_orders o WHERE o.machine_id = of_machine AND o.stop_since = orders_of_stop.stop_since
$$;

-- Microseconds from the beginning of a stop to its acknowledgement, at most to its end (null: it goes on); null: not acknowledged.
CREATE OR REPLACE FUNCTION response_time(since timestamptz, until timestamptz, acknowledged_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN acknowledged_at IS NOT NULL THEN micros(greatest(since, least(acknowledged_at, until)) - since) END
$$;

-- Microseconds from the start of work to the end of a stop; null: no work was started, or it goes on. Work does not start before
-- the order was created and acknowledged.
CREATE OR REPLACE FUNCTION repair_time(since timestamptz, until timestamptz, created_at timestamptz, acknowledged_at timestamptz,
                                       started_at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN started_at IS NOT NULL
                THEN micros(until - least(until, greatest(since, created_at, acknowledged_at, started_at))) END
$$;

-- The four phases of a stop that was seen through, in microseconds: they add up to its length. A moment before the one it follows
-- counts as that one, one after the end as the end.
CREATE OR REPLACE FUNCTION stop_phases(since timestamptz, until timestamptz, created_at timestamptz, acknowledged_at timestamptz,
                                       started_at timestamptz)
RETURNS TABLE (detect bigint, acknowledge bigint, respond bigint, repair bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT micros(created.at - since), micros(acknowledged.at - created.at), micros(started.at - acknowledged.at),
           micros(until - started.at)
    FROM (SELECT greatest(since, least(created_at, until)) AS at) AS created
    CROSS JOIN LATERAL (SELECT greatest(created.at, least(acknowledged_at, until)) AS at) AS acknowledged
    CROSS JOIN LATERAL (SELECT greatest(acknowledged.at, least(started_at, until)) AS at) AS started
$$;

-- The failures that began and ended in a period and have an order. Grouped once they are joined, so that several processes look the
-- stops up. names null: of all machines; of_line: of those that began on that line (0: on none).
CREATE OR REPLACE FUNCTION ordered_failures(names text[], from_at timestamptz, until_at timestamptz, of_line smallint)
RETURNS TABLE (machine_name text, since timestamptz, until timestamptz, repaired boolean, created_at timestamptz,
               acknowledged_at timestamptz, started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT s.machine_name, s.since, s.until, s.repaired, min(o.created_at), min(o.acknowledged_at), min(o.started_at)
    FROM work_orders o
    JOIN stops_inside(names, from_at, until_at, of_line) s
        ON s.since = o.stop_since AND s.machine_name IS NOT DISTINCT FROM o.machine_id  -- found by the moment
    WHERE o.stop_since >= from_at AND o.stop_since < until_at AND (names IS NULL OR o.machine_id = ANY (names)) AND s.fails
    GROUP BY s.version, s.machine_name, s.since, s.until, s.repaired
$$;
