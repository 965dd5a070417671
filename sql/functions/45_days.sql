-- Sums of days, of the present one up to a full hour: a cache that is made whole, and not used where something came late
-- (changed_days).

-- The days whose sums are right: summed up, not changed since, and by the clock of now, or of a time whose intervals are gone.
CREATE OR REPLACE VIEW summed_days AS
SELECT d.day, d.since, d.until, d.hours, d.summed_at
FROM history_days d
WHERE d.summed_at IS NOT NULL
  AND (d.until <= (SELECT forgotten_until FROM history_upkeep)
       OR d.day NOT IN (SELECT c.day FROM changed_days c)
          AND (d.time_zone, d.day_start) = (SELECT time_zone, day_start FROM plant_settings));
COMMENT ON VIEW summed_days IS 'The days of which machine_days, machine_hours and line_hours are right; others are read from the intervals.';

-- Until when all can be summed up. What comes later than late_after() marks its day, all else is there by then.
CREATE OR REPLACE FUNCTION summable_until() RETURNS timestamptz
LANGUAGE sql STABLE AS $$ SELECT last_full_hour(floor_clock() - late_after()) $$;

-- Whether what happened at a moment comes too late for the sums. What feeds report nearly always does not, and costs no look at the hours.
-- The moment at which sums end is late too: what ended then is of the hour before it.
CREATE OR REPLACE FUNCTION is_late(moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT moment < floor_clock() - late_after() AND moment <= summable_until() $$;

-- Has these days summed up again. It only ever adds rows, so that no writer waits for another.
CREATE OR REPLACE FUNCTION mark_days(from_at timestamptz, until_at timestamptz) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO changed_days
    SELECT day::date
    FROM plant_settings p
    CROSS JOIN generate_series(day_of(from_at - interval '1 microsecond', p.time_zone, p.day_start),
                               day_of(least(until_at, floor_clock()), p.time_zone, p.day_start), interval '1 day') AS day
$$;

-- A writer says, once it has written, that something changed from a moment on.
CREATE OR REPLACE FUNCTION mark_changed_days(from_at timestamptz, until_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF is_late(from_at) THEN
        PERFORM mark_days(from_at, until_at);
    END IF;
END $$;

-- When the first of the intervals that are still here began; null: there is none.
CREATE OR REPLACE FUNCTION first_interval() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT min((SELECT min(since) FROM status_intervals WHERE machine_id = m.machine_id)) FROM machines m
$$;

-- Every day from a moment on, null: from the first, the present one too: of settings, which have no time.
CREATE OR REPLACE FUNCTION mark_all_days(from_at timestamptz DEFAULT NULL) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT mark_changed_days(greatest(from_at, history.first), floor_clock())
    FROM (SELECT least((SELECT min(since) FROM history_days), first_interval()) AS first) AS history
    WHERE history.first IS NOT NULL
$$;

-- The same of a late event: also the days on which what a machine was, or since when, may be of it.
CREATE OR REPLACE FUNCTION mark_days_of_late_event(of_machine integer, from_at timestamptz, ends timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF is_late(from_at) THEN
        PERFORM mark_days(from_at, end_of_influence(of_machine, ends));
    END IF;
END $$;

-- Another time after which a machine is silent: what was summed up of those that are silent now was of the other.
CREATE OR REPLACE FUNCTION silent_after_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_changed_days(silent_since(min(reported_at), NULL, NULL, least(OLD.machine_silent_after, NEW.machine_silent_after)),
                              floor_clock())
    FROM machine_feed_stream;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION silent_after_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER silent_after_changed AFTER UPDATE OF machine_silent_after ON plant_settings
    FOR EACH ROW WHEN (NEW.machine_silent_after IS DISTINCT FROM OLD.machine_silent_after) EXECUTE FUNCTION silent_after_changed();

-- Whether all that happened before a moment is to be seen, or will mark its day: no transaction that began before that would have been
-- late is still writing what sums are made of. A lock on a table stays until its transaction ends, unlike one on a row.
CREATE OR REPLACE FUNCTION is_settled(moment timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path FROM CURRENT AS $$
    SELECT NOT EXISTS (
        SELECT FROM pg_locks l
        LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.relation = ANY (ARRAY['machine_feed_stream', 'status_intervals', 'machine_placements', 'machines', 'machine_types',
                                      'plant_settings']::regclass[]::oid[])
          AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
          AND coalesce(a.xact_start, '-infinity') < moment + late_after())
$$;

-- Lists the days that can be summed up and are not listed yet, the present one up to its last full hour. What was over by a clock that
-- was ahead is not. The present day is listed again once more of it is over and to be seen; until then, what is summed up of it is used.
CREATE OR REPLACE FUNCTION list_days() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    until_at  timestamptz := summable_until();
    forgotten timestamptz := coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity');
    zone      text        := plant_zone();
    start     time        := plant_day_start();
    today     date        := day_of(floor_clock(), zone, start);
    latest    history_days;
    ends      timestamptz;
BEGIN
    DELETE FROM history_days
    WHERE (until > until_at OR (time_zone, day_start) <> (zone, start)) AND until > forgotten;  -- sums are all that is known of the rest
    DELETE FROM machine_days WHERE day > today AND day < 'infinity' AND day NOT IN (SELECT h.day FROM history_days h);  -- by the index
    DELETE FROM machine_hours WHERE day > today AND day < 'infinity' AND day NOT IN (SELECT h.day FROM history_days h);
    DELETE FROM line_hours WHERE day > today AND day < 'infinity' AND day NOT IN (SELECT h.day FROM history_days h);
    DELETE FROM stop_days WHERE day > today AND day < 'infinity' AND day NOT IN (SELECT h.day FROM history_days h);
    DELETE FROM status_days WHERE day > today AND day < 'infinity' AND day NOT IN (SELECT h.day FROM history_days h);
    SELECT * INTO latest FROM history_days ORDER BY day DESC LIMIT 1;
    ends := least(day_start(latest.day + 1, zone, start), until_at);
    IF latest.until < ends AND latest.until > forgotten THEN
        IF NOT is_settled(ends) THEN
            RETURN;
        END IF;
        DELETE FROM history_days WHERE day = latest.day;
    END IF;
    INSERT INTO history_days (day, since, until, time_zone, day_start)
    SELECT d.day, d.since, least(d.until, until_at), zone, start
    FROM days_from(coalesce((SELECT max(h.day) + 1 FROM history_days h), day_of(first_interval(), zone, start)),
                   day_of(until_at, zone, start), zone, start) d
    WHERE d.since >= forgotten AND d.since < until_at
    ON CONFLICT DO NOTHING;
END $$;

-- Sums up at most so many days that are not summed up, or were by a version that kept less, or have changed, the latest first. Returns
-- how many (fewer: nothing is left), null while somebody else is at it.
CREATE OR REPLACE FUNCTION refresh_days(most integer DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    next_day date;
    done     bigint := 0;
    was      text;
BEGIN
    PERFORM FROM history_upkeep FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    was := history_state();
    PERFORM correct_clock();
    PERFORM list_days();
    FOR next_day IN
        SELECT d.day FROM history_days d
        WHERE (NOT d.has_stops OR d.day IN (SELECT c.day FROM changed_days c)
               OR (d.summed_at IS NULL OR d.hours IS NULL OR NOT d.has_statuses)
                  AND d.until > coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity'))
          AND is_settled(d.until)
        ORDER BY d.day DESC LIMIT most
    LOOP
        PERFORM sum_day(next_day);
        done := done + 1;
    END LOOP;
    UPDATE history_upkeep u
    SET refreshed_at = c.clock,
        steady_since = CASE WHEN c.clock >= u.refreshed_at AND c.clock < u.refreshed_at + interval '1 day'
                            THEN coalesce(u.steady_since, c.clock) ELSE c.clock END
    FROM (SELECT floor_clock() AS clock OFFSET 0) AS c;
    IF was <> history_state() THEN
        UPDATE production_lines SET position = position WHERE false;  -- has the app read the floor again
    END IF;
    RETURN done;
END $$;
COMMENT ON FUNCTION refresh_days IS
    'Sums up at most so many days (null: all), the present one up to a full hour. Returns how many; null while somebody else is at it.';

-- 'creating': what reports show is not there yet; 'processing': it is, but many days are not summed up, so that reports are slow
-- and the dashboard tables old; else 'ready'. That the last days are not summed up is ordinary after a pause.
CREATE OR REPLACE FUNCTION history_state() RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM history_creation c
                     WHERE c.pid = ANY (ARRAY(SELECT l.pid FROM pg_locks l
                                              WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                                                AND (l.classid::bigint << 32 | l.objid::bigint) = c.lock)))
        THEN 'creating'
        WHEN (SELECT count(*) FROM history_days WHERE summed_at IS NULL) > 2 THEN 'processing'
        ELSE 'ready' END
$$;
