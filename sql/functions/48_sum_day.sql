-- The sums of one day: of each machine and line, and of all machines, up to each hour and of all of it, and of the hours of each line.

-- Makes the sums of one day again.
CREATE OR REPLACE FUNCTION sum_day(of_day date) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET jit = off AS $$
DECLARE
    period history_days;
    cuts   timestamptz[];
    ids    integer[] := machine_ids(NULL);
BEGIN
    SELECT * INTO STRICT period FROM history_days WHERE day = of_day FOR UPDATE;
    cuts := hour_cuts(period.since, period.until, period.time_zone);
    DELETE FROM changed_days WHERE day = of_day;  -- before the intervals are read: what comes after marks the day again
    PERFORM sum_stops(period);
    IF period.until <= (SELECT forgotten_until FROM history_upkeep) THEN
        RETURN;  -- its sums are all that is known of its intervals
    END IF;
    PERFORM keep_statuses(period);
    DELETE FROM machine_days WHERE day = of_day;
    DELETE FROM machine_hours WHERE day = of_day;
    DELETE FROM line_hours WHERE day = of_day;
    WITH piece AS (
        SELECT p.machine_id, p.line_id, p.since, p.until, CASE WHEN p.waits THEN 'waiting' ELSE p.status END AS kind
        FROM placed_intervals(ids, period.since, period.until, floor_clock()) p WHERE p.status <> 'unknown'
        UNION ALL
        SELECT coalesce(w.root, w.machine_id), w.line_id, w.since, w.until,
               CASE WHEN w.root IS NULL THEN 'unattributed' ELSE 'caused' END
        FROM waits_between(period.since, period.until, floor_clock()) w
    ), hour AS MATERIALIZED (  -- the first begins at cuts[1]
        SELECT p.machine_id, p.line_id, n.number, sum(part.length) FILTER (WHERE p.kind = 'operational') AS operational,
               sum(part.length) FILTER (WHERE p.kind = 'warning') AS warning,
               sum(part.length) FILTER (WHERE p.kind = 'waiting') AS waiting,
               sum(part.length) FILTER (WHERE p.kind = 'down') AS down,
               sum(part.length) FILTER (WHERE p.kind = 'caused') AS caused,
               sum(part.length) FILTER (WHERE p.kind = 'unattributed') AS unattributed
        FROM piece p
        CROSS JOIN LATERAL generate_series(width_bucket(p.since, cuts), width_bucket(p.until - interval '1 microsecond', cuts))
            AS n (number)
        CROSS JOIN LATERAL (SELECT micros(least(p.until, cuts[n.number + 1]) - greatest(p.since, cuts[n.number])) AS length) AS part
        GROUP BY 1, 2, 3
    ), up_to AS (
        SELECT machine_id, line_id, cut, coalesce(sum(h.operational) OVER w, 0)::bigint AS operational,
               coalesce(sum(h.warning) OVER w, 0)::bigint AS warning, coalesce(sum(h.waiting) OVER w, 0)::bigint AS waiting,
               coalesce(sum(h.down) OVER w, 0)::bigint AS down, coalesce(sum(h.caused) OVER w, 0)::bigint AS caused,
               coalesce(sum(h.unattributed) OVER w, 0)::bigint AS unattributed
        FROM (SELECT DISTINCT machine_id, line_id FROM hour) AS machine
        CROSS JOIN (SELECT generate_series(1, cardinality(cuts)) AS cut) AS moment
        LEFT JOIN (SELECT hour.*, hour.number + 1 AS cut FROM hour) AS h USING (machine_id, line_id, cut)
        WINDOW w AS (PARTITION BY machine_id, line_id ORDER BY cut)
    ), hours AS (
        INSERT INTO machine_hours
        SELECT of_day, machine_id, line_id, array_agg(operational ORDER BY cut), array_agg(warning ORDER BY cut),
               array_agg(waiting ORDER BY cut), array_agg(down ORDER BY cut), array_agg(caused ORDER BY cut),
               array_agg(unattributed ORDER BY cut)
        FROM up_to GROUP BY machine_id, line_id
        ORDER BY machine_id  -- as the index has them: a report reads each page once
    ), longest AS (
        SELECT e.machine_id, coalesce(p.line_id, 0::smallint) AS line_id,
               max(micros(e.until - e.since)) FILTER (WHERE e.status = 'down') AS down,
               max(micros(e.until - e.since)) FILTER (WHERE wait_kind(e.status, e.reason) IS NOT NULL) AS wait
        FROM whole_intervals(ids, period.since, period.until, floor_clock()) e
        JOIN counted_placements p ON p.machine_id = e.machine_id AND p.since < e.until AND p.until >= e.until
        WHERE e.until > period.since AND e.until <= period.until GROUP BY 1, 2
    ), machine AS (
        INSERT INTO machine_days (day, machine_id, line_id, operational, warning, waiting, down, caused, unattributed,
                                  longest_down, longest_wait)
        SELECT of_day, u.machine_id, u.line_id, u.operational, u.warning, u.waiting, u.down, u.caused, u.unattributed,
               coalesce(l.down, 0), coalesce(l.wait, 0)
        FROM up_to u LEFT JOIN longest l USING (machine_id, line_id)
        WHERE u.cut = cardinality(cuts)
        ORDER BY u.machine_id
    ), floor AS (
        UPDATE history_days d
        SET summed_at = floor_clock(), hours = cuts, operational = f.operational, warning = f.warning, waiting = f.waiting, down = f.down
        FROM (SELECT array_agg(m.operational ORDER BY m.cut) AS operational, array_agg(m.warning ORDER BY m.cut) AS warning,
                     array_agg(m.waiting ORDER BY m.cut) AS waiting, array_agg(m.down ORDER BY m.cut) AS down
              FROM (SELECT u.cut, sum(u.operational)::bigint AS operational, sum(u.warning)::bigint AS warning,
                           sum(u.waiting)::bigint AS waiting, sum(u.down)::bigint AS down
                    FROM up_to u GROUP BY u.cut) AS m) AS f
        WHERE d.day = of_day
    )
    INSERT INTO line_hours (day, line_id, hour, operational, warning, down)
    SELECT of_day, h.line_id, extract(hour FROM cuts[h.number] AT TIME ZONE period.time_zone), coalesce(sum(h.operational), 0),
           coalesce(sum(h.warning), 0) + coalesce(sum(h.waiting), 0), coalesce(sum(h.down), 0)
    FROM hour h GROUP BY 2, 3;
END $$;
