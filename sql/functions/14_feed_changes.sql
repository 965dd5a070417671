-- What follows a statement on machine_feed_stream, in its transaction and under the lock of each machine's row: the log, the
-- intervals and the stops of each machine, and an announcement.

CREATE OR REPLACE FUNCTION machine_feed_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows) THEN
        UPDATE machines m SET type = n.type, retired_at = NULL FROM new_rows n
        WHERE n.machine_id = m.machine_id AND (n.type <> m.type OR m.retired_at IS NOT NULL);
        INSERT INTO machine_status_history (version, machine_id, old_status, new_status, reason, datetime, happened_at)
        SELECT version, machine_id, NULL, status, reason, datetime, reported_at FROM new_rows WHERE status IS NOT NULL;
        INSERT INTO status_intervals (machine_id, since, status, reason, version)
        SELECT machine_id, reported_at, status, reason, version FROM new_rows WHERE status IS NOT NULL;
        INSERT INTO machine_stops (version, machine_id, line_id, since, reason, repaired)
        SELECT version, machine_id, line_at(machine_id, reported_at), reported_at, reason, false
        FROM new_rows WHERE status = 'down';
        PERFORM mark_changed_days(min(reported_at), max(reported_at), true) FROM new_rows;  -- the commit may come after midnight
        PERFORM announce('{"resync": "a machine was added"}');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_inserted FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_inserted AFTER INSERT ON machine_feed_stream REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_inserted();

-- A machine was not heard of for too long: that is what it was meanwhile. What it is now begins again.
CREATE OR REPLACE FUNCTION record_gap(of_machine integer, from_at timestamptz, until_at timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    gap bigint := nextval('machine_feed_version');
BEGIN
    INSERT INTO data_gaps (version, machine_id, since, until) VALUES (gap, of_machine, from_at, until_at);
    UPDATE status_intervals SET until = from_at
    WHERE machine_id = of_machine AND since = (SELECT max(since) FROM status_intervals WHERE machine_id = of_machine)
      AND until = 'infinity';
    INSERT INTO status_intervals (machine_id, since, until, status, version)
    VALUES (of_machine, from_at, until_at, 'unknown', gap);
    RETURN gap;
END $$;

-- What a report changes: n is the row of the feed now, o what it was before.
CREATE OR REPLACE FUNCTION record_change(o machine_feed_stream, n machine_feed_stream, silent_after interval) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    is_change boolean := (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason);
    gap       bigint;
    stopped   timestamptz;  -- by a clock that was ahead the row may say another time
BEGIN
    IF n.reported_at > o.reported_at + silent_after THEN
        gap := record_gap(n.machine_id, o.reported_at + silent_after, n.reported_at);
    END IF;
    IF is_change THEN
        INSERT INTO machine_status_history (version, machine_id, old_status, new_status, reason, datetime, happened_at)
        VALUES (n.version, n.machine_id, o.status, n.status, n.reason, n.datetime, n.reported_at);
    END IF;
    IF is_change AND gap IS NULL THEN
        UPDATE status_intervals SET until = n.reported_at
        WHERE machine_id = n.machine_id AND until = 'infinity'
          AND since = (SELECT max(since) FROM status_intervals WHERE machine_id = n.machine_id);
    END IF;
    IF is_change OR gap IS NOT NULL THEN
        INSERT INTO status_intervals (machine_id, since, status, reason, version)
        VALUES (n.machine_id, n.reported_at, n.status, n.reason, CASE WHEN is_change THEN n.version ELSE gap END);
    END IF;
    IF is_change AND o.status = 'down' THEN
        SELECT max(since) INTO stopped FROM machine_stops WHERE machine_id = n.machine_id;
        IF n.status = 'down' THEN  -- the reason it began with counts; where that was none, the last one given
            UPDATE machine_stops SET reason = coalesce(n.reason, reason)
            WHERE machine_id = n.machine_id AND since = stopped AND until IS NULL
              AND (SELECT reason FROM status_intervals WHERE machine_id = n.machine_id AND since = stopped) IS NULL;
        ELSE
            UPDATE machine_stops
            SET until = n.reported_at, repaired = true, unconfirmed = unknown_length(machine_id, since, n.reported_at)
            WHERE machine_id = n.machine_id AND since = stopped AND until IS NULL;
        END IF;
    ELSIF is_change AND n.status = 'down' THEN
        INSERT INTO machine_stops (version, machine_id, line_id, since, reason, repaired)
        VALUES (n.version, n.machine_id, line_at(n.machine_id, n.reported_at), n.reported_at, n.reason, false);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION machine_feed_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    silent_after interval;
    renamed      boolean;
    changed      jsonb[];
BEGIN
    SELECT machine_silent_after INTO silent_after FROM plant_settings;
    PERFORM record_change(o, n, silent_after)
    FROM new_rows n JOIN old_rows o USING (machine_id)
    WHERE (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason) OR n.reported_at > o.reported_at + silent_after;

    SELECT bool_or((o.machine_name, o.type) IS DISTINCT FROM (n.machine_name, n.type)),
           array_agg(jsonb_build_array(n.machine_name, n.status, n.reason, n.version,
                                       epoch_ms(n.reported_at), epoch_ms(n.status_since)) ORDER BY n.version)
               FILTER (WHERE n.status IS NOT NULL)
    INTO renamed, changed
    FROM new_rows n JOIN old_rows o USING (machine_id);
    IF renamed THEN
        UPDATE machines m SET machine_name = n.machine_name, type = n.type FROM new_rows n
        WHERE n.machine_id = m.machine_id AND (n.machine_name, n.type) <> (m.machine_name, m.type);
        PERFORM announce('{"resync": "a machine was renamed"}');
    ELSIF changed IS NOT NULL THEN
        PERFORM announce_items('[', changed, ']');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_updated FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_updated AFTER UPDATE ON machine_feed_stream
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_updated();

-- One machine has left the floor: what it was ends, its past stays.
CREATE OR REPLACE FUNCTION machine_left(gone machine_feed_stream) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    left_at      timestamptz;
    silent_since timestamptz;
BEGIN
    IF gone.reported_at > floor_clock() + interval '1 hour' THEN
        PERFORM correct_future_history(gone.machine_id);
        gone.reported_at := (SELECT max(since) FROM status_intervals WHERE machine_id = gone.machine_id);
    END IF;
    left_at      := machine_feed_time(gone.reported_at);
    silent_since := gone.reported_at + (SELECT machine_silent_after FROM plant_settings);
    UPDATE machines SET retired_at = left_at WHERE machine_id = gone.machine_id;
    IF gone.status IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO machine_status_history (version, machine_id, old_status, new_status, happened_at)
    VALUES (nextval('machine_feed_version'), gone.machine_id, gone.status, NULL, left_at);
    IF silent_since < left_at THEN
        PERFORM record_gap(gone.machine_id, silent_since, left_at);
    END IF;
    UPDATE status_intervals SET until = left_at WHERE machine_id = gone.machine_id AND until = 'infinity';
    UPDATE machine_stops SET until = left_at, unconfirmed = unknown_length(machine_id, since, left_at)
    WHERE machine_id = gone.machine_id AND until IS NULL;
    PERFORM mark_changed_days(left_at, left_at, true);
END $$;

CREATE OR REPLACE FUNCTION machine_feed_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM machine_left(f) FROM machine_feed_stream f;
        PERFORM announce('{"resync": "the feed was emptied"}');
    ELSIF EXISTS (SELECT FROM old_rows) THEN
        PERFORM machine_left(ROW(o.*)::machine_feed_stream) FROM old_rows o;
        PERFORM announce('{"resync": "a machine was removed"}');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_deleted FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_deleted AFTER DELETE ON machine_feed_stream REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_deleted();
CREATE OR REPLACE TRIGGER machine_feed_truncated BEFORE TRUNCATE ON machine_feed_stream
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_deleted();
