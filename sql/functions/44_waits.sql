-- Wait attribution: one row per interval in which a machine was starved or blocked by one cause.

-- Intervals on the line that the machine counted on then (counted_placements): one that spans a move is cut. line_id 0: on none.
CREATE OR REPLACE FUNCTION placed_intervals(ids integer[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, line_id smallint, since timestamptz, until timestamptz, status text, reason text,
               waits boolean, length bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20000 AS $$
    SELECT i.machine_id, coalesce(p.line_id, 0::smallint), cut.since, cut.until, i.status, i.reason,
           wait_kind(i.status, i.reason) IS NOT NULL, micros(cut.until - cut.since)
    FROM intervals_of(ids, from_at, until_at, now_at) i
    JOIN counted_placements p ON p.machine_id = i.machine_id AND p.since < i.until AND p.until > i.since
    CROSS JOIN LATERAL (SELECT greatest(i.since, p.since) AS since, least(i.until, p.until) AS until) AS cut
$$;

-- A starved machine waits for the nearest machine before it on its line that is down or itself waits: a machine that
-- is down is charged, one that is starved too waits for the same, and of one that is blocked the chain leads back to
-- where it came from, so nobody is charged. A blocked machine waits in the same way for what comes after it. The line is that
-- of then, the order of its machines that of now. All is cut at full hours, so that an interval is compared with few others.
CREATE OR REPLACE FUNCTION waits_within(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, root integer, line_id smallint, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH place AS (
        SELECT m.machine_id, row_number() OVER (ORDER BY m.position, m.machine_name) AS place FROM machines m
    ), stretch AS MATERIALIZED (
        SELECT s.line_id, place.place, s.machine_id, hour, greatest(s.since, hour) AS since,
               least(s.until, hour + interval '1 hour') AS until, state.state
        FROM placed_intervals(machine_ids(NULL), from_at, until_at, now_at) s
        JOIN place USING (machine_id)
        CROSS JOIN LATERAL (SELECT CASE WHEN s.status = 'down' THEN 'down' ELSE wait_kind(s.status, s.reason) END AS state) AS state
        CROSS JOIN LATERAL generate_series(utc_bin('1 hour', s.since), s.until - interval '1 microsecond', '1 hour') AS hour
        WHERE s.status IN ('down', 'warning') AND s.line_id <> 0 AND state.state IS NOT NULL
    ), victim AS (
        SELECT stretch.*, row_number() OVER () AS number FROM stretch WHERE state IN ('starved', 'blocked')
    ), holder AS (  -- what is in a victim's way; enough: how far off the nearest is that is so all the time
        SELECT v.number, v.machine_id, v.line_id, CASE WHEN h.state = 'down' THEN h.machine_id END AS root,
               abs(v.place - h.place) AS distance, tstzrange(greatest(v.since, h.since), least(v.until, h.until)) AS period,
               min(abs(v.place - h.place)) FILTER (WHERE h.since <= v.since AND h.until >= v.until)
                   OVER (PARTITION BY v.number) AS enough
        FROM victim v JOIN stretch h ON h.line_id = v.line_id AND h.hour = v.hour AND h.since < v.until AND h.until > v.since
         AND CASE v.state WHEN 'starved' THEN h.place < v.place AND h.state IN ('down', 'blocked')
                          ELSE h.place > v.place AND h.state IN ('down', 'starved') END
    ), nearest AS (  -- each with when something nearer is in the way
        SELECT holder.*, range_agg(period) OVER (PARTITION BY number ORDER BY distance
                                                 GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS nearer
        FROM holder WHERE distance <= coalesce(enough, distance)
    ), charge AS (
        SELECT nearest.number, nearest.machine_id, nearest.root, nearest.line_id, charged
        FROM nearest, unnest(tstzmultirange(nearest.period) - coalesce(nearest.nearer, '{}')) AS charged
        WHERE nearest.root IS NOT NULL
    )
    SELECT charge.machine_id, charge.root, charge.line_id, lower(charge.charged), upper(charge.charged) FROM charge
    UNION ALL
    SELECT v.machine_id, NULL, v.line_id, lower(rest), upper(rest)
    FROM victim v LEFT JOIN (SELECT number, range_agg(charged) AS charged FROM charge GROUP BY number) c USING (number),
         unnest(tstzmultirange(tstzrange(v.since, v.until)) - coalesce(c.charged, '{}')) AS rest
$$;

-- The same day by day, so that a long period needs no more memory than a short one.
CREATE OR REPLACE FUNCTION waits_between(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, root integer, line_id smallint, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT w.machine_id, w.root, w.line_id, w.since, w.until
    FROM generate_series(from_at, until_at - interval '1 microsecond', '24 hours') AS step
    CROSS JOIN LATERAL waits_within(step, least(step + interval '24 hours', until_at), now_at) w
$$;
COMMENT ON FUNCTION waits_between IS
    'Starved and blocked intervals with the machine that caused them: root is null where it cannot be attributed.';
