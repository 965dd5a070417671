-- report_status(): a status with the time at which it happened, in order or late.

-- In order: 'current' (a change) or 'repeated' (nothing new). Late: 'late' (put where it belongs) or 'known' (it is there already).
-- A late one never turns the live status back. The status 'unknown': the machine gives no data from then on.
CREATE OR REPLACE FUNCTION report_status(machine text, status text, reason text DEFAULT NULL,
                                         happened_at timestamptz DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    of_machine integer := machine_called(machine);
    clean      text := reported_status(status);
    why        text := machine_feed_clean_text(reason, 2000);
    clock      timestamptz := floor_clock();
    f          machine_feed_stream;
    outcome    text;
BEGIN
    SELECT * INTO f FROM machine_feed_stream WHERE machine_id = of_machine FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('machine %s is not on this floor', coalesce(quote_literal(left(machine, 200)), 'NULL')),
            HINT = 'Add it to machine_feed_stream first.', COLUMN = 'machine';
    END IF;
    PERFORM check_event_time(happened_at, clock);
    IF f.reported_at > clock + interval '1 hour' THEN
        PERFORM correct_future_history(of_machine, true);
        SELECT * INTO f FROM machine_feed_stream WHERE machine_id = of_machine;
    END IF;
    IF clean = 'unknown' THEN
        RETURN record_lost_signal(f, happened_at);
    ELSIF happened_at < present_since(of_machine, f.reported_at) THEN
        RETURN record_late_status(f, clean, why, happened_at);
    END IF;
    outcome := CASE WHEN (f.status, f.reason) IS NOT DISTINCT FROM (clean, coalesce(why, f.reason)) THEN 'repeated'
                    ELSE 'current' END;
    PERFORM set_config('floor.history_upkeep', CASE WHEN happened_at IS NULL THEN '' ELSE 'yes' END, true);
    UPDATE machine_feed_stream s
    SET status = clean, datetime = coalesce(report_status.happened_at, clock),
        reason = CASE WHEN s.status = clean THEN coalesce(why, s.reason) ELSE why END,
        reported_at = coalesce(report_status.happened_at, s.reported_at), silent_after = NULL
    WHERE s.machine_id = of_machine;
    PERFORM set_config('floor.history_upkeep', '', true);
    IF happened_at IS NOT NULL THEN
        PERFORM mark_changed_days(happened_at, clock);  -- of a feed that was offline since yesterday
    END IF;
    RETURN CASE WHEN happened_at < f.signal_lost_at THEN 'late' ELSE outcome END;
END $$;
REVOKE EXECUTE ON FUNCTION report_status FROM PUBLIC;
COMMENT ON FUNCTION report_status IS
    'A machine''s status as of a time: at most 2 minutes ahead of the server''s clock and 7 days old; null: now. unknown: it gives no'
    ' data. Returns current, repeated, late (it was put where it belongs; the live status stays) or known (it is there already).';

-- The end of the last interval of a machine; null: it has none.
CREATE OR REPLACE FUNCTION known_until(of_machine integer) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT until FROM status_intervals WHERE machine_id = of_machine ORDER BY since DESC LIMIT 1
$$;

-- From when on a status of a machine is its next one: after its last report, or after it left, if it is back without a status; null:
-- always. An earlier one is late.
CREATE OR REPLACE FUNCTION present_since(of_machine integer, reported_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT coalesce(reported_at + interval '1 microsecond', known_until(of_machine))
$$;

-- What report_status() and feeds may say: a status, or that there is none.
CREATE OR REPLACE FUNCTION reported_status(status text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN lower(btrim(status)) = 'unknown' THEN 'unknown' ELSE machine_feed_clean_status(status) END
$$;

CREATE OR REPLACE FUNCTION check_event_time(happened_at timestamptz, clock timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    problem text := event_time_problem(happened_at, clock);
BEGIN
    IF problem IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = problem, COLUMN = 'happened_at';
    END IF;
END $$;

-- Why a status cannot be of this time; null: it can. The same for each event with the same fault, so that they are counted together.
CREATE OR REPLACE FUNCTION event_time_problem(happened_at timestamptz, clock timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN happened_at > clock + event_time_ahead() THEN
            format('its time is more than %s min ahead of the server''s clock: set the clock of the sender',
                   extract(epoch FROM event_time_ahead())::integer / 60)
        WHEN happened_at < clock - event_time_behind() THEN
            format('its time is more than %s days ago: too late to be put into the history', extract(day FROM event_time_behind()))
        WHEN happened_at < (SELECT forgotten_until FROM history_upkeep) THEN
            deleted_history_problem() END
$$;

-- Puts a status where it belongs: from its time to the next that is known, which is the end of the interval that it falls in, and
-- in the present one the last report. Corrects the stops, and marks the days.
CREATE OR REPLACE FUNCTION record_late_status(f machine_feed_stream, late_status text, late_reason text, moment timestamptz)
RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    was  status_intervals;
    ends timestamptz;
    new  bigint;
BEGIN
    SELECT * INTO was FROM status_intervals WHERE machine_id = f.machine_id AND since <= moment ORDER BY since DESC LIMIT 1;
    IF moment = f.reported_at  -- of one moment, what was reported first counts for the present
       OR was.until > moment AND was.status = late_status AND was.reason IS NOT DISTINCT FROM coalesce(late_reason, was.reason) THEN
        RETURN 'known';
    END IF;
    new := add_late_row(f.machine_id, CASE WHEN was.until > moment THEN was.status END, late_status, late_reason, moment);
    ends := CASE WHEN was.until = 'infinity' THEN f.reported_at
                 WHEN was.until > moment THEN was.until
                 ELSE (SELECT since FROM status_intervals WHERE machine_id = f.machine_id AND since > moment
                       ORDER BY since LIMIT 1) END;
    IF was.status = 'unknown' AND was.until > moment THEN  -- it was heard of, and is known for as long as that counts
        ends := least(ends, silent_since(moment, NULL, f.silent_after, (SELECT machine_silent_after FROM plant_settings)));
        was.version := shorten_gap(was, moment, ends);
    ELSE
        PERFORM log_end_of_gap(i) FROM status_intervals i
        WHERE i.machine_id = f.machine_id AND i.since = ends AND i.status = 'unknown';
    END IF;
    IF was.until > moment THEN
        IF was.since = moment THEN
            DELETE FROM status_intervals WHERE machine_id = f.machine_id AND since = moment;
        ELSE
            UPDATE status_intervals SET until = moment WHERE machine_id = f.machine_id AND since = was.since;
        END IF;
        IF ends < was.until THEN  -- the last report was of this status; of what is unknown the rest stays so
            INSERT INTO status_intervals (machine_id, since, until, status, reason, version)
            VALUES (f.machine_id, ends, was.until, was.status, was.reason,
                    CASE WHEN was.status = 'unknown' THEN was.version
                         ELSE add_late_row(f.machine_id, late_status, was.status, was.reason, ends) END);
        END IF;
    END IF;
    INSERT INTO status_intervals (machine_id, since, until, status, reason, version)
    VALUES (f.machine_id, moment, ends, late_status, late_reason, new);
    PERFORM mark_days_of_late_event(f.machine_id, moment, ends);
    IF was.status = late_status AND was.since < moment AND was.until > moment THEN
        PERFORM explain_stop(f.machine_id, moment);  -- only a reason has changed
    ELSE
        PERFORM derive_stops(f.machine_id, moment, ends);
        PERFORM correct_status_since(f);
    END IF;
    RETURN 'late';
END $$;

CREATE OR REPLACE FUNCTION add_late_row(of_machine integer, old_status text, new_status text, reason text, moment timestamptz)
RETURNS bigint
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO machine_status_history (version, machine_id, old_status, new_status, reason, datetime, happened_at)
    VALUES (nextval('machine_feed_version'), of_machine, nullif(old_status, 'unknown'), new_status, reason, moment, moment)
    RETURNING version
$$;

-- A gap in which a machine was heard of after all ends then; what is left of it after that is another gap, whose version
-- is returned.
CREATE OR REPLACE FUNCTION shorten_gap(gap status_intervals, moment timestamptz, ends timestamptz) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    rest bigint := gap.version;
BEGIN
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    DELETE FROM data_gaps WHERE version = gap.version AND since = moment;
    UPDATE data_gaps SET until = moment WHERE version = gap.version;
    IF ends < gap.until THEN
        INSERT INTO data_gaps (machine_id, since, until) VALUES (gap.machine_id, ends, gap.until) RETURNING version INTO rest;
    END IF;
    PERFORM set_config('floor.history_upkeep', '', true);
    PERFORM log_end_of_gap(gap);
    RETURN rest;
END $$;

-- What a machine was after a gap is not in the log where it was what it was before: it is written there once that has changed.
CREATE OR REPLACE FUNCTION log_end_of_gap(gap status_intervals) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    UPDATE status_intervals i SET version = add_late_row(i.machine_id, NULL, i.status, i.reason, i.since)
    WHERE i.machine_id = gap.machine_id AND i.since = gap.until AND i.version = gap.version
$$;

-- The present status may have begun earlier than was known, or later.
CREATE OR REPLACE FUNCTION correct_status_since(f machine_feed_stream) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    began timestamptz := (SELECT known.began FROM known_status_at(f.machine_id, 'infinity') known);
BEGIN
    IF f.status IS NOT NULL AND began <> f.status_since THEN
        PERFORM set_config('floor.history_upkeep', 'yes', true);
        UPDATE machine_feed_stream SET status_since = began, version = nextval('machine_feed_version')
        WHERE machine_id = f.machine_id;
        PERFORM set_config('floor.history_upkeep', '', true);
    END IF;
END $$;
