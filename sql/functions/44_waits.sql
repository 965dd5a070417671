-- Wait attribution: one row per interval in which a machine was starved or blocked by one cause.

-- A starved machine waits for the nearest machine before it on its line that is down or itself waits: a machine that
-- is down is charged, one that is starved too waits for the same, and of one that is blocked the chain leads back to
-- where it came from, so nobody is charged. A blocked machine waits in the same way for what comes after it. Lines and
-- positions are those of now. now_at null: only what was read. of_lines null: all.
CREATE OR REPLACE FUNCTION waits_within(from_at timestamptz, until_at timestamptz, now_at timestamptz, of_lines smallint[])
RETURNS TABLE (machine_name text, root text, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH place AS (
        SELECT m.machine_name, m.line_id,
               row_number() OVER (PARTITION BY m.line_id ORDER BY m.position, m.machine_name) AS place
        FROM machines m
        WHERE of_lines IS NULL OR m.line_id = ANY (of_lines)
    ), name AS (
        SELECT array_agg(place.machine_name) AS names, array_agg(from_at) AS froms, array_agg(until_at) AS untils FROM place
    ), stretch AS MATERIALIZED (
        SELECT place.line_id, place.place, s.machine_name, s.since, s.until,
               CASE WHEN s.status = 'down' THEN 'down' ELSE wait_kind(s.status, s.reason) END AS state
        FROM name CROSS JOIN LATERAL status_intervals(name.names, name.froms, name.untils, now_at) s
        JOIN place USING (machine_name)
        WHERE s.status IN ('down', 'warning')
    ), victim AS (
        SELECT stretch.*, row_number() OVER () AS number FROM stretch WHERE state IN ('starved', 'blocked')
    ), holder AS (  -- what is in a victim's way, with when something nearer is
        SELECT v.number, v.machine_name, CASE WHEN h.state = 'down' THEN h.machine_name END AS root,
               tstzrange(greatest(v.since, h.since), least(v.until, h.until)) AS period,
               range_agg(tstzrange(greatest(v.since, h.since), least(v.until, h.until)))
                   OVER (PARTITION BY v.number ORDER BY abs(v.place - h.place)
                         GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS nearer
        FROM victim v JOIN stretch h ON h.line_id = v.line_id AND h.since < v.until AND h.until > v.since
         AND CASE v.state WHEN 'starved' THEN h.place < v.place AND h.state IN ('down', 'blocked')
                          ELSE h.place > v.place AND h.state IN ('down', 'starved') END
    ), charge AS (
        SELECT holder.number, holder.machine_name, holder.root, charged
        FROM holder, unnest(tstzmultirange(holder.period) - coalesce(holder.nearer, '{}')) AS charged
        WHERE holder.root IS NOT NULL
    )
    SELECT charge.machine_name, charge.root, lower(charge.charged), upper(charge.charged) FROM charge
    UNION ALL
    SELECT v.machine_name, NULL, lower(rest), upper(rest)
    FROM victim v LEFT JOIN (SELECT number, range_agg(charged) AS charged FROM charge GROUP BY number) c USING (number),
         unnest(tstzmultirange(tstzrange(v.since, v.until)) - coalesce(c.charged, '{}')) AS rest
$$;

-- The same in steps of six hours, because every interval is compared with all of its line.
CREATE OR REPLACE FUNCTION waits_between(from_at timestamptz, until_at timestamptz, now_at timestamptz, of_lines smallint[])
RETURNS TABLE (machine_name text, root text, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT w.machine_name, w.root, w.since, w.until
    FROM generate_series(utc_bin(checkpoint_step(), from_at), until_at - interval '1 microsecond', checkpoint_step()) AS step
    CROSS JOIN LATERAL waits_within(greatest(step, from_at), least(step + checkpoint_step(), until_at), now_at, of_lines) w
$$;
COMMENT ON FUNCTION waits_between IS 'Starved and blocked intervals with the machine that caused them: root is null where it cannot be attributed.';
