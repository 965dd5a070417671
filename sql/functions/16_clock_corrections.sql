-- A clock that was ahead and was set back: reports in the future are put at now, machine by machine.

-- Only for the owner, in whose name the triggers run, and for the app's login (grants.sql). with_feed: also the machine's
-- row in the feed, which would otherwise never be old enough to count as without data; the trigger of a report does that itself.
CREATE OR REPLACE FUNCTION correct_future_history(of_machine text, with_feed boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    clock  timestamptz := floor_clock();
    latest timestamptz;
    amount bigint;
BEGIN
    IF with_feed THEN
        PERFORM set_config('floor.correcting_clock', 'yes', true);
        UPDATE machine_feed_stream
        SET reported_at = CASE WHEN reported_at > clock THEN clock ELSE reported_at END,
            status_since = least(status_since, clock), version = nextval('machine_feed_version')
        WHERE machine_id = (SELECT machine_id FROM machine_feed_stream
                            WHERE machine_name = of_machine
                              AND greatest(reported_at, status_since) > clock + interval '1 hour'
                            FOR UPDATE SKIP LOCKED);  -- it is reporting now
        PERFORM set_config('floor.correcting_clock', '', true);
    END IF;
    SELECT max(changed_at) INTO latest FROM machine_status_history
    WHERE machine_name = of_machine AND changed_at > clock AND changed_at < 'infinity';
    IF latest IS NULL OR latest <= clock + interval '1 hour' THEN
        RETURN;
    END IF;
    PERFORM set_config('floor.correcting_clock', 'yes', true);
    UPDATE machine_status_history SET changed_at = clock
    WHERE machine_name = of_machine AND changed_at > clock AND changed_at < 'infinity';
    GET DIAGNOSTICS amount = ROW_COUNT;
    DELETE FROM data_gaps WHERE machine_name = of_machine AND since >= clock;
    UPDATE data_gaps SET until = clock WHERE machine_name = of_machine AND until > clock;
    PERFORM set_config('floor.correcting_clock', '', true);
    INSERT INTO clock_corrections (machine_name, at, latest, rows) VALUES (of_machine, clock, latest, amount);
    DELETE FROM dashboard_machine_status_changes_7days WHERE machine_name = of_machine AND changed_at > clock;
END $$;
REVOKE EXECUTE ON FUNCTION correct_future_history FROM PUBLIC;
