-- The stops of a period, as lists and explanations need them.

-- Stops that were going on at some time in a period, of one reason (null: of any) and of some of its hours (starts null: of all), each
-- with the microseconds of it inside these hours (down) and of all of it (length). began: in them, otherwise it was carried in.
-- fails: it is no micro-stop. counted: it belongs to what of_kpi counts (floor/analytics/kpi_definitions.py), and amount is what it
-- adds to it: its time, or for counts its time too. names null: of all machines.
-- In two functions, so that a query adds up or sorts the many of the first before it looks at the few of the second.

-- Those that began and ended inside the period and one part of it, for KPIs that need no work orders.
CREATE OR REPLACE FUNCTION chosen_stops_inside(names text[], from_at timestamptz, until_at timestamptz, of_kpi text, of_reason text,
                                               starts timestamptz[], untils timestamptz[], of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               counted boolean, amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.unconfirmed, s.fails, s.line_id,
           true,
           CASE of_kpi WHEN 'down' THEN true WHEN 'stops' THEN true WHEN 'carried_in' THEN false WHEN 'micro_stops' THEN NOT s.fails
                WHEN 'mttr' THEN s.repaired AND s.fails ELSE s.fails END,
           CASE of_kpi WHEN 'mttr' THEN s.length ELSE s.down END
    FROM stops_inside(names, from_at, until_at, of_line) s
    WHERE of_kpi NOT IN ('repair', 'response') AND from_at < until_at
      AND (of_reason IS NULL OR coalesce(s.reason, '') = of_reason)
      AND (starts IS NULL OR s.until < untils[width_bucket(s.since, starts)])
$$;

-- All others. mttr and repair also count the stops that ended at the very moment at which the period begins.
CREATE OR REPLACE FUNCTION chosen_stops_across(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                               of_kpi text, of_reason text, starts timestamptz[], untils timestamptz[],
                                               of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               counted boolean, amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH stop AS (
        SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.unconfirmed, s.fails,
               s.line_id, s.since >= from_at AS began, s.repaired AND s.until >= from_at AND s.until < until_at AS ended
        FROM (SELECT * FROM stops_inside(names, from_at, until_at, of_line) WHERE of_kpi IN ('repair', 'response')
              UNION ALL
              SELECT * FROM stops_touching(names, from_at, until_at, now_at, of_line)) AS s
        WHERE starts IS NULL AND from_at < until_at AND (of_reason IS NULL OR coalesce(s.reason, '') = of_reason)
          AND (s.since >= from_at OR s.until IS NULL OR s.until > from_at OR of_kpi IN ('mttr', 'repair'))
        UNION ALL
        SELECT f.version, f.machine_name, f.since, f.until, f.reason, f.repaired, f.down, f.length, f.unconfirmed, f.fails,
               f.line_id, f.began, f.ended
        FROM (SELECT * FROM filtered_stops(names, from_at, until_at, now_at, of_reason, starts, untils, of_line)
              WHERE of_kpi IN ('repair', 'response')
              UNION ALL
              SELECT * FROM stops_across_parts(names, from_at, until_at, now_at, of_reason, starts, untils, of_line)
              WHERE of_kpi NOT IN ('repair', 'response')) AS f
        WHERE starts IS NOT NULL AND (f.began OR f.carried_in OR of_kpi IN ('mttr', 'repair'))
    )
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.unconfirmed, s.fails,
           s.line_id, s.began,
           CASE of_kpi WHEN 'down' THEN true WHEN 'stops' THEN s.began WHEN 'carried_in' THEN NOT s.began
                WHEN 'micro_stops' THEN s.began AND NOT s.fails WHEN 'failures' THEN s.began AND s.fails
                WHEN 'mttr' THEN s.ended AND s.fails WHEN 'repair' THEN s.ended AND s.fails AND took.repair IS NOT NULL
                WHEN 'response' THEN s.began AND s.fails AND took.response IS NOT NULL
                ELSE s.fails END,
           CASE of_kpi WHEN 'mttr' THEN s.length WHEN 'repair' THEN took.repair WHEN 'response' THEN took.response ELSE s.down END
    FROM stop s
    LEFT JOIN stop_orders_between(names, '-infinity', until_at) o
        ON of_kpi IN ('repair', 'response') AND o.machine_name = s.machine_name AND o.since = s.since
    CROSS JOIN LATERAL (SELECT response_time(s.since, s.until, o.acknowledged_at) AS response,
                               repair_time(s.since, s.until, o.created_at, o.acknowledged_at, o.started_at) AS repair) AS took
$$;

CREATE OR REPLACE FUNCTION chosen_stops(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                        of_kpi text, of_reason text, starts timestamptz[], untils timestamptz[],
                                        of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               counted boolean, amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT * FROM chosen_stops_inside(names, from_at, until_at, of_kpi, of_reason, starts, untils, of_line)
    UNION ALL
    SELECT * FROM chosen_stops_across(names, from_at, until_at, now_at, of_kpi, of_reason, starts, untils, of_line)
$$;
COMMENT ON FUNCTION chosen_stops IS
    'The stops of a period, of one reason and some of its hours, and whether and with how many microseconds each counts.';
