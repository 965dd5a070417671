-- Sums of days that are over: a cache that is made whole, and not used where something came late (changed_days).

CREATE OR REPLACE FUNCTION plant_zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT time_zone FROM plant_settings $$;

-- The only two places that know where a day begins: when, and which day a moment is in.
CREATE OR REPLACE FUNCTION day_start(day timestamp, zone text) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT day AT TIME ZONE zone $$;
CREATE OR REPLACE FUNCTION day_of(moment timestamptz, zone text) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT (moment AT TIME ZONE zone)::date $$;

-- The days whose sums are right: summed up, not changed since, and by the clock of now, or of a time whose intervals are gone.
CREATE OR REPLACE VIEW summed_days AS
SELECT d.day, d.since, d.until, d.hours
FROM history_days d
WHERE d.summed_at IS NOT NULL AND d.day NOT IN (SELECT c.day FROM changed_days c)
  AND (d.time_zone = (SELECT time_zone FROM plant_settings) OR d.until <= (SELECT forgotten_until FROM history_upkeep));
COMMENT ON VIEW summed_days IS 'The days of which machine_days, machine_hours and line_hours are right; others are read from the intervals.';

-- A writer says that something came late into these days. It only ever adds rows, so that none waits for another. Today is marked
-- where is_settled() could not see the writer: a machine that was added or left.
CREATE OR REPLACE FUNCTION mark_changed_days(from_at timestamptz, until_at timestamptz, today_too boolean DEFAULT false) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO changed_days
    SELECT day::date
    FROM (SELECT day_of(floor_clock(), plant_zone()) AS date) AS today
    CROSS JOIN LATERAL generate_series(day_of(from_at, plant_zone()),
                                       least(day_of(least(until_at, floor_clock()), plant_zone()),
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

-- A period in pieces of whole quarters of an hour: every time zone's hours are made of them.
CREATE OR REPLACE FUNCTION quarters_of(from_at timestamptz, until_at timestamptz) RETURNS TABLE (since timestamptz, length bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4 AS $$
    SELECT q.since, micros(least(until_at, q.since + interval '15 minutes') - greatest(from_at, q.since))
    FROM generate_series(utc_bin('15 minutes', from_at), until_at - interval '1 microsecond', '15 minutes') AS q (since)
$$;

-- When the hours of a period begin by a clock and, last, its end. An hour that the clock shows twice is two.
CREATE OR REPLACE FUNCTION hour_cuts(from_at timestamptz, until_at timestamptz, zone text) RETURNS timestamptz[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT array_agg(hour.since ORDER BY hour.since) || until_at
    FROM (SELECT greatest(min(q.since), from_at) AS since
          FROM quarters_of(from_at, until_at) q
          CROSS JOIN LATERAL (SELECT q.since AT TIME ZONE zone AS at) AS local
          GROUP BY date_trunc('hour', local.at), local.at - q.since AT TIME ZONE 'UTC') AS hour
$$;

-- Makes the sums of one day again.
CREATE OR REPLACE FUNCTION sum_day(of_day date) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT SET jit = off AS $$
DECLARE
    period history_days;
    cuts   timestamptz[];
    ids    integer[] := machine_ids(NULL);
BEGIN
    SELECT * INTO STRICT period FROM history_days WHERE day = of_day FOR UPDATE;
    cuts := hour_cuts(period.since, period.until, period.time_zone);
    DELETE FROM changed_days WHERE day = of_day;  -- before the intervals are read: what comes after marks the day again
    DELETE FROM machine_days WHERE day = of_day;
    DELETE FROM machine_hours WHERE day = of_day;
    DELETE FROM line_hours WHERE day = of_day;
    WITH piece AS (
        SELECT p.machine_id, p.line_id, p.since, p.until, CASE WHEN p.waits THEN 'waiting' ELSE p.status END AS kind
        FROM placed_intervals(ids, period.since, period.until, floor_clock()) p WHERE p.status <> 'unknown'
        UNION ALL
        SELECT coalesce(w.root, w.machine_id), w.line_id, w.since, w.until,
               CASE WHEN w.root IS NULL THEN 'unattributed' ELSE 'caused' END
        FROM waits_between(period.since, period.until, floor_clock()) w
    ), hour AS MATERIALIZED (  -- the first begins at cuts[1]
        SELECT p.machine_id, p.line_id, n.number, sum(part.length) FILTER (WHERE p.kind = 'operational') AS operational,
               sum(part.length) FILTER (WHERE p.kind = 'warning') AS warning,
               sum(part.length) FILTER (WHERE p.kind = 'waiting') AS waiting,
               sum(part.length) FILTER (WHERE p.kind = 'down') AS down,
               sum(part.length) FILTER (WHERE p.kind = 'caused') AS caused,
               sum(part.length) FILTER (WHERE p.kind = 'unattributed') AS unattributed
        FROM piece p
        CROSS JOIN LATERAL generate_series(width_bucket(p.since, cuts), width_bucket(p.until - interval '1 microsecond', cuts))
            AS n (number)
        CROSS JOIN LATERAL (SELECT micros(least(p.until, cuts[n.number + 1]) - greatest(p.since, cuts[n.number])) AS length) AS part
        GROUP BY 1, 2, 3
    ), up_to AS (
        SELECT machine_id, line_id, cut, coalesce(sum(h.operational) OVER w, 0)::bigint AS operational,
               coalesce(sum(h.warning) OVER w, 0)::bigint AS warning, coalesce(sum(h.waiting) OVER w, 0)::bigint AS waiting,
               coalesce(sum(h.down) OVER w, 0)::bigint AS down, coalesce(sum(h.caused) OVER w, 0)::bigint AS caused,
               coalesce(sum(h.unattributed) OVER w, 0)::bigint AS unattributed
        FROM (SELECT DISTINCT machine_id, line_id FROM hour) AS machine
        CROSS JOIN (SELECT generate_series(1, cardinality(cuts)) AS cut) AS moment
        LEFT JOIN (SELECT hour.*, hour.number + 1 AS cut FROM hour) AS h USING (machine_id, line_id, cut)
        WINDOW w AS (PARTITION BY machine_id, line_id ORDER BY cut)
    ), hours AS (
        INSERT INTO machine_hours
        SELECT of_day, machine_id, line_id, array_agg(operational ORDER BY cut), array_agg(warning ORDER BY cut),
               array_agg(waiting ORDER BY cut), array_agg(down ORDER BY cut), array_agg(caused ORDER BY cut),
               array_agg(unattributed ORDER BY cut)
        FROM up_to GROUP BY machine_id, line_id
        ORDER BY machine_id  -- as the index has them: a report reads each page once
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
        SELECT of_day, u.machine_id, u.line_id, u.operational, u.warning, u.waiting, u.down, u.caused, u.unattributed,
               coalesce(l.down, 0), coalesce(l.wait, 0)
        FROM up_to u LEFT JOIN longest l USING (machine_id, line_id)
        WHERE u.cut = cardinality(cuts)
        ORDER BY u.machine_id
    )
    INSERT INTO line_hours (day, line_id, hour, operational, warning, down)
    SELECT of_day, h.line_id, extract(hour FROM cuts[h.number] AT TIME ZONE period.time_zone), coalesce(sum(h.operational), 0),
           coalesce(sum(h.warning), 0) + coalesce(sum(h.waiting), 0), coalesce(sum(h.down), 0)
    FROM hour h GROUP BY 2, 3;
    UPDATE history_days SET summed_at = floor_clock(), hours = cuts WHERE day = of_day;
END $$;

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
    DELETE FROM machine_days WHERE day >= (SELECT day_of(floor_clock(), plant_zone()));  -- once, not for each row
    DELETE FROM machine_hours WHERE day >= (SELECT day_of(floor_clock(), plant_zone()));
    DELETE FROM line_hours WHERE day >= (SELECT day_of(floor_clock(), plant_zone()));
    INSERT INTO history_days (day, since, until, time_zone)
    SELECT day::date, day_start(day, zone.name), day_start(day + interval '1 day', zone.name), zone.name
    FROM (SELECT plant_zone() AS name) AS zone
    CROSS JOIN LATERAL generate_series(
        coalesce((SELECT max(d.day) + 1 FROM history_days d), day_of(first_interval(), zone.name))::timestamp,
        day_of(floor_clock(), zone.name) - 1, interval '1 day') AS day
    WHERE day_start(day, zone.name) >= coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity')
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
        WHERE (d.summed_at IS NULL OR d.hours IS NULL OR d.day IN (SELECT c.day FROM changed_days c))
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
