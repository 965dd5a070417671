-- Sums for reports: microseconds that neighbours waited for each machine in a period.

-- How long each machine of the floor was waited for by its neighbours in a period, and waited for nobody that was found.
CREATE OR REPLACE FUNCTION machine_charges(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, caused bigint, unattributed bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH rolled AS (
        SELECT r.since, r.until, p.rolled_until FROM history_progress p, rolled_part(from_at, until_at, '24 hours') r
    ), late AS (  -- that a machine is silent matters to its line only where it is down or waits
        SELECT m.line_id, greatest(min(l.at), from_at) AS since, least(rolled.rolled_until, until_at) AS until
        FROM rolled CROSS JOIN LATERAL (
            SELECT * FROM late_arrivals(least(rolled.rolled_until, until_at), NULL)
            UNION ALL
            SELECT q.machine_name, q.since FROM machines_without_data(now_at) q JOIN machine_feed_stream f USING (machine_name)
            WHERE q.since < least(rolled.rolled_until, until_at)
              AND (f.status = 'down' OR wait_kind(f.status, f.reason) IS NOT NULL)) AS l
        JOIN machines m USING (machine_name)
        WHERE m.line_id IS NOT NULL AND rolled.rolled_until IS NOT NULL GROUP BY m.line_id, rolled.rolled_until
    ), wait AS (
        SELECT w.machine_name, w.root, micros(least(w.until, edge.until) - greatest(w.since, edge.since)) AS length
        FROM (SELECT from_at AS since, least(coalesce(rolled.since, until_at), rolled.rolled_until) AS until FROM rolled
              UNION ALL
              SELECT rolled.until, least(until_at, rolled.rolled_until) FROM rolled) AS edge
        JOIN blocked_intervals w ON w.since < edge.until AND w.since > edge.since - checkpoint_step() AND w.until > edge.since
        UNION ALL
        SELECT w.machine_name, w.root, micros(w.until - w.since)
        FROM rolled CROSS JOIN LATERAL waits_between(greatest(from_at, rolled.rolled_until), until_at, now_at, NULL) w
        UNION ALL
        SELECT w.machine_name, w.root, micros(w.until - w.since)
        FROM late CROSS JOIN LATERAL waits_between(late.since, late.until, now_at, ARRAY[late.line_id]) w
        UNION ALL
        SELECT w.machine_name, w.root, -micros(least(w.until, late.until) - greatest(w.since, late.since))
        FROM late JOIN machines m USING (line_id) JOIN blocked_intervals w USING (machine_name)
        WHERE w.until > late.since AND w.since < late.until
    )
    SELECT part.machine_name, sum(part.caused)::bigint, sum(part.unattributed)::bigint
    FROM (SELECT d.machine_name, sum(d.caused) AS caused, sum(d.unattributed) AS unattributed
          FROM machine_days d
          WHERE d.day >= (SELECT (rolled.since AT TIME ZONE 'UTC')::date FROM rolled)
            AND d.day < (SELECT ((rolled.until + interval '24 hours' - interval '1 microsecond') AT TIME ZONE 'UTC')::date
                         FROM rolled)
          GROUP BY d.machine_name
          UNION ALL
          SELECT coalesce(wait.root, wait.machine_name), CASE WHEN wait.root IS NOT NULL THEN wait.length ELSE 0 END,
                 CASE WHEN wait.root IS NULL THEN wait.length ELSE 0 END
          FROM wait) AS part
    GROUP BY part.machine_name
$$;
COMMENT ON FUNCTION machine_charges IS
    'Microseconds: how long neighbours waited for each machine, and each waited without anybody found to be the reason.';
