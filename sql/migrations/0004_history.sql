-- What the history adds up to: stops, who waited for whom, sums a machine and day, sums of the floor a quarter of an hour.
--
-- machine_status_history stays the truth. What is derived from it here is brought up to date by refresh_history(),
-- outside the feed's triggers, and every report adds what was said since, so a number is right to the second whether
-- anybody refreshed or not. Times of length are whole microseconds: sums are exact.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), false);

CREATE TABLE plant_settings (
    only_row             boolean  PRIMARY KEY DEFAULT true CHECK (only_row),
    machine_silent_after interval CHECK (machine_silent_after > '0')
);
COMMENT ON COLUMN plant_settings.machine_silent_after IS
    'A machine not heard of for so long is unknown from then until it is heard of again; null: never.';
INSERT INTO plant_settings DEFAULT VALUES;

-- Ids of transactions as plain numbers: the oldest that is still running, and the next to begin.
CREATE FUNCTION oldest_xid() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint $$;
CREATE FUNCTION next_xid() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint $$;

-- since: when machine_silent_after had passed; until: when the machine was heard of again. A machine that is silent now
-- has no row yet. version is drawn from the feed's sequence, so that one cursor reads both this and the history.
CREATE TABLE machine_silences (
    version      bigint      PRIMARY KEY DEFAULT nextval('machine_feed_version'),
    machine_name text        NOT NULL,
    since        timestamptz NOT NULL CHECK (isfinite(since)),
    until        timestamptz NOT NULL CHECK (isfinite(until)),
    xid          bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    CHECK (since < until)
);
CREATE INDEX machine_silences_by_machine ON machine_silences (machine_name, since);
CREATE INDEX machine_silences_by_commit ON machine_silences (xid, version);
COMMENT ON TABLE machine_silences IS 'Append-only: when a machine''s state was not known because nothing was heard of it.';

CREATE TABLE machine_stops (
    version      bigint      PRIMARY KEY,
    machine_name text        NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz,
    reason       text,
    repaired     boolean     NOT NULL,
    silent       bigint      NOT NULL,
    length       bigint
);
CREATE INDEX machine_stops_by_machine ON machine_stops (machine_name, since DESC, version DESC);
CREATE INDEX machine_stops_by_time ON machine_stops (since);
CREATE INDEX machine_stops_across ON machine_stops USING gist (tstzrange(since, until, '[]'));  -- going on at a moment
COMMENT ON TABLE machine_stops IS
    'One row per entry into down until down was left, whatever reasons were given meanwhile; kept by refresh_history().';
COMMENT ON COLUMN machine_stops.version IS 'Of the change in machine_status_history that it began with.';
COMMENT ON COLUMN machine_stops.until IS 'Null: still going.';
COMMENT ON COLUMN machine_stops.reason IS 'The reason it began with; where that was none, the last one given.';
COMMENT ON COLUMN machine_stops.repaired IS 'It ended because the machine ran again, not because the machine left.';
COMMENT ON COLUMN machine_stops.silent IS 'Microseconds of it in which nothing was known of the machine.';
COMMENT ON COLUMN machine_stops.length IS 'Microseconds from since to until without silent; null: still going.';

-- The first order of each stop, which says how soon somebody saw to it.
CREATE INDEX work_orders_by_stop ON work_orders (machine_id, stop_since, created_at, id)
    INCLUDE (acknowledged_at, started_at) WHERE stop_since IS NOT NULL;
CREATE VIEW first_orders AS
SELECT o.id, o.machine_id AS machine_name, o.stop_since AS since, o.created_at, o.acknowledged_at, o.started_at
FROM work_orders o
WHERE o.stop_since IS NOT NULL
  AND NOT EXISTS (SELECT FROM work_orders e WHERE e.machine_id = o.machine_id AND e.stop_since = o.stop_since
                  AND (e.created_at, e.id) < (o.created_at, o.id));
COMMENT ON VIEW first_orders IS 'Of each stop the work order that was created first.';

-- Those of the stops that began in a period, in the order in which the stops lie on the disk: so these are looked up one beside
-- the other. names null: of all machines.
CREATE FUNCTION first_orders_between(names text[], from_at timestamptz, until_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, created_at timestamptz, acknowledged_at timestamptz,
               started_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT o.machine_name, o.since, o.created_at, o.acknowledged_at, o.started_at FROM first_orders o
    WHERE o.since >= from_at AND o.since < until_at AND (names IS NULL OR o.machine_name = ANY (names))
    ORDER BY o.since OFFSET 0
$$;

CREATE TABLE machine_days (
    machine_name text   NOT NULL,
    day          date   NOT NULL,
    operational  bigint NOT NULL DEFAULT 0,
    warning      bigint NOT NULL DEFAULT 0,
    waiting      bigint NOT NULL DEFAULT 0,
    down         bigint NOT NULL DEFAULT 0,
    caused       bigint NOT NULL DEFAULT 0,
    unattributed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, machine_name) INCLUDE (operational, warning, waiting, down)  -- a year of the floor is read by it
) WITH (fillfactor = 80);
CREATE INDEX machine_days_by_machine ON machine_days (machine_name, day);
COMMENT ON TABLE machine_days IS
    'Microseconds of each machine and UTC day, up to history_progress.rolled_until; what is left of the day was unknown.';
COMMENT ON COLUMN machine_days.warning IS 'Warning, but not waiting for a neighbour.';
COMMENT ON COLUMN machine_days.waiting IS 'Warning because starved or blocked.';
COMMENT ON COLUMN machine_days.caused IS 'How long neighbours on its line were starved or blocked because it was down.';
COMMENT ON COLUMN machine_days.unattributed IS 'The part of waiting for which no machine that was down could be found.';

CREATE TABLE floor_quarters (
    since       timestamptz PRIMARY KEY,
    operational bigint NOT NULL,
    warning     bigint NOT NULL,
    waiting     bigint NOT NULL,
    down        bigint NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE floor_quarters IS
    'Microseconds of all machines in each quarter of an hour: every time zone''s hours are made of whole quarters.';

CREATE TABLE machine_marks (
    at           timestamptz NOT NULL,
    machine_name text        NOT NULL,
    status       text        NOT NULL,
    reason       text,
    version      bigint      NOT NULL,
    reported_at  timestamptz NOT NULL,
    began        timestamptz NOT NULL,
    PRIMARY KEY (at, machine_name)
);
COMMENT ON TABLE machine_marks IS
    'What each machine was just before every sixth hour, up to history_progress.rolled_until: so nobody has to look for it'
    ' far back. No row: it was not there.';
COMMENT ON COLUMN machine_marks.version IS 'Of the last change before, in machine_status_history.';
COMMENT ON COLUMN machine_marks.began IS 'When it came into this status, whatever reasons were given since.';

CREATE TABLE machine_waits (
    machine_name text        NOT NULL,
    root         text,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL
);
CREATE INDEX machine_waits_by_machine ON machine_waits (machine_name, until);
CREATE INDEX machine_waits_by_time ON machine_waits (since);
COMMENT ON TABLE machine_waits IS
    'Who was starved or blocked, and which machine of the line was down for it (null: not attributed).';

CREATE TABLE history_machines (
    machine_name text        PRIMARY KEY,
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL DEFAULT 'infinity'
) WITH (fillfactor = 80);
COMMENT ON TABLE history_machines IS 'Every machine the history has ever named, and what of it was read.';


-- How far the history has been read. A row is read once it is below the cursor (xid, version) and every transaction
-- below the cursor has ended, so what commits late is not lost. xids only mean something within the life of one server:
-- in a database that was restored elsewhere they may lie in the future (up to foreign_version). So what was there when
-- this life began is read by version alone (loaded, up to life_version), and only what came after by the cursor.
CREATE TABLE history_progress (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    life_xid        bigint  NOT NULL,
    life_version    bigint  NOT NULL,
    foreign_version bigint  NOT NULL,
    loaded          bigint  NOT NULL DEFAULT 0,
    xid             bigint  NOT NULL,
    version         bigint  NOT NULL DEFAULT 0,
    rolled_until    timestamptz,
    forgotten_until timestamptz,
    refreshed_at    timestamptz,
    steady_since    timestamptz
);
COMMENT ON COLUMN history_progress.rolled_until IS
    'machine_days, floor_quarters, machine_marks and machine_waits are complete for what happened before and was read; a full'
    ' hour.';
COMMENT ON COLUMN history_progress.forgotten_until IS
    'Of the time before, machine_status_history has lost rows: only what was derived from them is known. UTC midnight.';
COMMENT ON COLUMN history_progress.steady_since IS
    'Since when the clock has gone on between two refreshes by less than a day, and not back.';
INSERT INTO history_progress (life_xid, life_version, foreign_version, xid)
SELECT next_xid(), (SELECT coalesce(max(version), 0) FROM machine_status_history),
       (SELECT coalesce(max(version), 0) FROM machine_status_history WHERE xid >= next_xid()),
       oldest_xid();

-- A history that a session is creating for a new floor: its rows are not there yet.
CREATE TABLE history_creation (
    pid  integer PRIMARY KEY,
    lock bigint  NOT NULL DEFAULT (random() * 9e18)::bigint,
    days integer NOT NULL
);
COMMENT ON TABLE history_creation IS 'A row means nothing once its session has ended.';
COMMENT ON COLUMN history_creation.lock IS
    'An advisory lock of the session: whoever has its process number later does not hold it.';

-- 'creating': what reports show is not there yet; 'processing': it is, but is not summed up, so that reports are slow
-- and the dashboard tables old; else 'ready'. That the last day is not summed up is ordinary after a pause.
CREATE FUNCTION history_state() RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM history_creation c
                     WHERE c.pid = ANY (ARRAY(SELECT l.pid FROM pg_locks l
                                              WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                                                AND (l.classid::bigint << 32 | l.objid::bigint) = c.lock)))
        THEN 'creating'
        WHEN coalesce((SELECT rolled_until FROM history_progress),
                      (SELECT changed_at FROM machine_status_history WHERE isfinite(changed_at) ORDER BY version LIMIT 1))
             < clock_timestamp() - interval '1 day' THEN 'processing'
        ELSE 'ready' END
$$;

CREATE FUNCTION history_was_read(row_xid bigint, row_version bigint, p history_progress) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT NOT (row_version > p.loaded AND row_version <= p.life_version)
       AND NOT ((row_xid, row_version) > (p.xid, p.version) AND (row_version > p.foreign_version OR row_xid < p.life_xid))
$$;

-- What refresh_history() has not read yet, and from when on it matters to which machine. The cursor's values are written
-- into the statement, so that it is planned knowing how few rows lie beyond them.
CREATE FUNCTION unread_history() RETURNS TABLE (machine_name text, at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path FROM CURRENT AS $$
DECLARE
    p history_progress;
BEGIN
    SELECT * INTO p FROM history_progress;
    RETURN QUERY EXECUTE format($query$
        SELECT machine_name, changed_at FROM machine_status_history
        WHERE version > %1$L AND version <= %2$L AND isfinite(changed_at)
        UNION ALL
        SELECT machine_name, since FROM machine_silences WHERE version > %1$L AND version <= %2$L
        UNION ALL
        SELECT machine_name, changed_at FROM machine_status_history
        WHERE (xid, version) > (%3$L::bigint, %4$L::bigint) AND xid < %5$L::bigint
          AND (version > %6$L OR xid < %7$L) AND isfinite(changed_at)
        UNION ALL
        SELECT machine_name, since FROM machine_silences
        WHERE (xid, version) > (%3$L::bigint, %4$L::bigint) AND xid < %5$L::bigint AND (version > %6$L OR xid < %7$L)$query$,
        p.loaded, p.life_version, p.xid, p.version, next_xid(), p.foreign_version, p.life_xid);
END $$;
CREATE VIEW history_unread AS SELECT * FROM unread_history();

CREATE OR REPLACE FUNCTION machine_status_history_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING
        MESSAGE = format('%s is append-only: %s is refused', TG_TABLE_NAME, lower(TG_OP)),
        HINT = 'A wrong status is corrected by writing the right one to machine_feed_stream.';
END $$;
CREATE TRIGGER machine_silences_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON machine_silences
    FOR EACH STATEMENT EXECUTE FUNCTION machine_status_history_is_append_only();


-- What the feed's trigger also remembers: that a machine was silent, and that one went on under another name.

CREATE OR REPLACE FUNCTION machine_feed_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    renamed boolean;
    silent  boolean;
    changed jsonb[];
BEGIN
    INSERT INTO machine_status_history (version, machine_name, old_status, new_status, reason, datetime, changed_at)
    SELECT n.version, n.machine_name, o.status, n.status, n.reason, n.datetime, n.reported_at
    FROM new_rows n JOIN old_rows o USING (machine_id)
    WHERE (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason);

    SELECT bool_or(o.machine_id IS NULL OR (o.machine_name, o.type) IS DISTINCT FROM (n.machine_name, n.type)),
           bool_or(n.reported_at > o.reported_at + (SELECT machine_silent_after FROM plant_settings)),
           array_agg(jsonb_build_array(n.machine_name, n.status, n.reason, n.version,
                                       epoch_ms(n.reported_at), epoch_ms(n.status_since)) ORDER BY n.version)
               FILTER (WHERE n.status IS NOT NULL)
    INTO renamed, silent, changed
    FROM new_rows n LEFT JOIN old_rows o USING (machine_id);

    IF silent THEN
        INSERT INTO machine_silences (machine_name, since, until)
        SELECT o.machine_name, o.reported_at + machine_silent_after, n.reported_at
        FROM plant_settings, new_rows n JOIN old_rows o USING (machine_id)
        WHERE n.reported_at > o.reported_at + machine_silent_after;
    END IF;
    IF renamed THEN
        INSERT INTO machine_status_history (version, machine_name, old_status, new_status, changed_at)
        SELECT nextval('machine_feed_version'), o.machine_name, o.status, NULL, n.reported_at
        FROM new_rows n JOIN old_rows o USING (machine_id) WHERE o.machine_name <> n.machine_name AND o.status IS NOT NULL;
        INSERT INTO machine_status_history (version, machine_name, old_status, new_status, reason, datetime, changed_at)
        SELECT n.version, n.machine_name, NULL, n.status, n.reason, n.datetime, n.reported_at
        FROM new_rows n JOIN old_rows o USING (machine_id) WHERE o.machine_name <> n.machine_name AND n.status IS NOT NULL
        ON CONFLICT (version) DO NOTHING;  -- its status changed too, which has been written above
        UPDATE machines m SET added_at = n.reported_at FROM new_rows n JOIN old_rows o USING (machine_id)
        WHERE m.machine_name = n.machine_name AND o.machine_name <> n.machine_name AND n.status IS NOT NULL;
        UPDATE machines m SET type = n.type FROM new_rows n WHERE n.machine_name = m.machine_name AND n.type <> m.type;
        PERFORM announce('{"resync": "a machine was renamed"}');
    ELSIF changed IS NOT NULL THEN
        PERFORM announce_items('[', changed, ']');
    END IF;
    RETURN NULL;
END $$;


-- What a machine was, and when.

CREATE FUNCTION micros(length interval) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(date_part('epoch', length) * 1e6)::bigint $$;
COMMENT ON FUNCTION micros IS 'Microseconds; exact below a hundred years.';

-- What a machine in warning waits for: starved (nothing comes) or blocked (nothing goes), else null.
CREATE FUNCTION waits_for(status text, reason text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN status <> 'warning' THEN NULL
                WHEN reason ~* '^[[:space:]]*starved' THEN 'starved' WHEN reason ~* '^[[:space:]]*blocked' THEN 'blocked' END
$$;

-- The last change of a machine up to a moment, and when the status that it brought began: from there back to the change
-- that brought it.
CREATE FUNCTION last_said(of_machine text, moment timestamptz)
RETURNS TABLE (status text, reason text, version bigint, reported_at timestamptz, began timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT change.status, change.reason, change.version, change.reported_at, change.changed_at
    FROM (SELECT h.changed_at, h.new_status,
                 first_value(h.new_status) OVER back AS status, first_value(h.reason) OVER back AS reason,
                 first_value(h.version) OVER back AS version, first_value(h.changed_at) OVER back AS reported_at,
                 lead(h.new_status) OVER back AS status_before, lead(h.version) OVER back AS version_before
          FROM machine_status_history h
          WHERE h.machine_name = of_machine AND h.changed_at <= moment AND h.changed_at > '-infinity'
          WINDOW back AS (ORDER BY h.changed_at DESC, h.version DESC)) AS change
    WHERE change.status_before IS DISTINCT FROM change.new_status OR change.version_before IS NULL LIMIT 1
$$;

-- The mark before a moment from which one can read on, null where that would be far.
CREATE FUNCTION mark_before(moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT mark.at
    FROM history_progress p, date_bin('6 hours', least(moment, p.rolled_until), '2000-01-01Z') AS mark (at)
    WHERE p.rolled_until IS NOT NULL AND mark.at > moment - interval '12 hours'
      AND mark.at >= coalesce(p.forgotten_until, '-infinity')
$$;

-- One machine from its state at from_at until until_at, without a gap: unknown where it was not there. as_read leaves out
-- what refresh_history() has not read. Silences are not cut out: machine_stretches() does it.
CREATE FUNCTION said_stretches(of_machine text, from_at timestamptz, until_at timestamptz, as_read boolean)
RETURNS TABLE (since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50 AS $$
    SELECT greatest(said.at, from_at), coalesce(lead(said.at) OVER (ORDER BY said.at, said.version), until_at),
           CASE WHEN said.status IN ('operational', 'warning', 'down') THEN said.status ELSE 'unknown' END,
           CASE WHEN said.status IN ('operational', 'warning', 'down') THEN said.reason END
    FROM (SELECT '-infinity'::timestamptz AS at, -1::bigint AS version, NULL::text AS status, NULL::text AS reason
          UNION ALL
          (SELECT h.changed_at, h.version, h.new_status, h.reason
           FROM history_progress p, machine_status_history h
           WHERE h.machine_name = of_machine AND h.changed_at <= from_at AND h.changed_at > '-infinity'
             AND (NOT as_read OR history_was_read(h.xid, h.version, p))
           ORDER BY h.changed_at DESC, h.version DESC LIMIT 1)
          UNION ALL
          SELECT h.changed_at, h.version, h.new_status, h.reason
          FROM history_progress p, machine_status_history h
          WHERE h.machine_name = of_machine AND h.changed_at > from_at AND h.changed_at < until_at
            AND (NOT as_read OR history_was_read(h.xid, h.version, p))) AS said
$$;

-- The machines that are silent now, and since when they are unknown for it.
CREATE FUNCTION silent_now(now_at timestamptz) RETURNS TABLE (machine_name text, since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 AS $$
    SELECT f.machine_name, f.reported_at + (SELECT machine_silent_after FROM plant_settings)
    FROM machine_feed_stream f
    WHERE f.reported_at + (SELECT machine_silent_after FROM plant_settings) < now_at
$$;

-- Silences in a period, without overlaps; now_at: the one that is going on too (null: only those that were read).
CREATE FUNCTION silences_between(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, silent tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT found.machine_name, range_agg(tstzrange(found.since, found.until))
    FROM (SELECT s.machine_name, s.since, s.until FROM history_progress p, machine_silences s
          WHERE s.since < until_at AND s.until > from_at
            AND (now_at IS NOT NULL OR history_was_read(s.xid, s.version, p))
          UNION ALL
          SELECT q.machine_name, q.since, now_at FROM silent_now(now_at) q) AS found
    GROUP BY found.machine_name
$$;

-- Machines, each over a period of its own, cut into what they were without a gap. now_at null: only what was read.
CREATE FUNCTION machine_stretches(names text[], froms timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50000 AS $$
    WITH period AS (
        SELECT p.machine_name, p.since, p.until, q.silent
        FROM unnest(names, froms, untils) AS p (machine_name, since, until)
        LEFT JOIN silences_between((SELECT min(f) FROM unnest(froms) f), (SELECT max(u) FROM unnest(untils) u), now_at) q
            USING (machine_name)
        WHERE p.since < p.until
    ), said AS (
        SELECT period.machine_name, period.silent, s.since, s.until, s.status, s.reason
        FROM period CROSS JOIN LATERAL said_stretches(period.machine_name, period.since, period.until, now_at IS NULL) s
        WHERE s.since < s.until
    )
    SELECT said.machine_name, said.since, said.until, said.status, said.reason FROM said WHERE said.silent IS NULL
    UNION ALL
    SELECT said.machine_name, lower(known), upper(known), said.status, said.reason
    FROM said, unnest(tstzmultirange(tstzrange(said.since, said.until)) - said.silent) AS known
    WHERE said.silent IS NOT NULL
    UNION ALL
    SELECT period.machine_name, lower(unknown), upper(unknown), 'unknown', NULL
    FROM period, unnest(tstzmultirange(tstzrange(period.since, period.until)) * period.silent) AS unknown
    WHERE period.silent IS NOT NULL
$$;
COMMENT ON FUNCTION machine_stretches IS
    'What machines were, from their state at the begin of each period to its end, without a gap: unknown where not known.';

-- What is known of some machines in a period that is the same for all. Of a good part of the floor it is read as it lies on the
-- disk, from the mark before the period on; machine by machine where there is no mark, and of machines that were silent or of
-- which something from before the mark came late.
CREATE FUNCTION known_stretches(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH mark AS MATERIALIZED (
        SELECT mark_before(from_at) AS at WHERE 4 * cardinality(names) > (SELECT count(*) FROM history_machines)
    ), apart AS MATERIALIZED (
        SELECT n AS machine_name FROM unnest(names) n WHERE (SELECT at FROM mark) IS NULL
        UNION SELECT u.machine_name FROM history_unread u WHERE u.at < (SELECT at FROM mark)
        UNION SELECT q.machine_name FROM silences_between(from_at, until_at, now_at) q
    )
    SELECT said.machine_name, said.since, said.until, said.status, said.reason
    FROM (SELECT change.machine_name, change.status, change.reason, greatest(change.at, from_at) AS since,
                 coalesce(lead(change.at) OVER (PARTITION BY change.machine_name ORDER BY change.at, change.version),
                          until_at) AS until
          FROM (SELECT m.machine_name, m.reported_at AS at, m.version, m.status, m.reason
                FROM machine_marks m WHERE m.at = (SELECT at FROM mark)
                UNION ALL
                SELECT h.machine_name, h.changed_at, h.version, h.new_status, h.reason
                FROM machine_status_history h
                WHERE h.changed_at >= (SELECT at FROM mark) AND h.changed_at < until_at) AS change
          WHERE change.machine_name = ANY (names) AND change.machine_name NOT IN (SELECT machine_name FROM apart)) AS said
    WHERE said.since < said.until AND said.status IN ('operational', 'warning', 'down')
    UNION ALL
    SELECT s.machine_name, s.since, s.until, s.status, s.reason
    FROM (SELECT array_agg(n) AS names, array_agg(from_at) AS froms, array_agg(until_at) AS untils
          FROM unnest(names) n WHERE n IN (SELECT machine_name FROM apart)) AS one
    CROSS JOIN LATERAL machine_stretches(one.names, one.froms, one.untils, now_at) s
    WHERE s.status <> 'unknown'
$$;

-- For people: every stretch of one status and reason, always up to date. Ask for one machine at a time.
CREATE VIEW machine_intervals AS
SELECT machine_name, status, reason, changed_at AS since,
       lead(changed_at) OVER (PARTITION BY machine_name ORDER BY changed_at, version) AS until
FROM (SELECT machine_name, new_status AS status, reason, changed_at, version,
             lag(new_status) OVER w AS status_before, lag(reason) OVER w AS reason_before,
             row_number() OVER w AS number
      FROM machine_status_history
      WINDOW w AS (PARTITION BY machine_name ORDER BY changed_at, version)) AS said
WHERE number = 1 OR (status, reason) IS DISTINCT FROM (status_before, reason_before);
COMMENT ON VIEW machine_intervals IS
    'One row per stretch of one status and reason; status null: the machine is not there; until null: still so.';


-- Stops.

-- The stops of one machine from a moment at which none was going, by what was said until another.
CREATE FUNCTION said_stops(of_machine text, from_at timestamptz, until_at timestamptz)
RETURNS TABLE (version bigint, since timestamptz, until timestamptz, reason text, repaired boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT (array_agg(down.version ORDER BY down.at, down.version))[1], min(down.at),
           (array_agg(down.next_at ORDER BY down.at DESC, down.version DESC))[1],
           coalesce((array_agg(down.reason ORDER BY down.at, down.version))[1],
                    (array_agg(down.reason ORDER BY down.at DESC, down.version DESC)
                     FILTER (WHERE down.reason IS NOT NULL))[1]),
           (array_agg(down.next_status ORDER BY down.at DESC, down.version DESC))[1] IS NOT NULL
    FROM (SELECT said.*, count(*) FILTER (WHERE said.begins) OVER (ORDER BY said.at, said.version) AS stop
          FROM (SELECT h.version, h.changed_at AS at, h.new_status AS status, h.reason,
                       h.new_status = 'down' AND lag(h.new_status) OVER w IS DISTINCT FROM 'down' AS begins,
                       lead(h.changed_at) OVER w AS next_at, lead(h.new_status) OVER w AS next_status
                FROM machine_status_history h
                WHERE h.machine_name = of_machine AND h.changed_at >= from_at AND h.changed_at <= until_at
                  AND isfinite(h.changed_at)
                WINDOW w AS (ORDER BY h.changed_at, h.version)) AS said) AS down
    WHERE down.status = 'down'
    GROUP BY down.stop
$$;

-- From where on a machine's stops must be looked at again when something is new at a moment.
CREATE FUNCTION stops_valid_until(of_machine text, new_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT CASE WHEN s.until IS NULL OR s.until >= new_at THEN s.since END
                     FROM (SELECT since, until FROM machine_stops WHERE machine_name = of_machine AND since < new_at
                           ORDER BY since DESC, version DESC LIMIT 1) AS s), new_at)
$$;

-- Microseconds of a period in which nothing was known of a machine. silent_since: it is silent now, since then.
CREATE FUNCTION silent_within(of_machine text, from_at timestamptz, until_at timestamptz, silent_since timestamptz)
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(micros(upper(r) - lower(r))), 0)::bigint
    FROM unnest((SELECT range_agg(tstzrange(since, until))
                 FROM (SELECT since, until FROM machine_silences
                       WHERE machine_name = of_machine AND since < until_at AND until > from_at
                       UNION ALL
                       SELECT silent_since, 'infinity' WHERE silent_since IS NOT NULL) AS found)
                * tstzmultirange(tstzrange(from_at, greatest(from_at, until_at)))) AS r
$$;

-- Machines whose stops have changed since they were last derived, and from when on.
CREATE FUNCTION stops_outdated() RETURNS TABLE (machine_name text, since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT u.machine_name, stops_valid_until(u.machine_name, min(u.at)) FROM history_unread u GROUP BY u.machine_name
$$;

-- The stops that began and ended inside a period: most of them. names null: of all machines. What is outdated is not
-- joined, because of a year there are a million stops, and few are: those since the first of them are looked up, by machine.
CREATE FUNCTION stops_inside(names text[], from_at timestamptz, until_at timestamptz) RETURNS SETOF machine_stops
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT s.* FROM machine_stops s
    WHERE s.since >= from_at AND s.since < until_at AND s.until < until_at AND (names IS NULL OR s.machine_name = ANY (names))
      AND (s.since < (SELECT coalesce(min(o.since), 'infinity') FROM stops_outdated() o)
           OR s.since < coalesce(((SELECT jsonb_object_agg(o.machine_name, o.since) FROM stops_outdated() o)
                                  ->> s.machine_name)::timestamptz, 'infinity'))
$$;

-- The other stops of a period, as far as is known at now_at: those that went on at one of its ends, those that ended at
-- the very moment at which it begins (their repair belongs to it), and those of machines of which something is new.
-- down: microseconds inside the period; length: of the whole stop until now_at. Both without what is not known.
CREATE FUNCTION stops_touching(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               silent bigint, down bigint, length bigint, silent_since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH outdated AS MATERIALIZED (
        SELECT * FROM stops_outdated()
    ), stop AS (
        SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.silent
        FROM machine_stops s LEFT JOIN outdated USING (machine_name)
        WHERE tstzrange(s.since, s.until, '[]') @> from_at AND s.since < from_at
          AND (names IS NULL OR s.machine_name = ANY (names)) AND (outdated.since IS NULL OR s.since < outdated.since)
        UNION ALL
        SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.silent
        FROM machine_stops s LEFT JOIN outdated USING (machine_name)
        WHERE tstzrange(s.since, s.until, '[]') @> until_at AND s.since >= from_at AND s.since < until_at
          AND (names IS NULL OR s.machine_name = ANY (names)) AND (outdated.since IS NULL OR s.since < outdated.since)
        UNION ALL
        SELECT s.version, outdated.machine_name, s.since, s.until, s.reason, s.repaired,
               silent_within(outdated.machine_name, s.since, least(s.until, now_at), NULL)
        FROM outdated CROSS JOIN LATERAL said_stops(outdated.machine_name, outdated.since, 'infinity') s
        WHERE s.since < until_at AND (s.since >= from_at OR s.until IS NULL OR s.until >= from_at)
          AND (names IS NULL OR outdated.machine_name = ANY (names))
    )
    SELECT stop.version, stop.machine_name, stop.since, stop.until, stop.reason, stop.repaired, stop.silent,
           micros(least(stop.until, until_at) - greatest(stop.since, from_at))
           - CASE WHEN stop.silent = 0 AND quiet.since IS NULL THEN 0
                  ELSE silent_within(stop.machine_name, greatest(stop.since, from_at), least(stop.until, until_at),
                                     quiet.since) END,
           micros(least(stop.until, now_at) - stop.since)
           - CASE WHEN stop.until <= now_at OR stop.silent = 0 AND quiet.since IS NULL THEN stop.silent
                  ELSE silent_within(stop.machine_name, stop.since, least(stop.until, now_at), quiet.since) END,
           quiet.since
    FROM stop LEFT JOIN silent_now(now_at) quiet ON quiet.machine_name = stop.machine_name AND stop.until IS NULL
$$;

-- Of those, the ones that were going on in the period; in none that has no length, as one that has not begun.
CREATE FUNCTION stops_across(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               silent bigint, down bigint, length bigint, silent_since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT * FROM stops_touching(names, from_at, until_at, now_at)
    WHERE from_at < until_at AND (since >= from_at OR until IS NULL OR until > from_at)
$$;

-- Both together.
CREATE FUNCTION stops_between(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT version, machine_name, since, until, reason, repaired, length, length
    FROM stops_inside(names, from_at, until_at)
    UNION ALL
    SELECT version, machine_name, since, until, reason, repaired, down, length
    FROM stops_across(names, from_at, until_at, now_at)
$$;
COMMENT ON FUNCTION stops_between IS
    'The stops that were going on in a period, right to the second. down: microseconds inside it; length: of all of it.';


-- Work orders that somebody still had to see to at a moment, as they stood then: what was changed since is taken back by
-- the events. When they are due is that of now.
CREATE FUNCTION work_orders_at(moment timestamptz)
RETURNS TABLE (id text, status text, priority text, assignee text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    SELECT was.* FROM (
        SELECT o.id, coalesce(later.status, o.status) AS status, coalesce(later.priority, o.priority) AS priority,
               nullif(coalesce(later.assignee, o.assignee, ''), '') AS assignee
        FROM work_orders o
        CROSS JOIN LATERAL (
            SELECT (array_agg(e.old_value ORDER BY e.event_id) FILTER (WHERE e.kind = 'moved'))[1] AS status,
                   (array_agg(e.old_value ORDER BY e.event_id) FILTER (WHERE e.field = 'priority'))[1] AS priority,
                   (array_agg(coalesce(e.old_value, '') ORDER BY e.event_id) FILTER (WHERE e.field = 'assignee'))[1]
                       AS assignee
            FROM work_order_events e WHERE e.work_order_id = o.id AND e.at > moment) AS later
        WHERE o.created_at <= moment
          AND (o.status IN ('open', 'in_progress', 'on_hold') OR coalesce(o.completed_at, o.cancelled_at) > moment)) AS was
    WHERE was.status IN ('open', 'in_progress', 'on_hold')
$$;
COMMENT ON FUNCTION work_orders_at IS 'The work orders that were open, in progress or on hold at a moment, as they were then.';


-- Root and victim: who waited for whom.

-- A starved machine waits for the nearest machine before it on its line that is down or itself waits: a machine that
-- is down is charged, one that is starved too waits for the same, and of one that is blocked the chain leads back to
-- where it came from, so nobody is charged. A blocked machine waits in the same way for what comes after it. Lines and
-- positions are those of now. now_at null: only what was read. of_lines null: all.
CREATE FUNCTION waits_within(from_at timestamptz, until_at timestamptz, now_at timestamptz, of_lines smallint[])
RETURNS TABLE (machine_name text, root text, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH place AS (
        SELECT m.machine_name, m.line_id,
               row_number() OVER (PARTITION BY m.line_id ORDER BY m.position, m.machine_name) AS place
        FROM machines m
        WHERE of_lines IS NULL OR m.line_id = ANY (of_lines)
    ), name AS (
        SELECT array_agg(place.machine_name) AS names, array_agg(from_at) AS froms, array_agg(until_at) AS untils FROM place
    ), stretch AS MATERIALIZED (
        SELECT place.line_id, place.place, s.machine_name, s.since, s.until,
               CASE WHEN s.status = 'down' THEN 'down' ELSE waits_for(s.status, s.reason) END AS state
        FROM name CROSS JOIN LATERAL machine_stretches(name.names, name.froms, name.untils, now_at) s
        JOIN place USING (machine_name)
        WHERE s.status IN ('down', 'warning')
    ), victim AS (
        SELECT stretch.*, row_number() OVER () AS number FROM stretch WHERE state IN ('starved', 'blocked')
    ), holder AS (  -- what is in a victim's way, with when something nearer is
        SELECT v.number, v.machine_name, CASE WHEN h.state = 'down' THEN h.machine_name END AS root,
               tstzrange(greatest(v.since, h.since), least(v.until, h.until)) AS period,
               range_agg(tstzrange(greatest(v.since, h.since), least(v.until, h.until)))
                   OVER (PARTITION BY v.number ORDER BY abs(v.place - h.place)
                         GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS nearer
        FROM victim v JOIN stretch h ON h.line_id = v.line_id AND h.since < v.until AND h.until > v.since
         AND CASE v.state WHEN 'starved' THEN h.place < v.place AND h.state IN ('down', 'blocked')
                          ELSE h.place > v.place AND h.state IN ('down', 'starved') END
    ), charge AS (
        SELECT holder.number, holder.machine_name, holder.root, charged
        FROM holder, unnest(tstzmultirange(holder.period) - coalesce(holder.nearer, '{}')) AS charged
        WHERE holder.root IS NOT NULL
    )
    SELECT charge.machine_name, charge.root, lower(charge.charged), upper(charge.charged) FROM charge
    UNION ALL
    SELECT v.machine_name, NULL, lower(rest), upper(rest)
    FROM victim v LEFT JOIN (SELECT number, range_agg(charged) AS charged FROM charge GROUP BY number) c USING (number),
         unnest(tstzmultirange(tstzrange(v.since, v.until)) - coalesce(c.charged, '{}')) AS rest
$$;
-- The same in steps of six hours, because every stretch is compared with all of its line.
CREATE FUNCTION waits_between(from_at timestamptz, until_at timestamptz, now_at timestamptz, of_lines smallint[])
RETURNS TABLE (machine_name text, root text, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT w.machine_name, w.root, w.since, w.until
    FROM generate_series(date_bin('6 hours', from_at, '2000-01-01Z'), until_at - interval '1 microsecond', '6 hours') AS step
    CROSS JOIN LATERAL waits_within(greatest(step, from_at), least(step + interval '6 hours', until_at), now_at, of_lines) w
$$;
COMMENT ON FUNCTION waits_between IS 'Who was starved or blocked and for whom: root null where it cannot be attributed.';


-- Rolling up.

-- Mark what machines were wherever a mark falls into periods of their own, begins or ends them.
CREATE FUNCTION history_mark(names text[], froms timestamptz[], untils timestamptz[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    DELETE FROM machine_marks m USING unnest(names, froms, untils) AS p (name, since, until)
    WHERE m.machine_name = p.name AND m.at >= p.since AND m.at <= p.until;
    INSERT INTO machine_marks (at, machine_name, status, reason, version, reported_at, began)
    SELECT mark.at, p.name, said.status, said.reason, said.version, said.reported_at, said.began
    FROM unnest(names, froms, untils) AS p (name, since, until)
    CROSS JOIN LATERAL generate_series(date_bin('6 hours', p.since + interval '6 hours' - interval '1 microsecond',
                                                '2000-01-01Z'), p.until, '6 hours') AS mark (at)
    CROSS JOIN LATERAL last_said(p.name, mark.at - interval '1 microsecond') said
    WHERE said.status IS NOT NULL ORDER BY mark.at, p.name
$$;

-- Add (direction 1) or take back (-1) what machines were over periods of their own, as far as it was read. For the
-- floor's quarters a stretch says how much of its first and its last it fills, and that the ones between are full. What is
-- added is marked.
CREATE FUNCTION history_roll_time(names text[], froms timestamptz[], untils timestamptz[], direction integer) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH stretch AS MATERIALIZED (
        SELECT s.machine_name, s.since, s.until,
               CASE WHEN waits_for(s.status, s.reason) IS NOT NULL THEN 'waiting' ELSE s.status END AS state,
               date_bin('15 minutes', s.since, '2000-01-01Z') AS first,
               date_bin('15 minutes', s.until - interval '1 microsecond', '2000-01-01Z') AS last
        FROM machine_stretches(names, froms, untils, NULL) s
        WHERE s.status <> 'unknown'
    ), days AS (
        INSERT INTO machine_days AS d (machine_name, day, operational, warning, waiting, down)
        SELECT s.machine_name, (day.since AT TIME ZONE 'UTC')::date,
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'operational'), 0),
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'warning'), 0),
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'waiting'), 0),
               coalesce(sum(of_day.length) FILTER (WHERE s.state = 'down'), 0)
        FROM stretch s
        CROSS JOIN LATERAL generate_series(date_bin('24 hours', s.since, '2000-01-01Z'),
                                           s.until - interval '1 microsecond', '24 hours') AS day (since)
        CROSS JOIN LATERAL (SELECT direction * micros(least(s.until, day.since + interval '24 hours')
                                                      - greatest(s.since, day.since)) AS length) AS of_day
        GROUP BY s.machine_name, day.since
        ON CONFLICT (day, machine_name) DO UPDATE SET
            operational = d.operational + excluded.operational, warning = d.warning + excluded.warning,
            waiting = d.waiting + excluded.waiting, down = d.down + excluded.down
    ), change AS (
        SELECT stretch.first AS quarter, stretch.state,
               micros(least(stretch.until, stretch.first + interval '15 minutes') - stretch.since) AS part, 0 AS full
        FROM stretch
        UNION ALL
        SELECT stretch.last, stretch.state, micros(stretch.until - stretch.last), -1
        FROM stretch WHERE stretch.first < stretch.last
        UNION ALL
        SELECT stretch.first + interval '15 minutes', stretch.state, 0, 1
        FROM stretch WHERE stretch.first < stretch.last
    ), quarter AS (
        SELECT q.since, s.state,
               coalesce(change.part, 0) + 900000000 * coalesce(sum(change.full) OVER (PARTITION BY s.state ORDER BY q.since), 0)
                   AS length
        FROM (SELECT min(stretch.first) AS first, max(stretch.last) AS last FROM stretch) AS whole
        CROSS JOIN LATERAL generate_series(whole.first, whole.last, '15 minutes') AS q (since)
        CROSS JOIN unnest(ARRAY['operational', 'warning', 'waiting', 'down']) AS s (state)
        LEFT JOIN (SELECT c.quarter, c.state, sum(c.part) AS part, sum(c.full) AS full
                   FROM change c GROUP BY c.quarter, c.state) AS change ON change.quarter = q.since AND change.state = s.state
    )
    INSERT INTO floor_quarters AS q (since, operational, warning, waiting, down)
    SELECT quarter.since,
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'operational'),
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'warning'),
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'waiting'),
           direction * sum(quarter.length) FILTER (WHERE quarter.state = 'down')
    FROM quarter GROUP BY quarter.since HAVING sum(quarter.length) > 0
    ON CONFLICT (since) DO UPDATE SET
        operational = q.operational + excluded.operational, warning = q.warning + excluded.warning,
        waiting = q.waiting + excluded.waiting, down = q.down + excluded.down;
    SELECT history_mark(names, froms, untils) WHERE direction = 1
$$;

-- Charge machines for (direction 1), or discharge them of (-1), some waits.
CREATE FUNCTION history_charge(victims text[], roots text[], froms timestamptz[], untils timestamptz[], direction integer)
RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO machine_days AS d (machine_name, day, caused, unattributed)
    SELECT coalesce(w.root, w.victim), (day.since AT TIME ZONE 'UTC')::date,
           coalesce(sum(length) FILTER (WHERE w.root IS NOT NULL), 0), coalesce(sum(length) FILTER (WHERE w.root IS NULL), 0)
    FROM unnest(victims, roots, froms, untils) AS w (victim, root, since, until)
    CROSS JOIN LATERAL generate_series(date_bin('24 hours', w.since, '2000-01-01Z'), w.until - interval '1 microsecond',
                                       '24 hours') AS day (since)
    CROSS JOIN LATERAL (SELECT direction * micros(least(w.until, day.since + '24 hours') - greatest(w.since, day.since))
                        AS length) AS of_day
    GROUP BY 1, 2
    ON CONFLICT (day, machine_name) DO UPDATE SET
        caused = d.caused + excluded.caused, unattributed = d.unattributed + excluded.unattributed
$$;

CREATE FUNCTION history_roll_waits(from_at timestamptz, until_at timestamptz, of_lines smallint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    victims text[]; roots text[]; froms timestamptz[]; untils timestamptz[];
BEGIN
    WITH found AS (
        INSERT INTO machine_waits SELECT * FROM waits_between(from_at, until_at, NULL, of_lines) RETURNING *
    )
    SELECT array_agg(machine_name), array_agg(root), array_agg(since), array_agg(until)
    INTO victims, roots, froms, untils FROM found;
    PERFORM history_charge(victims, roots, froms, untils, 1);
END $$;

-- Take back what the machines of some lines were charged for from a moment on.
CREATE FUNCTION history_unroll_waits(from_at timestamptz, of_lines smallint[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    victims text[]; roots text[]; froms timestamptz[]; untils timestamptz[];
BEGIN
    WITH gone AS (
        DELETE FROM machine_waits w USING machines m
        WHERE m.line_id = ANY (of_lines) AND w.machine_name = m.machine_name AND w.until > from_at RETURNING w.*
    ), kept AS (
        INSERT INTO machine_waits SELECT machine_name, root, since, from_at FROM gone WHERE since < from_at
    )
    SELECT array_agg(machine_name), array_agg(root), array_agg(greatest(since, from_at)), array_agg(until)
    INTO victims, roots, froms, untils FROM gone;
    PERFORM history_charge(victims, roots, froms, untils, -1);
END $$;


-- Bringing it up to date.

-- Stops of some machines, again from the moment at which something is new, by what was said until the lasts (null: all).
CREATE FUNCTION history_renew_stops(names text[], news timestamptz[], lasts timestamptz[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    froms timestamptz[];
BEGIN
    INSERT INTO history_machines AS m
    SELECT new.name, new.new_at, coalesce(new.last_at, 'infinity')
    FROM unnest(names, news, coalesce(lasts, array_fill(NULL::timestamptz, ARRAY[cardinality(names)])))
        AS new (name, new_at, last_at)
    ON CONFLICT (machine_name) DO UPDATE SET first_at = least(m.first_at, excluded.first_at),
                                             last_at = greatest(m.last_at, excluded.last_at);
    SELECT array_agg(stops_valid_until(name, new_at) ORDER BY number) INTO froms
    FROM unnest(names, news) WITH ORDINALITY AS new (name, new_at, number);
    DELETE FROM machine_stops s USING unnest(names, froms) AS n (name, from_at)
    WHERE s.machine_name = n.name AND s.since >= n.from_at;
    INSERT INTO machine_stops (version, machine_name, since, until, reason, repaired, silent, length)
    SELECT stop.*, micros(stop.until - stop.since) - stop.silent
    FROM (SELECT s.version, n.name, s.since, s.until, s.reason, s.repaired,
                 CASE WHEN EXISTS (SELECT FROM machine_silences q WHERE q.machine_name = n.name)
                      THEN silent_within(n.name, s.since, coalesce(s.until, 'infinity'), NULL) ELSE 0 END AS silent
          FROM unnest(names, froms) AS n (name, from_at) JOIN history_machines m ON m.machine_name = n.name
          CROSS JOIN LATERAL said_stops(n.name, n.from_at, m.last_at) s
          ORDER BY s.since) AS stop;  -- reports read them by time, and so they lie side by side
END $$;

-- Reads on in the history, at most so many rows; returns how many.
CREATE FUNCTION history_read_on(most bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    was history_progress;
    goal history_progress;
    settled bigint := oldest_xid();
    amount bigint;
    names text[]; news timestamptz[]; lasts timestamptz[];
    late_names text[]; late_news timestamptz[]; late_untils timestamptz[];
    late_lines smallint[];
    late_from timestamptz;
BEGIN
    SELECT * INTO was FROM history_progress;
    IF was.xid > next_xid() THEN  -- another server than the one that counted so far
        PERFORM history_begin_again();
        SELECT * INTO was FROM history_progress;
    END IF;
    goal := was;
    IF was.loaded < was.life_version THEN
        goal.loaded := coalesce((SELECT version FROM machine_status_history
                                 WHERE version > was.loaded AND version <= was.life_version
                                 ORDER BY version OFFSET most - 1 LIMIT 1), was.life_version);
    ELSE
        SELECT xid, version INTO goal.xid, goal.version FROM machine_status_history
        WHERE (xid, version) > (was.xid, was.version) AND xid < settled ORDER BY xid, version OFFSET most - 1 LIMIT 1;
        IF NOT FOUND THEN
            goal.xid := greatest(settled, was.xid);
            goal.version := CASE WHEN goal.xid = was.xid THEN was.version ELSE 0 END;
        END IF;
    END IF;
    SELECT array_agg(new.machine_name), array_agg(new.at), array_agg(new.last), coalesce(sum(new.rows), 0)
    INTO names, news, lasts, amount
    FROM (SELECT found.machine_name, min(found.at) AS at, max(found.at) AS last, count(*) AS rows
          FROM (SELECT machine_name, changed_at AS at, version, xid FROM machine_status_history
                WHERE version > was.loaded AND version <= goal.loaded
                UNION ALL
                SELECT machine_name, since, version, xid FROM machine_silences
                WHERE version > was.loaded AND version <= goal.loaded
                UNION ALL
                SELECT machine_name, changed_at, version, xid FROM machine_status_history
                WHERE (xid, version) > (was.xid, was.version) AND (xid, version) <= (goal.xid, goal.version)
                  AND (version > was.foreign_version OR xid < was.life_xid)
                UNION ALL
                SELECT machine_name, since, version, xid FROM machine_silences
                WHERE (xid, version) > (was.xid, was.version) AND (xid, version) <= (goal.xid, goal.version)
                  AND (version > was.foreign_version OR xid < was.life_xid)) AS found
          WHERE isfinite(found.at)
          GROUP BY found.machine_name) AS new;

    -- what is new inside the time that is rolled up is taken back as it was known before, and added as it is known now
    SELECT array_agg(name), array_agg(new_at), array_agg(was.rolled_until), min(new_at)
    INTO late_names, late_news, late_untils, late_from
    FROM unnest(names, news) AS new (name, new_at) WHERE new_at < was.rolled_until;
    IF late_names IS NOT NULL THEN
        SELECT coalesce(array_agg(DISTINCT line_id), '{}') INTO late_lines FROM machines
        WHERE machine_name = ANY (late_names) AND line_id IS NOT NULL;
        PERFORM history_roll_time(late_names, late_news, late_untils, -1);
        PERFORM history_unroll_waits(late_from, late_lines);
    END IF;
    UPDATE history_progress SET loaded = goal.loaded, xid = goal.xid, version = goal.version
    WHERE (loaded, xid, version) <> (goal.loaded, goal.xid, goal.version);
    IF names IS NOT NULL THEN
        PERFORM history_renew_stops(names, news, lasts);
    END IF;
    IF late_names IS NOT NULL THEN
        PERFORM history_roll_time(late_names, late_news, late_untils, 1);
        PERFORM history_roll_waits(late_from, was.rolled_until, late_lines);
    END IF;
    RETURN CASE WHEN goal.loaded > was.loaded THEN greatest(amount, 1) ELSE amount END;
END $$;

-- Forget all that is derived: refresh_history() makes it anew.
CREATE FUNCTION history_begin_again() RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    DELETE FROM machine_stops;
    DELETE FROM machine_days;
    DELETE FROM floor_quarters;
    DELETE FROM machine_marks;
    DELETE FROM machine_waits;
    DELETE FROM history_machines;
    UPDATE history_progress SET loaded = 0, version = 0, rolled_until = NULL,
        life_xid = next_xid(), xid = oldest_xid(),
        life_version = greatest((SELECT coalesce(max(version), 0) FROM machine_status_history),
                                (SELECT coalesce(max(version), 0) FROM machine_silences)),
        foreign_version = greatest(
            (SELECT coalesce(max(version), 0) FROM machine_status_history WHERE xid >= next_xid()),
            (SELECT coalesce(max(version), 0) FROM machine_silences WHERE xid >= next_xid()));
$$;

-- Rolls up the next stretch of full hours that are over and read to the last row; returns how many.
CREATE FUNCTION history_roll_on(now_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    from_at timestamptz;
    until_at timestamptz;
    machines bigint;
    oldest timestamptz;
BEGIN
    SELECT count(*), min(first_at) INTO machines, oldest FROM history_machines;
    SELECT coalesce(rolled_until, date_trunc('hour', oldest, 'UTC')) INTO from_at FROM history_progress;
    -- rows whose transactions have not ended may be a moment older than what was read: a minute lets most of them in
    until_at := least(date_trunc('hour', least(now_at - interval '1 minute', (SELECT min(at) FROM history_unread)), 'UTC'),
                      date_bin('24 hours', from_at, '2000-01-01Z') + greatest(1, 2000 / nullif(machines, 0)) * interval '24 hours');
    IF until_at > from_at THEN
        PERFORM history_roll_time(array_agg(machine_name), array_agg(from_at), array_agg(until_at), 1)
        FROM history_machines WHERE first_at < until_at;
        PERFORM history_roll_waits(from_at, until_at, NULL);
        UPDATE history_progress SET rolled_until = until_at;
        RETURN extract(epoch FROM until_at - from_at)::bigint / 3600;
    END IF;
    RETURN 0;
END $$;

-- Derive all again from the midnight before a moment on.
CREATE FUNCTION history_take_back(from_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    midnight timestamptz := date_trunc('day', from_at, 'UTC');
BEGIN
    IF (SELECT rolled_until FROM history_progress) > midnight THEN
        DELETE FROM machine_days WHERE day >= (midnight AT TIME ZONE 'UTC')::date;
        DELETE FROM floor_quarters WHERE since >= midnight;
        DELETE FROM machine_marks WHERE at > midnight;
        DELETE FROM machine_waits WHERE since >= midnight;
        UPDATE history_progress SET rolled_until = midnight;
    END IF;
    UPDATE history_machines SET first_at = from_at WHERE first_at > from_at;
    PERFORM history_renew_stops(array_agg(machine_name), array_agg(greatest(first_at, midnight)), array_agg(last_at))
    FROM history_machines HAVING count(*) > 0;
END $$;

-- What a clock that was ahead has left behind, once it has been set back (clock_corrections, correct_future_history()).
CREATE FUNCTION history_follow_clock() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    future timestamptz := floor_clock() + interval '1 hour';
    corrected timestamptz;
BEGIN
    PERFORM correct_future_history(found.machine_name, true)
    FROM (SELECT machine_name FROM machine_status_history WHERE changed_at > future AND changed_at < 'infinity'
          UNION
          SELECT machine_name FROM machine_feed_stream WHERE greatest(reported_at, status_since) > future) AS found;
    SELECT least(min(at), CASE WHEN (SELECT rolled_until FROM history_progress) > future THEN floor_clock() END)
    INTO corrected FROM clock_corrections WHERE NOT derived;
    IF corrected IS NOT NULL THEN
        UPDATE clock_corrections SET derived = true WHERE NOT derived;
        PERFORM history_take_back(corrected);
    END IF;
END $$;

CREATE FUNCTION refresh_history(most bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    done bigint := 0;
    step bigint;
    state_before text;
BEGIN
    PERFORM FROM history_progress FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    state_before := history_state();
    PERFORM history_follow_clock();
    LOOP
        step := history_read_on(coalesce(most, 500000));
        IF step = 0 THEN
            step := history_roll_on(floor_clock());
        END IF;
        done := done + step;
        EXIT WHEN step = 0 OR most IS NOT NULL;
    END LOOP;
    UPDATE history_progress p
    SET refreshed_at = c.clock,
        steady_since = CASE WHEN c.clock >= p.refreshed_at AND c.clock < p.refreshed_at + interval '1 day'
                            THEN coalesce(p.steady_since, c.clock) ELSE c.clock END
    FROM (SELECT floor_clock() AS clock OFFSET 0) AS c;
    IF state_before <> history_state() THEN
        UPDATE production_lines SET position = position WHERE false;  -- has the app read the floor again
    END IF;
    RETURN done;
END $$;
COMMENT ON FUNCTION refresh_history IS
    'Brings up to date what is derived from the history. Returns how much there was to do (rows read, hours rolled up; 0:'
    ' nothing is left), null while somebody else is at it. most: take one step of at most so many rows, the next call goes on.';


-- Sums for reports: what is rolled up, and what is not from the history. Machines may be named twice by nobody.

-- The part of a period that is rolled up in steps of a size (machine_days: 24 hours; floor_quarters: 15 minutes); nulls:
-- none of it.
CREATE FUNCTION rolled_part(from_at timestamptz, until_at timestamptz, step interval)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT CASE WHEN part.since < part.until THEN part.since END, CASE WHEN part.since < part.until THEN part.until END
    FROM (SELECT date_bin(step, from_at + step - interval '1 microsecond', '2000-01-01Z') AS since,
                 CASE WHEN until_at < p.rolled_until THEN date_bin(step, until_at, '2000-01-01Z') ELSE p.rolled_until END AS until
          FROM history_progress p) AS part
$$;

-- The machines of which something came late, newer to refresh_history() than a rolled up time that it belongs to; and
-- those that are silent now, whose silence reaches back into it.
CREATE FUNCTION came_late(until_at timestamptz, now_at timestamptz) RETURNS TABLE (machine_name text, at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 AS $$
    SELECT found.machine_name, min(found.at)
    FROM (SELECT u.machine_name, u.at FROM history_unread u
          UNION ALL
          SELECT q.machine_name, q.since FROM silent_now(now_at) q) AS found
    WHERE found.at < until_at GROUP BY found.machine_name
$$;

-- The whole days of machine_days nearest to a period: it may begin and end up to twelve hours before or after them; nulls:
-- none of it is rolled up.
CREATE FUNCTION nearest_days(from_at timestamptz, until_at timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT CASE WHEN part.since < part.until THEN part.since END, CASE WHEN part.since < part.until THEN part.until END
    FROM (SELECT date_bin('24 hours', from_at + interval '12 hours', '2000-01-01Z') AS since,
                 CASE WHEN p.rolled_until IS NULL THEN NULL
                      WHEN until_at >= p.rolled_until THEN p.rolled_until
                      WHEN nearest.midnight <= p.rolled_until THEN nearest.midnight
                      ELSE date_bin('24 hours', until_at, '2000-01-01Z') END AS until
          FROM history_progress p,
               date_bin('24 hours', until_at + interval '12 hours', '2000-01-01Z') AS nearest (midnight)) AS part
$$;

CREATE FUNCTION machine_times(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH wanted AS (
        SELECT unnest(names) AS machine_name
    ), rolled AS (
        SELECT r.since, r.until FROM nearest_days(from_at, until_at) r
    ), late AS (
        SELECT l.machine_name, greatest(l.at, rolled.since) AS since, rolled.until
        FROM rolled CROSS JOIN LATERAL came_late(rolled.until, now_at) l JOIN wanted USING (machine_name)
    ), edge AS (  -- what is not in those days (direction 1), and what is in them but not in the period (-1)
        SELECT e.since, e.until, e.direction
        FROM (SELECT from_at AS since, coalesce(rolled.since, until_at) AS until, 1 AS direction FROM rolled
              UNION ALL
              SELECT rolled.until, until_at, 1 FROM rolled
              UNION ALL
              SELECT rolled.since, from_at, -1 FROM rolled
              UNION ALL
              SELECT until_at, rolled.until, -1 FROM rolled) AS e
        WHERE e.since < e.until
    ), outdated AS (
        SELECT array_agg(late.machine_name) AS names, array_agg(late.since) AS froms, array_agg(late.until) AS untils FROM late
    ), part AS (
        SELECT d.machine_name, sum(d.operational)::bigint AS operational, sum(d.warning)::bigint AS warning,
               sum(d.waiting)::bigint AS waiting, sum(d.down)::bigint AS down
        FROM machine_days d
        WHERE d.day >= (SELECT (r.since AT TIME ZONE 'UTC')::date FROM nearest_days(from_at, until_at) r)
          AND d.day < (SELECT ((r.until + interval '24 hours' - interval '1 microsecond') AT TIME ZONE 'UTC')::date
                       FROM nearest_days(from_at, until_at) r)  -- not from rolled, for this is read in parallel;
          AND (cardinality(names) > 100 OR d.machine_name = ANY (names))  -- of many machines all are, and then joined
        GROUP BY d.machine_name
        UNION ALL
        SELECT s.machine_name,
               CASE WHEN s.status = 'operational' THEN s.length ELSE 0 END,
               CASE WHEN s.status = 'warning' AND NOT s.waits THEN s.length ELSE 0 END,
               CASE WHEN s.status = 'warning' AND s.waits THEN s.length ELSE 0 END,
               CASE WHEN s.status = 'down' THEN s.length ELSE 0 END
        FROM (SELECT s.machine_name, s.status, waits_for(s.status, s.reason) IS NOT NULL AS waits,
                     edge.direction * micros(s.until - s.since) AS length
              FROM edge CROSS JOIN LATERAL known_stretches(names, edge.since, edge.until, now_at) s
              UNION ALL
              SELECT s.machine_name, s.status, waits_for(s.status, s.reason) IS NOT NULL, micros(s.until - s.since)
              FROM outdated p CROSS JOIN LATERAL machine_stretches(p.names, p.froms, p.untils, now_at) s
              UNION ALL
              SELECT s.machine_name, s.status, waits_for(s.status, s.reason) IS NOT NULL, -micros(s.until - s.since)
              FROM outdated p CROSS JOIN LATERAL machine_stretches(p.names, p.froms, p.untils, NULL) s) AS s
    )
    SELECT w.machine_name, sum(part.operational)::bigint, sum(part.warning)::bigint, sum(part.waiting)::bigint,
           sum(part.down)::bigint
    FROM wanted w JOIN part USING (machine_name)
    GROUP BY w.machine_name
$$;
COMMENT ON FUNCTION machine_times IS
    'Microseconds of some machines in a period, right to the second; what is missing to its length is unknown.';

-- What floor_quarters lacks of a period, as stretches of all machines: what is not rolled up, and what came late, as it is
-- known now (direction 1) less as it was rolled up (-1). names are all there are.
CREATE FUNCTION floor_stretches(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz, status text, waits boolean, direction integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50000 AS $$
    WITH rolled AS (
        SELECT r.since, r.until FROM rolled_part(from_at, until_at, '15 minutes') r
    ), late AS (
        SELECT l.machine_name, greatest(l.at, rolled.since) AS since, rolled.until
        FROM rolled CROSS JOIN LATERAL came_late(rolled.until, now_at) l WHERE l.machine_name = ANY (names)
    ), edge AS (
        SELECT e.since, e.until
        FROM (SELECT from_at AS since, coalesce(rolled.since, until_at) AS until FROM rolled
              UNION ALL
              SELECT rolled.until, until_at FROM rolled) AS e
        WHERE e.since < e.until
    ), outdated AS (
        SELECT array_agg(late.machine_name) AS names, array_agg(late.since) AS froms, array_agg(late.until) AS untils FROM late
    )
    SELECT s.since, s.until, s.status, waits_for(s.status, s.reason) IS NOT NULL, 1
    FROM edge CROSS JOIN LATERAL known_stretches(names, edge.since, edge.until, now_at) s
    UNION ALL
    SELECT s.since, s.until, s.status, waits_for(s.status, s.reason) IS NOT NULL, 1
    FROM outdated CROSS JOIN LATERAL machine_stretches(outdated.names, outdated.froms, outdated.untils, now_at) s
    WHERE s.status <> 'unknown'
    UNION ALL
    SELECT s.since, s.until, s.status, waits_for(s.status, s.reason) IS NOT NULL, -1
    FROM outdated CROSS JOIN LATERAL machine_stretches(outdated.names, outdated.froms, outdated.untils, NULL) s
    WHERE s.status <> 'unknown'
$$;

-- The same as machine_times() of all machines together: by the quarters of an hour, so that no day is taken apart.
CREATE FUNCTION floor_sums(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT sum(part.operational)::bigint, sum(part.warning)::bigint, sum(part.waiting)::bigint, sum(part.down)::bigint
    FROM (SELECT q.operational, q.warning, q.waiting, q.down
          FROM rolled_part(from_at, until_at, '15 minutes') rolled
          JOIN floor_quarters q ON q.since >= rolled.since AND q.since < rolled.until
          UNION ALL
          SELECT CASE WHEN s.status = 'operational' THEN s.length ELSE 0 END,
                 CASE WHEN s.status = 'warning' AND NOT s.waits THEN s.length ELSE 0 END,
                 CASE WHEN s.status = 'warning' AND s.waits THEN s.length ELSE 0 END,
                 CASE WHEN s.status = 'down' THEN s.length ELSE 0 END
          FROM (SELECT s.status, s.waits, s.direction * micros(s.until - s.since) AS length
                FROM floor_stretches(names, from_at, until_at, now_at) s) AS s) AS part
$$;
COMMENT ON FUNCTION floor_sums IS 'Microseconds of all machines together in a period, right to the second.';

-- Microseconds of some machines in each quarter of an hour of a period: down, and in which anything was known.
-- whole_floor: these are all machines, so that floor_quarters speaks for them. For some machines, days of which all is
-- known need only their stops; all other days are taken from what was said. A period of centuries has many days: let it
-- begin where the history begins.
CREATE FUNCTION quarter_times(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                              whole_floor boolean)
RETURNS TABLE (since timestamptz, down bigint, known bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH rolled AS (
        SELECT r.since, r.until
        FROM rolled_part(from_at, until_at, CASE WHEN whole_floor THEN interval '15 minutes' ELSE interval '24 hours' END) r
    ), late AS (
        SELECT l.machine_name, l.at FROM rolled CROSS JOIN LATERAL came_late(rolled.until, now_at) l WHERE NOT whole_floor
    ), full_day AS MATERIALIZED (
        SELECT d.machine_name, d.day, d.day::timestamp AT TIME ZONE 'UTC' AS since
        FROM machine_days d LEFT JOIN late USING (machine_name)
        WHERE NOT whole_floor AND d.machine_name = ANY (names)
          AND d.day >= (SELECT (rolled.since AT TIME ZONE 'UTC')::date FROM rolled)
          AND d.day < (SELECT (rolled.until AT TIME ZONE 'UTC')::date FROM rolled)
          AND (late.at IS NULL OR (d.day + 1)::timestamp AT TIME ZONE 'UTC' <= late.at)
          AND d.operational + d.warning + d.waiting + d.down = 86400000000
    ), stop_day AS MATERIALIZED (  -- at first the days of each stop, then those of them that are full
        SELECT s.machine_name, s.since, s.until, day.since AS day
        FROM (SELECT machine_name, s.since, coalesce(s.until, until_at) AS until
              FROM stops_between(names, from_at, until_at, now_at) s WHERE NOT whole_floor) AS s
        CROSS JOIN LATERAL generate_series(date_bin('24 hours', greatest(s.since, from_at), '2000-01-01Z'),
                                           least(s.until, until_at) - interval '1 microsecond', '24 hours') AS day (since)
    ), live AS (
        SELECT n AS machine_name, greatest(day.since, from_at) AS since,
               least(day.since + interval '24 hours', until_at) AS until
        FROM unnest(names) n
        CROSS JOIN generate_series(date_bin('24 hours', from_at, '2000-01-01Z'), until_at - interval '1 microsecond',
                                   '24 hours') AS day (since)
        WHERE NOT whole_floor
          AND NOT EXISTS (SELECT FROM full_day WHERE full_day.machine_name = n AND full_day.since = day.since)
    ), stretch AS (
        SELECT s.since, s.until, s.status = 'down' AS is_down, 1 AS is_known, s.direction
        FROM floor_stretches(CASE WHEN whole_floor THEN names ELSE '{}' END, from_at, until_at, now_at) s
        UNION ALL
        SELECT s.since, s.until, s.status = 'down', 1, 1
        FROM (SELECT array_agg(live.machine_name) AS names, array_agg(live.since) AS froms, array_agg(live.until) AS untils
              FROM live) AS p
        CROSS JOIN LATERAL machine_stretches(p.names, p.froms, p.untils, now_at) s
        WHERE s.status <> 'unknown'
        UNION ALL
        SELECT greatest(s.since, full_day.since), least(s.until, full_day.since + interval '24 hours'), true, 0, 1
        FROM stop_day s JOIN full_day ON full_day.machine_name = s.machine_name AND full_day.since = s.day
    )
    SELECT part.since, sum(part.down)::bigint, sum(part.known)::bigint
    FROM (SELECT q.since, q.down, q.operational + q.warning + q.waiting + q.down AS known
          FROM rolled JOIN floor_quarters q ON q.since >= rolled.since AND q.since < rolled.until
          WHERE whole_floor
          UNION ALL
          SELECT day.since + quarter * interval '15 minutes', 0, day.machines * 900000000
          FROM (SELECT full_day.since, count(*) AS machines FROM full_day GROUP BY full_day.since) AS day
          CROSS JOIN generate_series(0, 95) AS quarter
          UNION ALL
          SELECT q.since, CASE WHEN s.is_down THEN cut.length ELSE 0 END, s.is_known * cut.length
          FROM stretch s
          CROSS JOIN LATERAL generate_series(date_bin('15 minutes', s.since, '2000-01-01Z'),
                                             s.until - interval '1 microsecond', '15 minutes') AS q (since)
          CROSS JOIN LATERAL (SELECT s.direction * micros(least(s.until, q.since + interval '15 minutes')
                                                          - greatest(s.since, q.since)) AS length) AS cut) AS part
    GROUP BY part.since
$$;

-- How long each machine of the floor was waited for by its neighbours in a period, and waited for nobody that was found.
CREATE FUNCTION machine_charges(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, caused bigint, unattributed bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH rolled AS (
        SELECT r.since, r.until, p.rolled_until FROM history_progress p, rolled_part(from_at, until_at, '24 hours') r
    ), late AS (  -- that a machine is silent matters to its line only where it is down or waits
        SELECT m.line_id, greatest(min(l.at), from_at) AS since, least(rolled.rolled_until, until_at) AS until
        FROM rolled CROSS JOIN LATERAL (
            SELECT * FROM came_late(least(rolled.rolled_until, until_at), NULL)
            UNION ALL
            SELECT q.machine_name, q.since FROM silent_now(now_at) q JOIN machine_feed_stream f USING (machine_name)
            WHERE q.since < least(rolled.rolled_until, until_at)
              AND (f.status = 'down' OR waits_for(f.status, f.reason) IS NOT NULL)) AS l
        JOIN machines m USING (machine_name)
        WHERE m.line_id IS NOT NULL AND rolled.rolled_until IS NOT NULL GROUP BY m.line_id, rolled.rolled_until
    ), wait AS (
        SELECT w.machine_name, w.root, micros(least(w.until, edge.until) - greatest(w.since, edge.since)) AS length
        FROM (SELECT from_at AS since, least(coalesce(rolled.since, until_at), rolled.rolled_until) AS until FROM rolled
              UNION ALL
              SELECT rolled.until, least(until_at, rolled.rolled_until) FROM rolled) AS edge
        JOIN machine_waits w ON w.since < edge.until AND w.since > edge.since - interval '6 hours' AND w.until > edge.since
        UNION ALL
        SELECT w.machine_name, w.root, micros(w.until - w.since)
        FROM rolled CROSS JOIN LATERAL waits_between(greatest(from_at, rolled.rolled_until), until_at, now_at, NULL) w
        UNION ALL
        SELECT w.machine_name, w.root, micros(w.until - w.since)
        FROM late CROSS JOIN LATERAL waits_between(late.since, late.until, now_at, ARRAY[late.line_id]) w
        UNION ALL
        SELECT w.machine_name, w.root, -micros(least(w.until, late.until) - greatest(w.since, late.since))
        FROM late JOIN machines m USING (line_id) JOIN machine_waits w USING (machine_name)
        WHERE w.until > late.since AND w.since < late.until
    )
    SELECT part.machine_name, sum(part.caused)::bigint, sum(part.unattributed)::bigint
    FROM (SELECT d.machine_name, sum(d.caused) AS caused, sum(d.unattributed) AS unattributed
          FROM machine_days d
          WHERE d.day >= (SELECT (rolled.since AT TIME ZONE 'UTC')::date FROM rolled)
            AND d.day < (SELECT ((rolled.until + interval '24 hours' - interval '1 microsecond') AT TIME ZONE 'UTC')::date
                         FROM rolled)
          GROUP BY d.machine_name
          UNION ALL
          SELECT coalesce(wait.root, wait.machine_name), CASE WHEN wait.root IS NOT NULL THEN wait.length ELSE 0 END,
                 CASE WHEN wait.root IS NULL THEN wait.length ELSE 0 END
          FROM wait) AS part
    GROUP BY part.machine_name
$$;
COMMENT ON FUNCTION machine_charges IS
    'Microseconds: how long neighbours waited for each machine, and each waited without anybody found to be the reason.';
