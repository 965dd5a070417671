-- The stops in the parts of a period, as lists and explanations need them.

-- Of stops_in_parts() (53_stops_in_parts.sql). counted: it belongs to what of_kpi counts (floor/analytics/kpi_definitions.py), and amount
-- is what it adds to it: its time, or for counts its time too. mttr and repair also count the stops that ended at the very moment at
-- which a part begins.
CREATE OR REPLACE FUNCTION listed_stops(names text[], starts timestamptz[], untils timestamptz[], now_at timestamptz, of_kpi text,
                                        of_reason text, of_line smallint, at_ends boolean)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               counted boolean, amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.unconfirmed, s.fails,
           s.line_id, s.began,
           CASE of_kpi WHEN 'down' THEN true WHEN 'stops' THEN s.began WHEN 'carried_in' THEN NOT s.began
                WHEN 'micro_stops' THEN s.began AND NOT s.fails WHEN 'failures' THEN s.began AND s.fails
                WHEN 'mttr' THEN s.ended AND s.fails WHEN 'repair' THEN s.ended AND s.fails AND took.repair IS NOT NULL
                WHEN 'response' THEN s.began AND s.fails AND took.response IS NOT NULL
                ELSE s.fails END,
           CASE of_kpi WHEN 'mttr' THEN s.length WHEN 'repair' THEN took.repair WHEN 'response' THEN took.response ELSE s.down END
    FROM stops_in_parts(names, starts, untils, now_at, of_reason, of_line, at_ends) s
    LEFT JOIN stop_orders_between(names, CASE WHEN at_ends IS FALSE THEN starts[1] ELSE '-infinity' END, untils[cardinality(untils)]) o
        ON o.since = s.since AND o.machine_name = s.machine_name  -- the planner leaves it out where neither is asked for
    CROSS JOIN LATERAL (SELECT response_time(s.since, s.until, o.acknowledged_at) AS response,
                               repair_time(s.since, s.until, o.created_at, o.acknowledged_at, o.started_at) AS repair) AS took
    WHERE s.began OR s.carried_in OR of_kpi IN ('mttr', 'repair')
$$;
COMMENT ON FUNCTION listed_stops IS
    'The stops in the parts of a period, and whether and with how many microseconds each counts for a KPI.';
