-- A report that a machine gives no data: report_status() with the status unknown.

-- The machine gives no data from a time on (null: now), until its next report. Of one that was never reported, nothing was known.
CREATE OR REPLACE FUNCTION record_lost_signal(f machine_feed_stream, happened_at timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    moment timestamptz := greatest(coalesce(happened_at, machine_feed_time(f.reported_at)),
                                   f.reported_at + interval '1 microsecond');  -- what it reported in this moment was before
BEGIN
    IF happened_at < coalesce(f.reported_at, known_until(f.machine_id)) THEN
        RETURN record_late_gap(f, happened_at);
    ELSIF f.reported_at IS NULL OR f.signal_lost_at <= moment THEN
        RETURN 'repeated';
    END IF;
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    UPDATE machine_feed_stream SET signal_lost_at = moment, version = nextval('machine_feed_version')
    WHERE machine_id = f.machine_id;
    PERFORM set_config('floor.history_upkeep', '', true);
    PERFORM mark_changed_days(moment, floor_clock());
    RETURN 'current';
END $$;

-- A gap where it belongs: from its time to the next that is known, as a late status.
CREATE OR REPLACE FUNCTION record_late_gap(f machine_feed_stream, moment timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    was  status_intervals;
    gap  data_gaps;
    ends timestamptz;
BEGIN
    SELECT * INTO was FROM status_intervals WHERE machine_id = f.machine_id AND since <= moment ORDER BY since DESC LIMIT 1;
    moment := greatest(moment, was.since + interval '1 microsecond');  -- what it reported in this moment was before
    ends := CASE WHEN was.until = 'infinity' THEN f.reported_at ELSE was.until END;  -- the last report was of this status
    IF (moment < ends AND was.status <> 'unknown') IS NOT TRUE THEN
        RETURN 'known';
    END IF;
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    UPDATE data_gaps SET since = moment
    WHERE version = (SELECT version FROM status_intervals WHERE machine_id = f.machine_id AND since = ends AND status = 'unknown')
    RETURNING * INTO gap;
    IF NOT FOUND THEN  -- else the gap that follows begins earlier
        INSERT INTO data_gaps (machine_id, since, until) VALUES (f.machine_id, moment, ends) RETURNING * INTO gap;
    END IF;
    PERFORM set_config('floor.history_upkeep', '', true);
    PERFORM cut_out_gap(gap);
    PERFORM derive_stops(f.machine_id, moment, ends);
    PERFORM mark_days_of_late_event(f.machine_id, moment, ends);
    RETURN 'late';
END $$;
