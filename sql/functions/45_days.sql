-- Sums of days that are over: a cache that is made whole, and not used where something came late (changed_days).

CREATE OR REPLACE FUNCTION plant_zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT time_zone FROM plant_settings $$;

-- The days whose sums are right: summed up, not changed since, and by the clock of now, or of a time whose intervals are gone.
CREATE OR REPLACE VIEW summed_days AS
SELECT d.day, d.since, d.until
FROM history_days d
WHERE d.summed_at IS NOT NULL AND d.day NOT IN (SELECT c.day FROM changed_days c)
  AND (d.time_zone = (SELECT time_zone FROM plant_settings) OR d.until <= (SELECT forgotten_until FROM history_upkeep));
COMMENT ON VIEW summed_days IS 'The days of which machine_days and line_hours are right; others are read from the intervals.';

-- Those that lie wholly inside a period.
CREATE OR REPLACE FUNCTION summed_days_within(from_at timestamptz, until_at timestamptz)
RETURNS TABLE (day date, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30 AS $$
    SELECT d.day, d.since, d.until FROM summed_days d WHERE d.since >= from_at AND d.until <= until_at
$$;

-- What is left of a period beside those days: its ends, and days that are not summed up or have changed.
CREATE OR REPLACE FUNCTION rest_of_period(from_at timestamptz, until_at timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
    SELECT lower(rest), upper(rest)
    FROM unnest(tstzmultirange(tstzrange(least(from_at, until_at), until_at))
                - coalesce((SELECT range_agg(tstzrange(d.since, d.until)) FROM summed_days_within(from_at, until_at) d), '{}')) AS rest
$$;

-- A writer says that something came late into these days. It only ever adds rows, so that none waits for another. Today is marked
-- where is_settled() could not see the writer: a machine that was added or left.
CREATE OR REPLACE FUNCTION mark_changed_days(from_at timestamptz, until_at timestamptz, today_too boolean DEFAULT false) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO changed_days
    SELECT day::date
    FROM (SELECT (floor_clock() AT TIME ZONE plant_zone())::date AS date) AS today
    CROSS JOIN LATERAL generate_series((from_at AT TIME ZONE plant_zone())::date,
                                       least((least(until_at, floor_clock()) AT TIME ZONE plant_zone())::date,
                                             today.date - CASE WHEN today_too THEN 0 ELSE 1 END), '1 day') AS day
$$;

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

-- Makes the sums of one day again.
CREATE OR REPLACE FUNCTION sum_day(of_day date) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET jit = off AS $$
DECLARE
    period history_days;
    ids    integer[] := machine_ids(NULL);
BEGIN
    SELECT * INTO STRICT period FROM history_days WHERE day = of_day FOR UPDATE;
    DELETE FROM changed_days WHERE day = of_day;  -- before the intervals are read: what comes after marks the day again
    DELETE FROM machine_days WHERE day = of_day;
    DELETE FROM line_hours WHERE day = of_day;
    WITH part AS MATERIALIZED (
        SELECT * FROM placed_intervals(ids, period.since, period.until, floor_clock()) WHERE status <> 'unknown'
    ), charged AS (
        SELECT coalesce(w.root, w.machine_id) AS machine_id, w.line_id,
               coalesce(sum(micros(w.until - w.since)) FILTER (WHERE w.root IS NOT NULL), 0) AS caused,
               coalesce(sum(micros(w.until - w.since)) FILTER (WHERE w.root IS NULL), 0) AS unattributed
        FROM waits_between(period.since, period.until, floor_clock()) w GROUP BY 1, 2
    ), times AS (
        SELECT p.machine_id, p.line_id,
               coalesce(sum(p.length) FILTER (WHERE p.status = 'operational'), 0) AS operational,
               coalesce(sum(p.length) FILTER (WHERE p.status = 'warning' AND NOT p.waits), 0) AS warning,
               coalesce(sum(p.length) FILTER (WHERE p.status = 'warning' AND p.waits), 0) AS waiting,
               coalesce(sum(p.length) FILTER (WHERE p.status = 'down'), 0) AS down
        FROM part p GROUP BY 1, 2
    ), longest AS (
        SELECT e.machine_id, coalesce(p.line_id, 0::smallint) AS line_id,
               max(micros(e.until - e.since)) FILTER (WHERE e.status = 'down') AS down,
               max(micros(e.until - e.since)) FILTER (WHERE wait_kind(e.status, e.reason) IS NOT NULL) AS wait
        FROM whole_intervals(ids, period.since, period.until, floor_clock()) e
        JOIN machine_placements p ON p.machine_id = e.machine_id AND p.since < e.until AND p.until >= e.until
        WHERE e.until > period.since AND e.until <= period.until GROUP BY 1, 2
    ), machine AS (
        INSERT INTO machine_days (day, machine_id, line_id, operational, warning, waiting, down, caused, unattributed,
                                  longest_down, longest_wait)
        SELECT of_day, t.machine_id, t.line_id, t.operational, t.warning, t.waiting, t.down, coalesce(c.caused, 0),
               coalesce(c.unattributed, 0), coalesce(l.down, 0), coalesce(l.wait, 0)
        FROM times t LEFT JOIN charged c USING (machine_id, line_id) LEFT JOIN longest l USING (machine_id, line_id)
        ORDER BY t.machine_id  -- as the index has them: a report reads each page once
    )
    INSERT INTO line_hours (day, line_id, hour, operational, warning, down)
    SELECT of_day, p.line_id, extract(hour FROM quarter.since AT TIME ZONE period.time_zone),
           coalesce(sum(quarter.length) FILTER (WHERE p.status = 'operational'), 0),
           coalesce(sum(quarter.length) FILTER (WHERE p.status = 'warning'), 0),
           coalesce(sum(quarter.length) FILTER (WHERE p.status = 'down'), 0)
    FROM part p CROSS JOIN LATERAL quarters_of(p.since, p.until) quarter GROUP BY 2, 3;
    UPDATE history_days SET summed_at = floor_clock() WHERE day = of_day;
END $$;

-- A period in pieces of whole quarters of an hour: every time zone's hours are made of them.
CREATE OR REPLACE FUNCTION quarters_of(from_at timestamptz, until_at timestamptz) RETURNS TABLE (since timestamptz, length bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4 AS $$
    SELECT q.since, micros(least(until_at, q.since + interval '15 minutes') - greatest(from_at, q.since))
    FROM generate_series(utc_bin('15 minutes', from_at), until_at - interval '1 microsecond', '15 minutes') AS q (since)
$$;

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
       OR time_zone <> plant_zone() AND until > coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity');
    DELETE FROM machine_days WHERE day >= (SELECT (floor_clock() AT TIME ZONE plant_zone())::date);  -- once, not for each row
    DELETE FROM line_hours WHERE day >= (SELECT (floor_clock() AT TIME ZONE plant_zone())::date);
    INSERT INTO history_days (day, since, until, time_zone)
    SELECT day::date, day AT TIME ZONE zone.name, (day + interval '1 day') AT TIME ZONE zone.name, zone.name
    FROM (SELECT plant_zone() AS name) AS zone
    CROSS JOIN LATERAL generate_series(
        coalesce((SELECT max(d.day) + 1 FROM history_days d), (first_interval() AT TIME ZONE zone.name)::date)::timestamp,
        (floor_clock() AT TIME ZONE zone.name)::date - 1, interval '1 day') AS day
    WHERE day AT TIME ZONE zone.name >= coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity')
    ON CONFLICT DO NOTHING;
$$;

-- Sums up at most so many days that are not summed up, or have changed, the latest first. Returns how many (0: nothing is left),
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
        WHERE (d.summed_at IS NULL OR d.day IN (SELECT c.day FROM changed_days c))
          AND d.until > coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity') AND is_settled(d.until)
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
