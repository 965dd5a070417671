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
        PERFORM announce('{"resync": "a machine was added"}');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_inserted FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_inserted AFTER INSERT ON machine_feed_stream REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_inserted();

-- From when on a machine is unknown if no other report comes: it was not heard of for too long, or its feed lost the signal.
-- promised: seconds after which its feed reports it again; silent_after: of the plant.
CREATE OR REPLACE FUNCTION silent_since(reported_at timestamptz, signal_lost_at timestamptz, promised integer, silent_after interval)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT least(reported_at + make_interval(secs => least(promised, extract(epoch FROM silent_after))::double precision), signal_lost_at)
$$;

-- A machine was unknown for a while: that is what it was meanwhile. What it is now begins again.
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

-- All rows of a statement at once. What was the last interval of a machine ends, unless a gap has ended it, and the next begins.
CREATE OR REPLACE FUNCTION machine_feed_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    of_plant     interval := (SELECT machine_silent_after FROM plant_settings);
    renamed      boolean;
    silent       boolean;
    changed      boolean;
    stopped      boolean;  -- or did before
    announced    jsonb[];
BEGIN
    SELECT bool_or((o.machine_name, o.type) IS DISTINCT FROM (n.machine_name, n.type)),
           bool_or(n.reported_at > silent_since(o.reported_at, o.signal_lost_at, o.silent_after, of_plant)),
           bool_or((o.status, o.reason) IS DISTINCT FROM (n.status, n.reason)),
           bool_or((o.status, o.reason) IS DISTINCT FROM (n.status, n.reason) AND 'down' IN (o.status, n.status)),
           array_agg(jsonb_build_array(
               n.machine_name, CASE WHEN n.signal_lost_at IS NULL THEN n.status ELSE 'unknown' END,
               CASE WHEN n.signal_lost_at IS NULL THEN n.reason END, n.version, epoch_ms(n.reported_at),
               epoch_ms(coalesce(n.signal_lost_at, n.status_since)), epoch_ms(clock_timestamp())) ORDER BY n.version)
               FILTER (WHERE n.status IS NOT NULL)
    INTO renamed, silent, changed, stopped, announced
    FROM new_rows n FULL JOIN old_rows o USING (machine_id);  -- FULL: hashed, also by a plan that was made for one row
    IF silent THEN
        PERFORM record_gap(n.machine_id, silent_since(o.reported_at, o.signal_lost_at, o.silent_after, of_plant), n.reported_at)
        FROM new_rows n JOIN old_rows o USING (machine_id)
        WHERE n.reported_at > silent_since(o.reported_at, o.signal_lost_at, o.silent_after, of_plant);
    END IF;
    IF changed OR silent THEN
        WITH report AS (
            SELECT n.*, o.status AS status_before, (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason) AS is_change,
                   last.since AS last_since, last.version AS last_version
            FROM new_rows n FULL JOIN old_rows o USING (machine_id)
            LEFT JOIN LATERAL (SELECT since, version FROM status_intervals WHERE machine_id = n.machine_id
                               ORDER BY since DESC LIMIT 1) AS last ON true
            WHERE (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason)
               OR n.reported_at > silent_since(o.reported_at, o.signal_lost_at, o.silent_after, of_plant)
        ), log AS (
            INSERT INTO machine_status_history (version, machine_id, old_status, new_status, reason, datetime, happened_at)
            SELECT version, machine_id, status_before, status, reason, datetime, reported_at FROM report WHERE is_change
        ), ended AS (
            UPDATE status_intervals i SET until = r.reported_at
            FROM report r WHERE i.machine_id = r.machine_id AND i.since = r.last_since AND i.until = 'infinity'
        )
        INSERT INTO status_intervals (machine_id, since, status, reason, version)
        SELECT machine_id, reported_at, status, reason, CASE WHEN is_change THEN version ELSE last_version END FROM report;
    END IF;
    IF stopped THEN
        WITH report AS (
            SELECT n.*, o.status AS status_before, last.since AS last_since
            FROM new_rows n FULL JOIN old_rows o USING (machine_id)
            LEFT JOIN LATERAL (SELECT since FROM machine_stops WHERE machine_id = n.machine_id
                               ORDER BY since DESC LIMIT 1) AS last ON o.status = 'down'
            WHERE (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason) AND 'down' IN (o.status, n.status)
        ), ended AS (
            UPDATE machine_stops s
            SET until = r.reported_at, repaired = true,
                unconfirmed = (SELECT length FROM unknown_between(s.machine_id, s.since, r.reported_at))
            FROM report r
            WHERE r.status <> 'down' AND s.machine_id = r.machine_id AND s.since = r.last_since AND s.until IS NULL
        ), explained AS (  -- the reason it began with counts; where that was none, the last one given
            UPDATE machine_stops s SET reason = coalesce(r.reason, s.reason)
            FROM report r
            WHERE r.status = 'down' AND s.machine_id = r.machine_id AND s.since = r.last_since AND s.until IS NULL
              AND (SELECT reason FROM status_intervals WHERE machine_id = s.machine_id AND since = s.since) IS NULL
        )
        INSERT INTO machine_stops (version, machine_id, line_id, since, reason, repaired)
        SELECT r.version, r.machine_id, p.line_id, r.reported_at, r.reason, false
        FROM report r
        JOIN machine_placements p ON p.machine_id = r.machine_id AND p.since <= r.reported_at AND p.until > r.reported_at
        WHERE r.status_before IS DISTINCT FROM 'down';
    END IF;
    IF renamed THEN
        UPDATE machines m SET machine_name = n.machine_name, type = n.type FROM new_rows n
        WHERE n.machine_id = m.machine_id AND (n.machine_name, n.type) <> (m.machine_name, m.type);
        PERFORM announce('{"resync": "a machine was renamed"}');
    ELSIF announced IS NOT NULL THEN
        PERFORM announce_items('[', announced, ']');
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
    left_at timestamptz;
    silent  timestamptz := silent_since(gone.reported_at, gone.signal_lost_at, gone.silent_after,
                                        (SELECT machine_silent_after FROM plant_settings));
BEGIN
    IF gone.reported_at > floor_clock() + interval '1 hour' THEN
        PERFORM correct_future_history(gone.machine_id);
        gone.reported_at := (SELECT max(since) FROM status_intervals WHERE machine_id = gone.machine_id);
    END IF;
    left_at := machine_feed_time(gone.reported_at);
    UPDATE machines SET retired_at = left_at WHERE machine_id = gone.machine_id;
    IF gone.status IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO machine_status_history (version, machine_id, old_status, new_status, happened_at)
    VALUES (nextval('machine_feed_version'), gone.machine_id, gone.status, NULL, left_at);
    IF silent < left_at THEN
        PERFORM record_gap(gone.machine_id, silent, left_at);
    END IF;
    UPDATE status_intervals SET until = left_at WHERE machine_id = gone.machine_id AND until = 'infinity';
    UPDATE machine_stops SET until = left_at, unconfirmed = (SELECT length FROM unknown_between(machine_id, since, left_at))
    WHERE machine_id = gone.machine_id AND until IS NULL;
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
