-- Sums of the history: machines by UTC day (machine_days) and the floor by quarter of an hour (floor_quarters).

-- Mark what machines were wherever a mark falls into their periods, begins or ends them.
CREATE OR REPLACE FUNCTION history_save_checkpoints(names text[], froms timestamptz[], untils timestamptz[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    DELETE FROM status_checkpoints m USING unnest(names, froms, untils) AS p (name, since, until)
    WHERE m.machine_name = p.name AND m.at >= p.since AND m.at <= p.until;
    INSERT INTO status_checkpoints (at, machine_name, status, reason, version, reported_at, began)
    SELECT mark.at, p.name, reported.status, reported.reason, reported.version, reported.reported_at, reported.began
    FROM unnest(names, froms, untils) AS p (name, since, until)
    CROSS JOIN LATERAL generate_series(utc_bin(checkpoint_step(), p.since + checkpoint_step() - interval '1 microsecond'),
                                       p.until, checkpoint_step()) AS mark (at)
    CROSS JOIN LATERAL status_at(p.name, mark.at - interval '1 microsecond') reported
    WHERE reported.status IS NOT NULL ORDER BY mark.at, p.name
$$;

-- Add (direction 1) or take back (-1) what machines were over their periods, as far as it was read. For the
-- floor's quarters an interval says how much of its first and its last it fills, and that the ones between are full. What is
-- added is marked.
CREATE OR REPLACE FUNCTION history_add_times(names text[], froms timestamptz[], untils timestamptz[], direction integer) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH stretch AS MATERIALIZED (
        SELECT s.machine_name, s.since, s.until,
               CASE WHEN wait_kind(s.status, s.reason) IS NOT NULL THEN 'waiting' ELSE s.status END AS state,
               utc_bin('15 minutes', s.since) AS first,
               utc_bin('15 minutes', s.until - interval '1 microsecond') AS last
        FROM status_intervals(names, froms, untils, NULL) s
        WHERE s.status <> 'unknown'
    ), days AS (
        INSERT INTO machine_days AS d (machine_name, day, operational, warning, waiting, down)
        SELECT s.machine_name, (day.since AT TIME ZONE 'UTC')::date,
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'operational'), 0),
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'warning'), 0),
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'waiting'), 0),
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'down'), 0)
        FROM stretch s
        CROSS JOIN LATERAL generate_series(utc_bin('24 hours', s.since),
                                           s.until - interval '1 microsecond', '24 hours') AS day (since)
        CROSS JOIN LATERAL (SELECT direction * micros(least(s.until, day.since + interval '24 hours')
                                                      - greatest(s.since, day.since)) AS length) AS of_day
        GROUP BY s.machine_name, day.since
        ON CONFLICT (day, machine_name) DO UPDATE SET
            operational = d.operational + excluded.operational, warning = d.warning + excluded.warning,
            waiting = d.waiting + excluded.waiting, down = d.down + excluded.down
    ), change AS (
        SELECT stretch.first AS quarter, stretch.state,
               micros(least(stretch.until, stretch.first + interval '15 minutes') - stretch.since) AS part, 0 AS full
        FROM stretch
        UNION ALL
        SELECT stretch.last, stretch.state, micros(stretch.until - stretch.last), -1
        FROM stretch WHERE stretch.first < stretch.last
        UNION ALL
        SELECT stretch.first + interval '15 minutes', stretch.state, 0, 1
        FROM stretch WHERE stretch.first < stretch.last
    ), quarter AS (
        SELECT q.since, s.state,
               coalesce(change.part, 0) + micros('15 minutes') * coalesce(sum(change.full) OVER (PARTITION BY s.state ORDER BY q.since), 0)
                   AS length
        FROM (SELECT min(stretch.first) AS first, max(stretch.last) AS last FROM stretch) AS whole
        CROSS JOIN LATERAL generate_series(whole.first, whole.last, '15 minutes') AS q (since)
        CROSS JOIN unnest(ARRAY['operational', 'warning', 'waiting', 'down']) AS s (state)
        LEFT JOIN (SELECT c.quarter, c.state, sum(c.part) AS part, sum(c.full) AS full
                   FROM change c GROUP BY c.quarter, c.state) AS change ON change.quarter = q.since AND change.state = s.state
    )
    INSERT INTO floor_quarters AS q (since, operational, warning, waiting, down)
    SELECT quarter.since,
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'operational'),
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'warning'),
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'waiting'),
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'down')
    FROM quarter GROUP BY quarter.since HAVING sum(quarter.length) > 0
    ON CONFLICT (since) DO UPDATE SET
        operational = q.operational + excluded.operational, warning = q.warning + excluded.warning,
        waiting = q.waiting + excluded.waiting, down = q.down + excluded.down;
    SELECT history_save_checkpoints(names, froms, untils) WHERE direction = 1
$$;

-- Charge machines for (direction 1), or discharge them of (-1), some waits.
CREATE OR REPLACE FUNCTION history_charge(victims text[], roots text[], froms timestamptz[], untils timestamptz[], direction integer)
RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO machine_days AS d (machine_name, day, caused, unattributed)
    SELECT coalesce(w.root, w.victim), (day.since AT TIME ZONE 'UTC')::date,
           coalesce(sum(length) FILTER (WHERE w.root IS NOT NULL), 0), coalesce(sum(length) FILTER (WHERE w.root IS NULL), 0)
    FROM unnest(victims, roots, froms, untils) AS w (victim, root, since, until)
    CROSS JOIN LATERAL generate_series(utc_bin('24 hours', w.since), w.until - interval '1 microsecond',
                                       '24 hours') AS day (since)
    CROSS JOIN LATERAL (SELECT direction * micros(least(w.until, day.since + '24 hours') - greatest(w.since, day.since))
                        AS length) AS of_day
    GROUP BY 1, 2
    ON CONFLICT (day, machine_name) DO UPDATE SET
        caused = d.caused + excluded.caused, unattributed = d.unattributed + excluded.unattributed
$$;

CREATE OR REPLACE FUNCTION history_add_waits(from_at timestamptz, until_at timestamptz, of_lines smallint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    victims text[]; roots text[]; froms timestamptz[]; untils timestamptz[];
BEGIN
    WITH found AS (
        INSERT INTO blocked_intervals SELECT * FROM waits_between(from_at, until_at, NULL, of_lines) RETURNING *
    )
    SELECT array_agg(machine_name), array_agg(root), array_agg(since), array_agg(until)
    INTO victims, roots, froms, untils FROM found;
    PERFORM history_charge(victims, roots, froms, untils, 1);
END $$;

-- Take back what the machines of some lines were charged for from a moment on.
CREATE OR REPLACE FUNCTION history_remove_waits(from_at timestamptz, of_lines smallint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    victims text[]; roots text[]; froms timestamptz[]; untils timestamptz[];
BEGIN
    WITH gone AS (
        DELETE FROM blocked_intervals w USING machines m
        WHERE m.line_id = ANY (of_lines) AND w.machine_name = m.machine_name AND w.until > from_at RETURNING w.*
    ), kept AS (
        INSERT INTO blocked_intervals SELECT machine_name, root, since, from_at FROM gone WHERE since < from_at
    )
    SELECT array_agg(machine_name), array_agg(root), array_agg(greatest(since, from_at)), array_agg(until)
    INTO victims, roots, froms, untils FROM gone;
    PERFORM history_charge(victims, roots, froms, untils, -1);
END $$;
