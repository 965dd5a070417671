-- Deriving again what is derived from the history: all of it, or from a midnight on.

-- Delete all that is derived: refresh_history() makes it again.
CREATE OR REPLACE FUNCTION history_reset() RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    DELETE FROM machine_stops;
    DELETE FROM machine_days;
    DELETE FROM floor_quarters;
    DELETE FROM status_checkpoints;
    DELETE FROM blocked_intervals;
    DELETE FROM history_machines;
    UPDATE history_progress SET loaded = 0, version = 0, rolled_until = NULL,
        life_xid = next_xid(), xid = oldest_xid(),
        life_version = greatest((SELECT coalesce(max(version), 0) FROM machine_status_history),
                                (SELECT coalesce(max(version), 0) FROM data_gaps)),
        foreign_version = greatest(
            (SELECT coalesce(max(version), 0) FROM machine_status_history WHERE xid >= next_xid()),
            (SELECT coalesce(max(version), 0) FROM data_gaps WHERE xid >= next_xid()));
$$;

CREATE OR REPLACE FUNCTION history_rebuild() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    was history_progress;
    names text[]; news timestamptz[]; lasts timestamptz[];
    late_names text[]; late_news timestamptz[]; late_untils timestamptz[];
    late_lines smallint[];
    late_from timestamptz;
    latest bigint;
BEGIN
    SELECT * INTO was FROM history_progress;
    IF was.forgotten_until IS NULL THEN
        PERFORM history_reset();
        RETURN;
    END IF;
    LOCK TABLE machine_feed_stream, machine_status_history, data_gaps IN SHARE ROW EXCLUSIVE MODE;
    SELECT array_agg(new.machine_name), array_agg(new.at), array_agg(new.last) INTO names, news, lasts
    FROM (SELECT found.machine_name, min(found.at) AS at, max(found.at) AS last
          FROM (SELECT h.machine_name, greatest(h.changed_at, was.forgotten_until) AS at FROM machine_status_history h
                WHERE NOT history_is_ingested(h.xid, h.version, was) AND isfinite(h.changed_at)
                UNION ALL
                SELECT s.machine_name, s.since FROM data_gaps s
                WHERE NOT history_is_ingested(s.xid, s.version, was)) AS found
          GROUP BY found.machine_name) AS new;
    SELECT array_agg(name), array_agg(new_at), array_agg(was.rolled_until), min(new_at)
    INTO late_names, late_news, late_untils, late_from
    FROM unnest(names, news) AS new (name, new_at) WHERE new_at < was.rolled_until;
    IF late_names IS NOT NULL THEN
        SELECT coalesce(array_agg(DISTINCT line_id), '{}') INTO late_lines FROM machines
        WHERE machine_name = ANY (late_names) AND line_id IS NOT NULL;
        PERFORM history_add_times(late_names, late_news, late_untils, -1);
        PERFORM history_remove_waits(late_from, late_lines);
    END IF;
    latest := greatest((SELECT coalesce(max(version), 0) FROM machine_status_history),
                       (SELECT coalesce(max(version), 0) FROM data_gaps));
    UPDATE history_progress SET loaded = latest, life_version = latest, foreign_version = latest, life_xid = '0',
        xid = oldest_xid(), version = 0;
    IF names IS NOT NULL THEN
        INSERT INTO history_machines AS m SELECT * FROM unnest(names, news, lasts)
        ON CONFLICT (machine_name) DO UPDATE SET first_at = least(m.first_at, excluded.first_at),
                                                 last_at = greatest(m.last_at, excluded.last_at);
        PERFORM history_update_stops(names, news);
    END IF;
    IF late_names IS NOT NULL THEN
        PERFORM history_add_times(late_names, late_news, late_untils, 1);
        PERFORM history_add_waits(late_from, was.rolled_until, late_lines);
    END IF;
END $$;

-- Derive all again from the midnight before a moment on.
CREATE OR REPLACE FUNCTION history_rebuild_from(from_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    midnight timestamptz := date_trunc('day', from_at, 'UTC');
BEGIN
    IF (SELECT rolled_until FROM history_progress) > midnight THEN
        DELETE FROM machine_days WHERE day >= (midnight AT TIME ZONE 'UTC')::date;
        DELETE FROM floor_quarters WHERE since >= midnight;
        DELETE FROM status_checkpoints WHERE at > midnight;
        DELETE FROM blocked_intervals WHERE since >= midnight;
        UPDATE history_progress SET rolled_until = midnight;
    END IF;
    UPDATE history_machines SET first_at = from_at WHERE first_at > from_at;
    PERFORM history_update_stops(array_agg(machine_name), array_agg(greatest(first_at, midnight)), array_agg(last_at))
    FROM history_machines HAVING count(*) > 0;
END $$;
