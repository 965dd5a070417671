-- Sums for reports: microseconds of each machine in a period, rolled up and not.

-- The part of a period that is rolled up in steps of a size (machine_days: 24 hours; floor_quarters: 15 minutes); nulls:
-- none of it.
CREATE OR REPLACE FUNCTION rolled_part(from_at timestamptz, until_at timestamptz, step interval)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT CASE WHEN part.since < part.until THEN part.since END, CASE WHEN part.since < part.until THEN part.until END
    FROM (SELECT utc_bin(step, from_at + step - interval '1 microsecond') AS since,
                 CASE WHEN until_at < p.rolled_until THEN utc_bin(step, until_at) ELSE p.rolled_until END AS until
          FROM history_progress p) AS part
$$;

-- The machines of which something came late, newer to refresh_history() than a rolled up time that it belongs to; and
-- those that do not report now, whose data gap reaches back into it.
CREATE OR REPLACE FUNCTION late_arrivals(until_at timestamptz, now_at timestamptz) RETURNS TABLE (machine_name text, at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 AS $$
    SELECT found.machine_name, min(found.at)
    FROM (SELECT u.machine_name, u.at FROM history_pending u
          UNION ALL
          SELECT q.machine_name, q.since FROM machines_without_data(now_at) q) AS found
    WHERE found.at < until_at GROUP BY found.machine_name
$$;

-- The whole days of machine_days nearest to a period: it may begin and end up to twelve hours before or after them; nulls:
-- none of it is rolled up.
CREATE OR REPLACE FUNCTION nearest_days(from_at timestamptz, until_at timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT CASE WHEN part.since < part.until THEN part.since END, CASE WHEN part.since < part.until THEN part.until END
    FROM (SELECT utc_bin('24 hours', from_at + interval '12 hours') AS since,
                 CASE WHEN p.rolled_until IS NULL THEN NULL
                      WHEN until_at >= p.rolled_until THEN p.rolled_until
                      WHEN nearest.midnight <= p.rolled_until THEN nearest.midnight
                      ELSE utc_bin('24 hours', until_at) END AS until
          FROM history_progress p,
               utc_bin('24 hours', until_at + interval '12 hours') AS nearest (midnight)) AS part
$$;

CREATE OR REPLACE FUNCTION machine_times(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH wanted AS (
        SELECT unnest(names) AS machine_name
    ), rolled AS (
        SELECT r.since, r.until FROM nearest_days(from_at, until_at) r
    ), late AS (
        SELECT l.machine_name, greatest(l.at, rolled.since) AS since, rolled.until
        FROM rolled CROSS JOIN LATERAL late_arrivals(rolled.until, now_at) l JOIN wanted USING (machine_name)
    ), edge AS (  -- what is not in those days (direction 1), and what is in them but not in the period (-1)
        SELECT e.since, e.until, e.direction
        FROM (SELECT from_at AS since, coalesce(rolled.since, until_at) AS until, 1 AS direction FROM rolled
              UNION ALL
              SELECT rolled.until, until_at, 1 FROM rolled
              UNION ALL
              SELECT rolled.since, from_at, -1 FROM rolled
              UNION ALL
              SELECT until_at, rolled.until, -1 FROM rolled) AS e
        WHERE e.since < e.until
    ), outdated AS (
        SELECT array_agg(late.machine_name) AS names, array_agg(late.since) AS froms, array_agg(late.until) AS untils FROM late
    ), part AS (
        SELECT d.machine_name, sum(d.operational)::bigint AS operational, sum(d.warning)::bigint AS warning,
               sum(d.waiting)::bigint AS waiting, sum(d.down)::bigint AS down
        FROM machine_days d
        WHERE d.day >= (SELECT (r.since AT TIME ZONE 'UTC')::date FROM nearest_days(from_at, until_at) r)
          AND d.day < (SELECT ((r.until + interval '24 hours' - interval '1 microsecond') AT TIME ZONE 'UTC')::date
                       FROM nearest_days(from_at, until_at) r)  -- not from rolled, for this is read in parallel;
          AND (cardinality(names) > 100 OR d.machine_name = ANY (names))  -- of many machines all are, and then joined
        GROUP BY d.machine_name
        UNION ALL
        SELECT s.machine_name,
               CASE WHEN s.status = 'operational' THEN s.length ELSE 0 END,
               CASE WHEN s.status = 'warning' AND NOT s.waits THEN s.length ELSE 0 END,
               CASE WHEN s.status = 'warning' AND s.waits THEN s.length ELSE 0 END,
               CASE WHEN s.status = 'down' THEN s.length ELSE 0 END
        FROM (SELECT s.machine_name, s.status, wait_kind(s.status, s.reason) IS NOT NULL AS waits,
                     edge.direction * micros(s.until - s.since) AS length
              FROM edge CROSS JOIN LATERAL known_intervals(names, edge.since, edge.until, now_at) s
              UNION ALL
              SELECT s.machine_name, s.status, wait_kind(s.status, s.reason) IS NOT NULL, micros(s.until - s.since)
              FROM outdated p CROSS JOIN LATERAL status_intervals(p.names, p.froms, p.untils, now_at) s
              UNION ALL
              SELECT s.machine_name, s.status, wait_kind(s.status, s.reason) IS NOT NULL, -micros(s.until - s.since)
              FROM outdated p CROSS JOIN LATERAL status_intervals(p.names, p.froms, p.untils, NULL) s) AS s
    )
    SELECT w.machine_name, sum(part.operational)::bigint, sum(part.warning)::bigint, sum(part.waiting)::bigint,
           sum(part.down)::bigint
    FROM wanted w JOIN part USING (machine_name)
    GROUP BY w.machine_name
$$;
COMMENT ON FUNCTION machine_times IS
    'Microseconds of some machines in a period, right to the second; what is missing to its length is unknown.';
