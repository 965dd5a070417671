-- A clock that was ahead and was set back: what lies in the future is put at now, machine by machine.

-- It was reported before now, in the order of its versions, so of all that lies in the future only the last is left, from now on.
-- Only for the owner, in whose name the triggers run, and for the app's login (grants.sql). with_feed: also the machine's
-- row in the feed, which would otherwise never be old enough to count as silent; the trigger of a report does that itself.
-- Returns how many rows of the log were corrected.
CREATE OR REPLACE FUNCTION correct_future_history(of_machine integer, with_feed boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    clock  timestamptz := floor_clock();
    latest timestamptz;
    ahead  boolean := EXISTS (SELECT FROM machine_feed_stream
                              WHERE machine_id = of_machine AND greatest(reported_at, status_since, signal_lost_at) > clock + interval '1 hour');
    amount bigint := 0;
BEGIN
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    IF with_feed THEN
        UPDATE machine_feed_stream
        SET reported_at = CASE WHEN reported_at > clock THEN clock ELSE reported_at END,
            status_since = least(status_since, clock),
            signal_lost_at = CASE WHEN signal_lost_at > clock THEN clock + interval '1 microsecond' ELSE signal_lost_at END,
            version = nextval('machine_feed_version')
        WHERE machine_id = (SELECT machine_id FROM machine_feed_stream
                            WHERE machine_id = of_machine
                              AND greatest(reported_at, status_since, signal_lost_at) > clock + interval '1 hour'
                            FOR UPDATE SKIP LOCKED);  -- it is reporting now
        ahead := FOUND;
    END IF;
    SELECT max(since) INTO latest FROM status_intervals WHERE machine_id = of_machine;
    IF latest > clock AND (ahead OR latest > clock + interval '1 hour') THEN
        UPDATE machine_status_history SET happened_at = clock WHERE machine_id = of_machine AND happened_at > clock;
        GET DIAGNOSTICS amount = ROW_COUNT;
        DELETE FROM data_gaps WHERE machine_id = of_machine AND since >= clock;
        UPDATE data_gaps SET until = clock WHERE machine_id = of_machine AND until > clock;
        DELETE FROM status_intervals WHERE machine_id = of_machine AND since >= clock AND since < latest;
        UPDATE status_intervals SET until = clock
        WHERE machine_id = of_machine AND since < clock AND until > clock AND until < 'infinity';
        UPDATE status_intervals SET since = clock, until = CASE WHEN until < 'infinity' THEN clock + interval '1 microsecond'
                                                               ELSE until END
        WHERE machine_id = of_machine AND since = latest;
        PERFORM derive_stops(of_machine, clock, 'infinity');
        DELETE FROM history_days WHERE until > clock AND until > coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity');
    END IF;
    PERFORM set_config('floor.history_upkeep', '', true);
    RETURN amount;
END $$;
REVOKE EXECUTE ON FUNCTION correct_future_history FROM PUBLIC;

-- All machines of which something lies in the future; the job calls it. Returns how many rows of the log were corrected.
CREATE OR REPLACE FUNCTION correct_clock() RETURNS bigint
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT coalesce(sum(correct_future_history(m.machine_id, true)), 0)::bigint
    FROM machines m LEFT JOIN machine_feed_stream f USING (machine_id)
    WHERE greatest(f.reported_at, f.status_since, f.signal_lost_at,
                   (SELECT max(since) FROM status_intervals WHERE machine_id = m.machine_id)) > floor_clock() + interval '1 hour'
$$;
