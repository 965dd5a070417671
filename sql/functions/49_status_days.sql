-- What each machine was on each day: the floor at a moment is read from one place instead of two for each machine. A
-- cache like those of 45_days.sql.

-- The day that a moment is in, where status_days has it; null: it has not. Of a time that is forgotten, what is left of the intervals.
CREATE OR REPLACE FUNCTION day_with_statuses(moment timestamptz) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT d.day FROM summed_days d JOIN history_days h USING (day)
    WHERE h.has_statuses AND d.since <= moment AND d.until > moment
      AND d.since >= coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity')
$$;

-- What each machine was at a moment, as status_days has it; no row: nothing was ever known of it.
CREATE OR REPLACE FUNCTION statuses_in_intervals(moment timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, since timestamptz, status text, reason text, version bigint, began timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT m.machine_id, CASE WHEN found.present THEN coalesce(found.silent_since, known.since) ELSE found.until END,
           CASE WHEN NOT found.present THEN NULL WHEN found.silent_since IS NULL THEN known.status ELSE 'unknown' END,
           CASE WHEN found.present AND found.silent_since IS NULL THEN known.reason END, coalesce(known.version, gap.version),
           CASE WHEN found.silent_since IS NULL THEN known.began ELSE coalesce(known.since, gap.since) END
    FROM machines m
    LEFT JOIN LATERAL known_status_at(m.machine_id, moment) known ON true
    LEFT JOIN LATERAL (SELECT * FROM status_intervals  -- what follows, which is unknown
                       WHERE (known.until > moment) IS NOT TRUE AND machine_id = m.machine_id
                         AND since >= coalesce(known.until, '-infinity') AND since <= moment
                       ORDER BY since DESC LIMIT 1) AS gap ON true
    LEFT JOIN machines_without_data(now_at) quiet
           ON quiet.machine_id = m.machine_id AND known.until = 'infinity' AND quiet.since <= moment
    CROSS JOIN LATERAL (SELECT coalesce(gap.until, known.until) AS until, coalesce(gap.until, known.until) > moment AS present,
                               coalesce(gap.since, CASE WHEN quiet.since < known.since THEN known.since ELSE quiet.since END)
                                   AS silent_since) AS found
    WHERE found.until IS NOT NULL
$$;

-- The same from wherever it is read fastest.
CREATE OR REPLACE FUNCTION statuses_at(moment timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, since timestamptz, status text, reason text, version bigint, began timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT d.machine_id, d.since[last.number],
           CASE d.status[last.number] WHEN 'o' THEN 'operational' WHEN 'w' THEN 'warning' WHEN 'd' THEN 'down' WHEN 'u' THEN 'unknown' END,
           d.reason[last.number], d.version[last.number], d.began[last.number]
    FROM status_days d
    CROSS JOIN LATERAL (SELECT width_bucket(moment, d.since) AS number OFFSET 0) AS last
    WHERE d.day = (SELECT day_with_statuses(moment)) AND last.number > 0
    UNION ALL
    SELECT i.* FROM statuses_in_intervals(moment, now_at) i WHERE (SELECT day_with_statuses(moment)) IS NULL
$$;

-- Reads one day from the intervals again.
CREATE OR REPLACE FUNCTION keep_statuses(of_day history_days) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    DELETE FROM status_days WHERE day = of_day.day;
    INSERT INTO status_days (day, machine_id, since, status, reason, version, began)
    WITH recorded AS MATERIALIZED (
        SELECT i.machine_id, i.since, i.until, i.status, i.reason, i.version
        FROM machines m
        CROSS JOIN LATERAL (
            SELECT * FROM status_intervals s
            WHERE s.machine_id = m.machine_id AND s.since < of_day.until
              AND s.since >= coalesce((SELECT max(c.since) FROM status_intervals c
                                       WHERE c.machine_id = m.machine_id AND c.since <= of_day.since), '-infinity')
            OFFSET 0) AS i  -- machine by machine by the index
    ), silent AS (  -- silent_since: it may be before the last status, which then nobody heard of
        SELECT r.machine_id, r.since, r.version, q.since AS silent_since
        FROM recorded r JOIN machines_without_data(floor_clock()) q USING (machine_id)
        WHERE r.until = 'infinity' AND r.status <> 'unknown' AND q.since < of_day.until
    ), followed AS MATERIALIZED (
        SELECT *, lead(since) OVER (PARTITION BY machine_id ORDER BY since) AS next
        FROM (SELECT r.machine_id, r.since, r.until, r.status, r.reason, r.version
              FROM recorded r LEFT JOIN silent USING (machine_id, since) WHERE (silent.silent_since > r.since) IS NOT FALSE
              UNION ALL
              SELECT machine_id, greatest(silent_since, since), 'infinity', 'unknown', NULL, version FROM silent) AS heard
    ), entry AS (
        SELECT machine_id, since, status, reason, version FROM followed
        UNION ALL
        SELECT machine_id, until, NULL, NULL, version FROM followed WHERE until < coalesce(next, of_day.until)  -- it was gone
    ), begun AS (  -- null: it goes on
        SELECT *, CASE WHEN status = 'unknown' THEN (SELECT k.since FROM known_status_at(machine_id, o.since) k)
                       WHEN since <= of_day.since OR before = 'unknown' THEN (SELECT k.began FROM known_status_at(machine_id, o.since) k)
                       WHEN status IS DISTINCT FROM before THEN since END AS at
        FROM (SELECT *, lag(status) OVER (PARTITION BY machine_id ORDER BY since) AS before FROM entry) AS o
    )
    SELECT of_day.day, machine_id, array_agg(since ORDER BY since), array_agg(left(status, 1)::"char" ORDER BY since),
           array_agg(reason ORDER BY since), array_agg(last_version ORDER BY since), array_agg(coalesce(began, since) ORDER BY since)
    FROM (SELECT machine_id, since, status, reason,
                 CASE WHEN status = 'unknown'
                      THEN coalesce((SELECT k.version FROM known_status_at(machine_id, begun.since) k), version)
                      ELSE version END AS last_version,
                 CASE WHEN status = 'unknown' THEN at
                      ELSE max(at) FILTER (WHERE status IS DISTINCT FROM 'unknown')
                               OVER (PARTITION BY machine_id ORDER BY since) END AS began
          FROM begun) AS kept
    GROUP BY machine_id ORDER BY machine_id;  -- as the index has them
    UPDATE history_days SET has_statuses = true WHERE day = of_day.day;
$$;

-- When what a machine was after a late event no longer depends on it: once it was in another status than the first that followed.
-- Until then also its status and since when it was in it may be of the event.
CREATE OR REPLACE FUNCTION end_of_influence(of_machine integer, ends timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce((
        SELECT (SELECT i.since FROM status_intervals i
                WHERE i.machine_id = of_machine AND i.since > next.since AND i.status NOT IN (next.status, 'unknown')
                ORDER BY i.since LIMIT 1)
        FROM (SELECT i.since, i.status FROM status_intervals i
              WHERE i.machine_id = of_machine AND i.since >= ends AND i.status <> 'unknown'
              ORDER BY i.since LIMIT 1) AS next), 'infinity')
$$;
