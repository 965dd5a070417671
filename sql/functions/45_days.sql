-- Sums of days that are over: a cache that is made whole, and not used where something came late (changed_days).

CREATE OR REPLACE FUNCTION plant_zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT time_zone FROM plant_settings $$;
CREATE OR REPLACE FUNCTION plant_day_start() RETURNS time
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT day_start FROM plant_settings $$;

-- The only two places that know where a day begins: when, and which day a moment is in. A day begins at a local time.
-- Where the clocks skip it, the day begins when that much time has passed as if they had not; where they show it twice, the first
-- counts (AT TIME ZONE takes the second). floor/core/plant_calendar.py has the same rule.
CREATE OR REPLACE FUNCTION day_start(day timestamp, zone text, start time) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN earlier.at AT TIME ZONE zone = day + start THEN earlier.at ELSE later.at END
    FROM (SELECT (day + start) AT TIME ZONE zone AS at) AS later
    CROSS JOIN LATERAL (SELECT CASE WHEN isfinite(later.at) THEN later.at - interval '3 hours' END AS at) AS before
    CROSS JOIN LATERAL (SELECT (day + start - (before.at AT TIME ZONE zone - before.at AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC' AS at)
        AS earlier
$$;
CREATE OR REPLACE FUNCTION day_of(moment timestamptz, zone text, start time) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN moment < day_start(local.day, zone, start) THEN local.day - 1
                WHEN moment >= day_start(local.day + 1, zone, start) THEN local.day + 1
                ELSE local.day END
    FROM (SELECT (moment AT TIME ZONE zone)::date AS day) AS local
$$;

-- The days from one to another: what asks about many moments compares them with these, instead of asking day_of() for each.
CREATE OR REPLACE FUNCTION days_from(first_day date, last_day date, zone text, start time)
RETURNS TABLE (day date, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 40 AS $$
    SELECT day::date, day_start(day, zone, start), day_start(day + interval '1 day', zone, start)
    FROM generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') AS day
$$;

-- The days whose sums are right: summed up, not changed since, and by the clock of now, or of a time whose intervals are gone.
CREATE OR REPLACE VIEW summed_days AS
SELECT d.day, d.since, d.until, d.hours, d.summed_at
FROM history_days d
WHERE d.summed_at IS NOT NULL
  AND (d.until <= (SELECT forgotten_until FROM history_upkeep)
       OR d.day NOT IN (SELECT c.day FROM changed_days c)
          AND (d.time_zone, d.day_start) = (SELECT time_zone, day_start FROM plant_settings));
COMMENT ON VIEW summed_days IS 'The days of which machine_days, machine_hours and line_hours are right; others are read from the intervals.';

-- Whether a moment is of the present day, or later.
CREATE OR REPLACE FUNCTION is_of_today(moment timestamptz) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT moment >= day_start(day_of(floor_clock(), p.time_zone, p.day_start), p.time_zone, p.day_start) FROM plant_settings p
$$;

-- A writer says that something came late into these days. It only ever adds rows, so that none waits for another. Today is marked
-- where is_settled() could not see the writer: a machine that was added or left.
CREATE OR REPLACE FUNCTION mark_changed_days(from_at timestamptz, until_at timestamptz, today_too boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    clock timestamptz := floor_clock();
    zone  text;
    start time;
    today date;
BEGIN
    SELECT time_zone, day_start INTO zone, start FROM plant_settings;
    today := day_of(clock, zone, start);
    IF NOT today_too AND is_of_today(from_at) THEN  -- what feeds report nearly always is of today
        RETURN;
    END IF;
    INSERT INTO changed_days
    SELECT day::date
    FROM generate_series(day_of(from_at, zone, start),
                         least(day_of(least(until_at, clock), zone, start), today - CASE WHEN today_too THEN 0 ELSE 1 END),
                         interval '1 day') AS day;
END $$;

-- The same of a late event: also the days on which what a machine was, or since when, may be of it. Of one of today, which is usual,
-- these are not looked for.
CREATE OR REPLACE FUNCTION mark_days_of_late_event(of_machine integer, from_at timestamptz, ends timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT is_of_today(from_at) THEN
        PERFORM mark_changed_days(from_at, end_of_influence(of_machine, ends));
    END IF;
END $$;

-- Another time after which a machine is silent: what was summed up of those that are silent now was of the other.
CREATE OR REPLACE FUNCTION silent_after_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_changed_days(min(reported_at) + least(OLD.machine_silent_after, NEW.machine_silent_after), floor_clock())
    FROM machine_feed_stream;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION silent_after_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER silent_after_changed AFTER UPDATE OF machine_silent_after ON plant_settings
    FOR EACH ROW WHEN (NEW.machine_silent_after IS DISTINCT FROM OLD.machine_silent_after) EXECUTE FUNCTION silent_after_changed();

-- Whether all that happened before a moment is to be seen: no transaction that began before it is still writing a machine.
CREATE OR REPLACE FUNCTION is_settled(moment timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path FROM CURRENT AS $$
    SELECT NOT EXISTS (
        SELECT FROM machine_feed_stream f
        JOIN pg_locks l ON l.locktype = 'transactionid' AND l.granted AND l.transactionid = f.xmax
        LEFT JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE coalesce(a.xact_start, '-infinity') < moment)
$$;

-- When the first of the intervals that are still here began; null: there is none.
CREATE OR REPLACE FUNCTION first_interval() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT min((SELECT min(since) FROM status_intervals WHERE machine_id = m.machine_id)) FROM machines m
$$;

-- Lists the days that are over by the plant's clock and not listed yet. What was over by a clock that was ahead is not.
CREATE OR REPLACE FUNCTION list_days() RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    DELETE FROM history_days
    WHERE until > floor_clock()
       OR (time_zone, day_start) <> (SELECT time_zone, day_start FROM plant_settings)
          AND until > coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity');
    DELETE FROM machine_days WHERE day >= (SELECT day_of(floor_clock(), plant_zone(), plant_day_start())) AND day < 'infinity';  -- by the index
    DELETE FROM machine_hours WHERE day >= (SELECT day_of(floor_clock(), plant_zone(), plant_day_start())) AND day < 'infinity';
    DELETE FROM line_hours WHERE day >= (SELECT day_of(floor_clock(), plant_zone(), plant_day_start())) AND day < 'infinity';
    DELETE FROM stop_days WHERE day >= (SELECT day_of(floor_clock(), plant_zone(), plant_day_start())) AND day < 'infinity';
    DELETE FROM status_days WHERE day >= (SELECT day_of(floor_clock(), plant_zone(), plant_day_start())) AND day < 'infinity';
    INSERT INTO history_days (day, since, until, time_zone, day_start)
    SELECT d.day, d.since, d.until, plant.time_zone, plant.day_start
    FROM plant_settings plant
    CROSS JOIN LATERAL days_from(
        coalesce((SELECT max(h.day) + 1 FROM history_days h), day_of(first_interval(), plant.time_zone, plant.day_start)),
        day_of(floor_clock(), plant.time_zone, plant.day_start) - 1, plant.time_zone, plant.day_start) d
    WHERE d.since >= coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity')
    ON CONFLICT DO NOTHING;
$$;

-- Sums up at most so many days that are not summed up, or were by a version that kept less, or have changed, the latest first. Returns how many (0: nothing is left),
-- null while somebody else is at it.
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
    'Sums up at most so many days (null: all) that are over. Returns how many; null while somebody else is at it.';

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
