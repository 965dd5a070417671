-- The stops of a period, as lists and explanations need them.

-- Stops that were going on at some time in a period, each with the microseconds of it inside the period (down) and of all of it
-- (length). began: in the period, otherwise it was carried in. fails: it is no micro-stop. counted: it belongs to what of_kpi
-- counts (floor/analytics/kpi_definitions.py), and amount is what it adds to it: its time, or for counts its time too.
-- mttr and repair also count the stops that ended at the very moment at which the period begins. names null: of all machines.
CREATE OR REPLACE FUNCTION listed_stops(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                        micro_stop bigint, of_kpi text, of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, began boolean, fails boolean, counted boolean, amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.began, s.fails,
           CASE of_kpi WHEN 'down' THEN true WHEN 'stops' THEN s.began WHEN 'carried_in' THEN NOT s.began
                WHEN 'micro_stops' THEN s.began AND NOT s.fails WHEN 'failures' THEN s.began AND s.fails
                WHEN 'mttr' THEN s.ended AND s.fails
                WHEN 'repair' THEN s.ended AND s.fails AND o.started_at IS NOT NULL
                WHEN 'response' THEN s.began AND s.fails AND o.acknowledged_at IS NOT NULL
                ELSE s.fails END,
           CASE of_kpi WHEN 'mttr' THEN s.length
                WHEN 'repair'
                    THEN micros(s.until - least(s.until, greatest(s.since, o.created_at, o.acknowledged_at, o.started_at)))
                WHEN 'response' THEN micros(greatest(s.since, least(o.acknowledged_at, s.until)) - s.since)
                ELSE s.down END
    FROM (SELECT found.*, found.since >= from_at AS began, found.length >= micro_stop AS fails,
                 found.repaired AND found.until >= from_at AND found.until < until_at AS ended
          FROM (SELECT i.version, i.machine_name, i.since, i.until, i.reason, i.repaired, i.down, i.length
                FROM stops_inside(names, from_at, until_at, of_line) i
                UNION ALL
                SELECT t.version, t.machine_name, t.since, t.until, t.reason, t.repaired, t.down, t.length
                FROM stops_touching(names, from_at, until_at, now_at, of_line) t
                WHERE from_at < until_at
                  AND (t.since >= from_at OR t.until IS NULL OR t.until > from_at OR of_kpi IN ('mttr', 'repair'))) AS found
         ) AS s
    LEFT JOIN stop_orders_between(names, '-infinity', until_at) o
        ON of_kpi IN ('repair', 'response') AND o.machine_name = s.machine_name AND o.since = s.since
$$;
COMMENT ON FUNCTION listed_stops IS
    'The stops that were going on in a period, and whether and with how many microseconds each counts to a KPI.';
