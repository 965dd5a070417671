-- Changes that no trigger recorded, because it was off or did not fire: the app calls this when its audit has found some.

-- The present status and reason of each machine are put into its history where that has others: from when the status changed,
-- where the feed's row has that time, else from now on. Returns of how many machines.
CREATE OR REPLACE FUNCTION record_missed_changes() RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    f      machine_feed_stream;
    before text;
    latest status_intervals;
    known  timestamptz;
    moment timestamptz;
    number integer;
    amount bigint := 0;
BEGIN
    FOR f IN
        SELECT s.* FROM machine_feed_stream s
        LEFT JOIN LATERAL (SELECT * FROM status_intervals i WHERE i.machine_id = s.machine_id ORDER BY since DESC LIMIT 1) AS i ON true
        WHERE s.status IS NOT NULL AND (i.status, i.reason, i.until) IS DISTINCT FROM (s.status, s.reason, 'infinity'::timestamptz)
        FOR UPDATE OF s SKIP LOCKED
    LOOP
        SELECT * INTO latest FROM status_intervals WHERE machine_id = f.machine_id ORDER BY since DESC LIMIT 1;
        CONTINUE WHEN (latest.status, latest.reason, latest.until) IS NOT DISTINCT FROM (f.status, f.reason, 'infinity'::timestamptz);
        known  := CASE WHEN latest.until < 'infinity' THEN latest.until ELSE latest.since END;
        before := CASE WHEN latest.until = 'infinity' THEN latest.status END;
        moment := CASE WHEN f.status IS DISTINCT FROM before AND f.status_since > coalesce(known, '-infinity') THEN f.status_since
                       ELSE machine_feed_time(known) END;
        UPDATE status_intervals SET until = moment
        WHERE machine_id = f.machine_id AND since = latest.since AND until = 'infinity';
        INSERT INTO machine_status_history (version, machine_id, old_status, new_status, reason, datetime, happened_at)
        VALUES (nextval('machine_feed_version'), f.machine_id, before, f.status, f.reason, f.datetime, moment);
        INSERT INTO status_intervals (machine_id, since, status, reason, version)
        VALUES (f.machine_id, moment, f.status, f.reason, currval('machine_feed_version'));
        PERFORM derive_stops(f.machine_id, moment, 'infinity');
        PERFORM mark_changed_days(moment, floor_clock());
        amount := amount + 1;
    END LOOP;
    FOR number IN
        SELECT m.machine_id FROM machines m
        WHERE NOT EXISTS (SELECT FROM machine_feed_stream s WHERE s.machine_id = m.machine_id)
          AND known_until(m.machine_id) = 'infinity'
        FOR UPDATE OF m SKIP LOCKED
    LOOP
        SELECT * INTO latest FROM status_intervals WHERE machine_id = number ORDER BY since DESC LIMIT 1;
        CONTINUE WHEN latest.until < 'infinity';
        f.machine_id  := number;
        f.status      := latest.status;
        f.reported_at := greatest(latest.since, floor_clock());
        f.signal_lost_at := NULL;
        PERFORM machine_left(f);
        amount := amount + 1;
    END LOOP;
    RETURN amount;
END $$;
COMMENT ON FUNCTION record_missed_changes IS
    'Puts into the history what the feed says and no trigger recorded; returns of how many machines. It can be called at any time.';
