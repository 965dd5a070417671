-- Sums for reports: microseconds of all machines together, of a period or of each quarter of an hour of it.

-- What floor_quarters lacks of a period, as intervals of all machines: what is not rolled up, and what came late, as it is
-- known now (direction 1) less as it was rolled up (-1). names are all there are.
CREATE OR REPLACE FUNCTION floor_intervals(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz, status text, waits boolean, direction integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50000 AS $$
    WITH rolled AS (
        SELECT r.since, r.until FROM rolled_part(from_at, until_at, '15 minutes') r
    ), late AS (
        SELECT l.machine_name, greatest(l.at, rolled.since) AS since, rolled.until
        FROM rolled CROSS JOIN LATERAL late_arrivals(rolled.until, now_at) l WHERE l.machine_name = ANY (names)
    ), edge AS (
        SELECT e.since, e.until
        FROM (SELECT from_at AS since, coalesce(rolled.since, until_at) AS until FROM rolled
              UNION ALL
              SELECT rolled.until, until_at FROM rolled) AS e
        WHERE e.since < e.until
    ), outdated AS (
        SELECT array_agg(late.machine_name) AS names, array_agg(late.since) AS froms, array_agg(late.until) AS untils FROM late
    )
    SELECT s.since, s.until, s.status, wait_kind(s.status, s.reason) IS NOT NULL, 1
    FROM edge CROSS JOIN LATERAL known_intervals(names, edge.since, edge.until, now_at) s
    UNION ALL
    SELECT s.since, s.until, s.status, wait_kind(s.status, s.reason) IS NOT NULL, 1
    FROM outdated CROSS JOIN LATERAL status_intervals(outdated.names, outdated.froms, outdated.untils, now_at) s
    WHERE s.status <> 'unknown'
    UNION ALL
    SELECT s.since, s.until, s.status, wait_kind(s.status, s.reason) IS NOT NULL, -1
    FROM outdated CROSS JOIN LATERAL status_intervals(outdated.names, outdated.froms, outdated.untils, NULL) s
    WHERE s.status <> 'unknown'
$$;

-- The same as machine_times() of all machines together: by the quarters of an hour, so that no day is taken apart.
CREATE OR REPLACE FUNCTION floor_sums(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT sum(part.operational)::bigint, sum(part.warning)::bigint, sum(part.waiting)::bigint, sum(part.down)::bigint
    FROM (SELECT q.operational, q.warning, q.waiting, q.down
          FROM rolled_part(from_at, until_at, '15 minutes') rolled
          JOIN floor_quarters q ON q.since >= rolled.since AND q.since < rolled.until
          UNION ALL
          SELECT CASE WHEN s.status = 'operational' THEN s.length ELSE 0 END,
                 CASE WHEN s.status = 'warning' AND NOT s.waits THEN s.length ELSE 0 END,
                 CASE WHEN s.status = 'warning' AND s.waits THEN s.length ELSE 0 END,
                 CASE WHEN s.status = 'down' THEN s.length ELSE 0 END
          FROM (SELECT s.status, s.waits, s.direction * micros(s.until - s.since) AS length
                FROM floor_intervals(names, from_at, until_at, now_at) s) AS s) AS part
$$;
COMMENT ON FUNCTION floor_sums IS 'Microseconds of all machines together in a period, right to the second.';

-- Microseconds of some machines in each quarter of an hour of a period: down, and in which anything was known.
-- whole_floor: these are all machines, so that floor_quarters speaks for them. For some machines, days of which all is
-- known need only their stops; all other days are taken from the history. A period of centuries has many days: let it
-- begin where the history begins.
CREATE OR REPLACE FUNCTION quarter_times(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                              whole_floor boolean)
RETURNS TABLE (since timestamptz, down bigint, known bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH rolled AS (
        SELECT r.since, r.until
        FROM rolled_part(from_at, until_at, CASE WHEN whole_floor THEN interval '15 minutes' ELSE interval '24 hours' END) r
    ), late AS (
        SELECT l.machine_name, l.at FROM rolled CROSS JOIN LATERAL late_arrivals(rolled.until, now_at) l WHERE NOT whole_floor
    ), full_day AS MATERIALIZED (
        SELECT d.machine_name, d.day, d.day::timestamp AT TIME ZONE 'UTC' AS since
        FROM machine_days d LEFT JOIN late USING (machine_name)
        WHERE NOT whole_floor AND d.machine_name = ANY (names)
          AND d.day >= (SELECT (rolled.since AT TIME ZONE 'UTC')::date FROM rolled)
          AND d.day < (SELECT (rolled.until AT TIME ZONE 'UTC')::date FROM rolled)
          AND (late.at IS NULL OR (d.day + 1)::timestamp AT TIME ZONE 'UTC' <= late.at)
          AND d.operational + d.warning + d.waiting + d.down = micros('24 hours')
    ), stop_day AS MATERIALIZED (  -- at first the days of each stop, then those of them that are full
        SELECT s.machine_name, s.since, s.until, day.since AS day
        FROM (SELECT machine_name, s.since, coalesce(s.until, until_at) AS until
              FROM stops_between(names, from_at, until_at, now_at) s WHERE NOT whole_floor) AS s
        CROSS JOIN LATERAL generate_series(utc_bin('24 hours', greatest(s.since, from_at)),
                                           least(s.until, until_at) - interval '1 microsecond', '24 hours') AS day (since)
    ), live AS (
        SELECT n AS machine_name, greatest(day.since, from_at) AS since,
               least(day.since + interval '24 hours', until_at) AS until
        FROM unnest(names) n
        CROSS JOIN generate_series(utc_bin('24 hours', from_at), until_at - interval '1 microsecond',
                                   '24 hours') AS day (since)
        WHERE NOT whole_floor
          AND NOT EXISTS (SELECT FROM full_day WHERE full_day.machine_name = n AND full_day.since = day.since)
    ), stretch AS (
        SELECT s.since, s.until, s.status = 'down' AS is_down, 1 AS is_known, s.direction
        FROM floor_intervals(CASE WHEN whole_floor THEN names ELSE '{}' END, from_at, until_at, now_at) s
        UNION ALL
        SELECT s.since, s.until, s.status = 'down', 1, 1
        FROM (SELECT array_agg(live.machine_name) AS names, array_agg(live.since) AS froms, array_agg(live.until) AS untils
              FROM live) AS p
        CROSS JOIN LATERAL status_intervals(p.names, p.froms, p.untils, now_at) s
        WHERE s.status <> 'unknown'
        UNION ALL
        SELECT greatest(s.since, full_day.since), least(s.until, full_day.since + interval '24 hours'), true, 0, 1
        FROM stop_day s JOIN full_day ON full_day.machine_name = s.machine_name AND full_day.since = s.day
    )
    SELECT part.since, sum(part.down)::bigint, sum(part.known)::bigint
    FROM (SELECT q.since, q.down, q.operational + q.warning + q.waiting + q.down AS known
          FROM rolled JOIN floor_quarters q ON q.since >= rolled.since AND q.since < rolled.until
          WHERE whole_floor
          UNION ALL
          SELECT day.since + quarter * interval '15 minutes', 0, day.machines * micros('15 minutes')
          FROM (SELECT full_day.since, count(*) AS machines FROM full_day GROUP BY full_day.since) AS day
          CROSS JOIN generate_series(0, 95) AS quarter
          UNION ALL
          SELECT q.since, CASE WHEN s.is_down THEN cut.length ELSE 0 END, s.is_known * cut.length
          FROM stretch s
          CROSS JOIN LATERAL generate_series(utc_bin('15 minutes', s.since),
                                             s.until - interval '1 microsecond', '15 minutes') AS q (since)
          CROSS JOIN LATERAL (SELECT s.direction * micros(least(s.until, q.since + interval '15 minutes')
                                                          - greatest(s.since, q.since)) AS length) AS cut) AS part
    GROUP BY part.since
$$;
