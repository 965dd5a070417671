-- Eight tables for dashboards and for people who query by hand, and how history that is old is forgotten.
--
-- Names and columns of the eight tables are a public contract: columns may be added, none is renamed or dropped.
-- sql/queries/dashboard.sql fills them and says what each number means.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), false);

-- What somebody made by hand under these names is set aside with its rows: adopted_...
DO $$
DECLARE
    old record;
BEGIN
    FOR old IN
        WITH home AS (
            SELECT oid, relname, relkind FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        ), taken AS (
            SELECT oid, relname, relkind FROM home
            WHERE relkind IN ('r', 'p', 'v', 'm')
              AND relname IN ('dashboard_current_machine_status', 'dashboard_machine_uptime_7days',
                  'dashboard_problematic_machines_30days', 'dashboard_hourly_status_patterns',
                  'dashboard_work_order_status_summary', 'dashboard_work_order_trends_30days',
                  'dashboard_executive_kpis', 'dashboard_machine_status_changes_7days')
        )
        SELECT relname, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
        FROM taken
        UNION ALL
        SELECT home.relname, 'INDEX' FROM taken JOIN pg_index ON indrelid = taken.oid JOIN home ON home.oid = indexrelid
    LOOP
        EXECUTE format('ALTER %s %I RENAME TO %I', old.kind, old.relname, left('adopted_' || old.relname, 63));
    END LOOP;
END $$;

ALTER TABLE plant_settings
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC'
        CONSTRAINT plant_settings_time_zone_check
            CHECK ((timestamptz '2000-01-01Z' AT TIME ZONE time_zone) IS NOT NULL),
    ADD COLUMN micro_stop interval NOT NULL DEFAULT '5 minutes'
        CONSTRAINT plant_settings_micro_stop_check CHECK (micro_stop >= '0');
COMMENT ON COLUMN plant_settings.time_zone IS
    'Days and hours of the dashboard tables are by its clock; the app writes PLANT_TIMEZONE.';
COMMENT ON COLUMN plant_settings.micro_stop IS 'A stop that is shorter is a micro-stop, counted apart.';

CREATE INDEX work_orders_by_report ON work_orders (timestamp);


-- The tables. Every refresh writes every row of the first seven, so last_updated says as of when a row is true.

CREATE TABLE dashboard_current_machine_status (
    production_line text        NOT NULL,
    equipment_type  text        NOT NULL,
    status          text        NOT NULL,
    machine_count   bigint      NOT NULL,
    percentage      numeric     NOT NULL,
    last_updated    timestamptz NOT NULL,
    PRIMARY KEY (production_line, equipment_type, status)
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_current_machine_status IS 'How many machines of each line and type are in each status now.';
COMMENT ON COLUMN dashboard_current_machine_status.status IS
    'operational, warning, down, or unknown: never reported, or not heard of for too long.';
COMMENT ON COLUMN dashboard_current_machine_status.percentage IS
    'Of all machines of the floor, so that the rows add up to 100.';

CREATE TABLE dashboard_machine_uptime_7days (
    production_line     text        NOT NULL,
    machine_name        text        PRIMARY KEY,
    type                text        NOT NULL,
    uptime_percentage   numeric,
    operational_hours   numeric     NOT NULL,
    downtime_hours      numeric     NOT NULL,
    last_updated        timestamptz NOT NULL,
    warning_hours       numeric     NOT NULL,
    unknown_hours       numeric     NOT NULL,
    coverage_percentage numeric     NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_machine_uptime_7days IS 'Each machine over the 7 days until last_updated, weighted by time.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.uptime_percentage IS
    'operational_hours of operational_hours + downtime_hours; null where nothing is known.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.operational_hours IS 'Operational or warning: it was not down.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.warning_hours IS 'The part of operational_hours that was warning.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.unknown_hours IS 'Before its first report, after it left, or silent.';
COMMENT ON COLUMN dashboard_machine_uptime_7days.coverage_percentage IS
    'The part of the 7 days in which something was known.';

CREATE TABLE dashboard_problematic_machines_30days (
    production_line    text        NOT NULL,
    machine_name       text        PRIMARY KEY,
    type               text        NOT NULL,
    downtime_incidents bigint      NOT NULL,
    days_with_issues   bigint      NOT NULL,
    first_incident     timestamptz NOT NULL,
    last_incident      timestamptz NOT NULL,
    last_updated       timestamptz NOT NULL,
    failures           bigint      NOT NULL,
    micro_stops        bigint      NOT NULL,
    downtime_hours     numeric     NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_problematic_machines_30days IS
    'The machines that were down in the 30 days until last_updated.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.downtime_incidents IS
    'Entries into down in the 30 days, from whatever status; failures + micro_stops.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.days_with_issues IS
    'Days of the plant on which it was down for some time.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.first_incident IS
    'When the first stop began; before the 30 days if it was going on when they began.';
COMMENT ON COLUMN dashboard_problematic_machines_30days.failures IS
    'Incidents that lasted at least plant_settings.micro_stop.';

CREATE TABLE dashboard_hourly_status_patterns (
    hour_of_day         integer     PRIMARY KEY,
    operational_count   bigint      NOT NULL,
    down_count          bigint      NOT NULL,
    warning_count       bigint      NOT NULL,
    total_readings      bigint      NOT NULL,
    downtime_percentage numeric,
    uptime_percentage   numeric,
    warning_percentage  numeric,
    last_updated        timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_hourly_status_patterns IS
    'Each hour of the day by the plant''s clock, over the 30 days until last_updated and all machines.';
COMMENT ON COLUMN dashboard_hourly_status_patterns.total_readings IS
    'A reading is one machine for one minute, so that a share of readings is a share of time; what is unknown is none.';
COMMENT ON COLUMN dashboard_hourly_status_patterns.uptime_percentage IS
    'Operational or warning; with downtime_percentage 100.';
COMMENT ON COLUMN dashboard_hourly_status_patterns.warning_percentage IS
    'The part of uptime_percentage that was warning.';

CREATE TABLE dashboard_work_order_status_summary (
    status               text        PRIMARY KEY,
    order_count          bigint      NOT NULL,
    percentage           numeric     NOT NULL,
    avg_resolution_hours numeric,
    critical_count       bigint      NOT NULL,
    unassigned_count     bigint      NOT NULL,
    last_updated         timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_work_order_status_summary IS
    'All orders there are, by their status; a status without orders has a row too.';
COMMENT ON COLUMN dashboard_work_order_status_summary.avg_resolution_hours IS
    'Mean of completed_at minus timestamp (reported); null unless completed.';

CREATE TABLE dashboard_work_order_trends_30days (
    order_date           date        PRIMARY KEY,
    daily_count          bigint      NOT NULL,
    seven_day_moving_avg numeric     NOT NULL,
    volume_indicator     text        NOT NULL,
    last_updated         timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_work_order_trends_30days IS
    'Orders reported on each of the 30 days of the plant up to today; a day without orders has a row too.';
COMMENT ON COLUMN dashboard_work_order_trends_30days.seven_day_moving_avg IS
    'Of the seven days that end with this one.';
COMMENT ON COLUMN dashboard_work_order_trends_30days.volume_indicator IS
    'High: above 1.2 x seven_day_moving_avg, Low: below 0.8 x, else Normal.';

CREATE TABLE dashboard_executive_kpis (
    metric_category text        NOT NULL,
    metric_name     text        PRIMARY KEY,
    current_value   numeric,
    target_value    numeric,
    value_type      text        NOT NULL,
    last_updated    timestamptz NOT NULL,
    period          text        NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE dashboard_executive_kpis IS 'Five figures and their targets; a figure of nothing is null.';
COMMENT ON COLUMN dashboard_executive_kpis.period IS 'What the figure covers.';

CREATE TABLE dashboard_machine_status_changes_7days (
    status_date        date        NOT NULL,
    status_hour        integer     NOT NULL,
    machine_name       text        NOT NULL,
    production_line    text        NOT NULL,
    type               text        NOT NULL,
    status             text        NOT NULL,
    previous_status    text,
    status_change_type text        NOT NULL,
    last_updated       timestamptz NOT NULL,
    version            bigint      PRIMARY KEY,
    changed_at         timestamptz NOT NULL,
    reason             text
);
CREATE INDEX dashboard_machine_status_changes_by_machine
    ON dashboard_machine_status_changes_7days (machine_name, changed_at);
CREATE INDEX dashboard_machine_status_changes_by_time ON dashboard_machine_status_changes_7days (changed_at);
COMMENT ON TABLE dashboard_machine_status_changes_7days IS
    'One row per change of status of the last 7 days; only what is new is written, and the latest at every refresh.';
COMMENT ON COLUMN dashboard_machine_status_changes_7days.previous_status IS 'Null: its first report, or it had left.';
COMMENT ON COLUMN dashboard_machine_status_changes_7days.status_change_type IS
    'FAILURE: into down, from whatever it was. RECOVERY: out of down. STABLE: between operational and warning, or new.';
COMMENT ON COLUMN dashboard_machine_status_changes_7days.version IS
    'Of the row of machine_status_history it comes from.';

-- How far the history has been put into that table, as history_progress was then; made_for: the layout and the clock.
CREATE TABLE dashboard_progress (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    made_for        text    NOT NULL DEFAULT '',
    life_xid        bigint  NOT NULL DEFAULT '0',
    life_version    bigint  NOT NULL DEFAULT 0,
    foreign_version bigint  NOT NULL DEFAULT 0,
    loaded          bigint  NOT NULL DEFAULT 0,
    xid             bigint  NOT NULL DEFAULT '0',
    version         bigint  NOT NULL DEFAULT 0
);
INSERT INTO dashboard_progress DEFAULT VALUES;

CREATE VIEW dashboard_state AS
SELECT history_state() AS state, (SELECT max(last_updated) FROM dashboard_executive_kpis) AS last_updated;
COMMENT ON VIEW dashboard_state IS
    'Whether the eight tables can be trusted, and as of when they are: ready; processing: they are old until a history'
    ' has been summed up; creating: they are empty until the history of a new floor has been created.';

-- While a history is created the eight tables are empty: no row is better than one that says that nothing ever stopped.
CREATE FUNCTION begin_history_creation(days integer) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    LOCK TABLE dashboard_executive_kpis IN SHARE ROW EXCLUSIVE MODE;  -- as a refresh does: none is under way now
    INSERT INTO history_creation (pid, days) VALUES (pg_backend_pid(), days)
    ON CONFLICT (pid) DO UPDATE SET lock = DEFAULT, days = excluded.days;
    SELECT pg_advisory_lock_shared(lock) FROM history_creation WHERE pid = pg_backend_pid();
    UPDATE dashboard_progress SET made_for = '';
    DELETE FROM dashboard_current_machine_status;
    DELETE FROM dashboard_machine_uptime_7days;
    DELETE FROM dashboard_problematic_machines_30days;
    DELETE FROM dashboard_hourly_status_patterns;
    DELETE FROM dashboard_work_order_status_summary;
    DELETE FROM dashboard_work_order_trends_30days;
    DELETE FROM dashboard_executive_kpis;
    DELETE FROM dashboard_machine_status_changes_7days;
    UPDATE production_lines SET position = position WHERE false;  -- has the app read the floor again
$$;


-- What the refresh asks.

CREATE VIEW known_machines AS
SELECT name.machine_name, coalesce(l.name, 'On no line') AS production_line, coalesce(m.type, 'other') AS type,
       f.machine_name IS NOT NULL AS present
FROM (SELECT machine_name FROM history_machines
      UNION SELECT machine_name FROM machines
      UNION SELECT machine_name FROM history_unread) AS name
LEFT JOIN machines m USING (machine_name)
LEFT JOIN production_lines l USING (line_id)
LEFT JOIN machine_feed_stream f USING (machine_name);
COMMENT ON VIEW known_machines IS 'Every machine that stands on the floor (present) or was ever heard of.';

CREATE FUNCTION plant_zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT time_zone FROM plant_settings $$;

-- What the rows of dashboard_machine_status_changes_7days were made for: another layout, another clock or another life
-- of the server asks for all of them anew.
CREATE VIEW dashboard_made_for AS
SELECT md5(concat_ws(E'\n', plant_zone(), p.life_xid, p.life_version,
                     (SELECT string_agg(concat_ws(E'\t', m.machine_name, m.type, m.line_id), E'\n'
                                        ORDER BY m.machine_name) FROM machines m),
                     (SELECT string_agg(concat_ws(E'\t', l.line_id, l.name), E'\n' ORDER BY l.line_id)
                      FROM production_lines l))) AS made_for
FROM history_progress p;

-- The machines of which something is new to that table, and from when on. As in unread_history() the cursor is written
-- into the statement, so that it is planned knowing how few rows lie beyond it.
CREATE FUNCTION new_to_dashboard() RETURNS TABLE (machine_name text, at timestamptz)
LANGUAGE plpgsql STABLE ROWS 100 SET search_path FROM CURRENT AS $$
DECLARE
    p dashboard_progress;
BEGIN
    SELECT * INTO p FROM dashboard_progress;
    IF p.made_for <> (SELECT made_for FROM dashboard_made_for) THEN
        RETURN QUERY SELECT m.machine_name, '-infinity'::timestamptz FROM known_machines m;
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format($query$
        SELECT found.machine_name, min(found.changed_at)
        FROM (SELECT machine_name, changed_at FROM machine_status_history WHERE version > %1$L AND version <= %2$L
              UNION ALL
              SELECT machine_name, changed_at FROM machine_status_history
              WHERE (xid, version) > (%3$L::bigint, %4$L::bigint) AND (version > %5$L OR xid < %6$L)) AS found
        GROUP BY found.machine_name$query$,
        p.loaded, p.life_version, p.xid, p.version, p.foreign_version, p.life_xid);
END $$;

-- A share in percent; null of nothing.
CREATE FUNCTION percent(part numeric, whole numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(100 * part / nullif(whole, 0), 2) $$;

CREATE FUNCTION micros_in_hours(micros numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(micros / 3600000000, 3) $$;

-- Microseconds of all machines in each quarter of an hour of a period, right to the second: what is rolled up, and what
-- is not from the history.
CREATE FUNCTION floor_times(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (since timestamptz, operational bigint, warning bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 3000 AS $$
    SELECT part.since, sum(part.length) FILTER (WHERE part.status = 'operational')::bigint,
           sum(part.length) FILTER (WHERE part.status = 'warning')::bigint,
           sum(part.length) FILTER (WHERE part.status = 'down')::bigint
    FROM (SELECT q.since, of_status.status, of_status.length
          FROM rolled_part(from_at, until_at, '15 minutes') rolled
          JOIN floor_quarters q ON q.since >= rolled.since AND q.since < rolled.until
          CROSS JOIN LATERAL (VALUES ('operational', q.operational), ('warning', q.warning + q.waiting),
                                     ('down', q.down)) AS of_status (status, length)
          UNION ALL
          SELECT quarter, s.status,
                 s.direction * micros(least(s.until, quarter + interval '15 minutes') - greatest(s.since, quarter))
          FROM (SELECT array_agg(machine_name) AS names FROM known_machines) AS known
          CROSS JOIN LATERAL floor_stretches(known.names, from_at, until_at, now_at) s
          CROSS JOIN LATERAL generate_series(date_bin('15 minutes', s.since, '2000-01-01Z'),
                                             s.until - interval '1 microsecond', '15 minutes') AS quarter) AS part
    GROUP BY part.since
$$;
COMMENT ON FUNCTION floor_times IS
    'Microseconds of all machines in each quarter of an hour; warning includes starved and blocked.';


-- Forgetting. What was said long ago may go once it is in the sums; stops, sums and waits stay for ever.

CREATE OR REPLACE FUNCTION machine_status_history_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- the setting alone lets nobody: only inside forget_history() is it the owner who deletes
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'machine_status_history'
       AND current_setting('floor.forgetting', true) = 'yes'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NULL;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') AND current_setting('floor.correcting_clock', true) = 'yes'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NULL;  -- inside correct_future_history()
    END IF;
    RAISE insufficient_privilege USING
        MESSAGE = format('%s is append-only: %s is refused', TG_TABLE_NAME, lower(TG_OP)),
        HINT = 'A wrong status is corrected by writing the right one to machine_feed_stream.';
END $$;

-- A clock that was years ahead and was set back leaves reports in the future: no report may show them, and the log must not
-- wait for them. They were made before now, in the order of their versions, so now is when they are put.
CREATE TABLE clock_corrections (
    machine_name text        NOT NULL,
    at           timestamptz NOT NULL,
    latest       timestamptz NOT NULL,
    rows         bigint      NOT NULL,
    derived      boolean     NOT NULL DEFAULT false
);
COMMENT ON TABLE clock_corrections IS
    'Changes of a machine that lay in the future by more than an hour, up to latest, and were put at a moment.';
COMMENT ON COLUMN clock_corrections.derived IS 'Stops and sums have been made again without them.';

-- Only for the owner, in whose name the triggers run, and for the app's login (grants.sql). with_feed: also what the machine
-- says now, which would else never be old enough to be called silent; not for the trigger of a report, which sees to it.
CREATE FUNCTION correct_future_history(of_machine text, with_feed boolean DEFAULT false) RETURNS void
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
    DELETE FROM machine_silences WHERE machine_name = of_machine AND since >= clock;
    UPDATE machine_silences SET until = clock WHERE machine_name = of_machine AND until > clock;
    PERFORM set_config('floor.correcting_clock', '', true);
    INSERT INTO clock_corrections (machine_name, at, latest, rows) VALUES (of_machine, clock, latest, amount);
    DELETE FROM dashboard_machine_status_changes_7days WHERE machine_name = of_machine AND changed_at > clock;
END $$;

REVOKE EXECUTE ON FUNCTION correct_future_history FROM PUBLIC;

-- Each machine keeps the status it was in at that time, from the row that it began with, so that a stop that was going
-- on, the present state of a machine that has been well for years, and every sum from then on stay right.
CREATE FUNCTION forget_history(before timestamptz, most bigint DEFAULT 5000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    until_at timestamptz := date_trunc('day', before, 'UTC');
    summed_until timestamptz;
    amount bigint;
BEGIN
    SELECT rolled_until INTO summed_until FROM history_progress FOR UPDATE;
    IF summed_until IS NOT NULL THEN
        summed_until := least(summed_until, (SELECT min(at) FROM history_unread));
    END IF;
    IF until_at IS NULL OR summed_until IS NULL OR until_at > summed_until THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('history before %s cannot be forgotten: it is in the sums only up to %s',
                             coalesce(until_at::text, 'null'), coalesce(summed_until::text, 'nothing')),
            HINT = 'refresh_history() brings the sums up to date.';
    END IF;
    PERFORM set_config('floor.forgetting', 'yes', true);
    WITH kept AS MATERIALIZED (
        SELECT m.machine_name, last_old.changed_at, last_old.version,
               (SELECT count(*) FROM machine_status_history
                WHERE machine_name = m.machine_name AND changed_at < until_at
                  AND changed_at >= coalesce(last_old.changed_at, '-infinity')) AS amount
        FROM history_machines m
        CROSS JOIN LATERAL (
            SELECT changed_at, version, new_status FROM machine_status_history
            WHERE machine_name = m.machine_name AND changed_at < until_at AND changed_at > '-infinity'
            ORDER BY changed_at DESC, version DESC LIMIT 1) AS carried
        LEFT JOIN LATERAL (
            SELECT changed_at, version FROM machine_status_history
            WHERE machine_name = m.machine_name AND changed_at <= carried.changed_at AND changed_at > '-infinity'
              AND new_status IS DISTINCT FROM carried.new_status
            ORDER BY changed_at DESC, version DESC LIMIT 1) AS last_old ON true
        WHERE m.first_at < until_at
    ), oldest AS (  -- as they lie on the disk, and enough of them to find others than those that are kept
        SELECT machine_name, changed_at, version FROM machine_status_history
        WHERE changed_at < until_at AND changed_at > '-infinity'
        ORDER BY version LIMIT most + (SELECT sum(kept.amount) FROM kept)
    )
    DELETE FROM machine_status_history
    WHERE version = ANY (ARRAY(
        SELECT oldest.version FROM oldest JOIN kept USING (machine_name)
        WHERE (oldest.changed_at, oldest.version) <= (kept.changed_at, kept.version) LIMIT most));
    GET DIAGNOSTICS amount = ROW_COUNT;
    PERFORM set_config('floor.forgetting', '', true);
    IF amount > 0 THEN
        UPDATE history_progress SET forgotten_until = until_at
        WHERE forgotten_until IS NULL OR forgotten_until < until_at;
        DELETE FROM machine_marks WHERE at < until_at;
    END IF;
    RETURN amount;
END $$;
COMMENT ON FUNCTION forget_history IS
    'Deletes at most so many rows of the history before a time (its UTC midnight), which must be in the sums.';
REVOKE EXECUTE ON FUNCTION forget_history FROM PUBLIC;

-- What is said of a time that is forgotten could not be put in its place any more, and would falsify the sums.
CREATE FUNCTION machine_status_history_is_forgotten() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.changed_at < (SELECT forgotten_until FROM history_progress) THEN
        RAISE check_violation USING
            MESSAGE = format('history before %s is forgotten: nothing can be added to it at %s',
                             (SELECT forgotten_until FROM history_progress), NEW.changed_at);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER machine_status_history_is_forgotten BEFORE INSERT ON machine_status_history
    FOR EACH ROW WHEN (NEW.changed_at < now() - interval '1 day' AND NEW.changed_at > '-infinity')
    EXECUTE FUNCTION machine_status_history_is_forgotten();

-- What was forgotten cannot be derived again. In a database that was restored elsewhere what is derived therefore
-- stays, and what had not been read when it was saved is put in its place now, by the old way of counting.
ALTER FUNCTION history_begin_again() RENAME TO history_derive_again;
CREATE FUNCTION history_begin_again() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    was history_progress;
    names text[]; news timestamptz[]; lasts timestamptz[];
    late_names text[]; late_news timestamptz[]; late_untils timestamptz[];
    late_lines smallint[];
    late_from timestamptz;
    latest bigint;
BEGIN
    SELECT * INTO was FROM history_progress;
    IF was.forgotten_until IS NULL THEN
        PERFORM history_derive_again();
        RETURN;
    END IF;
    LOCK TABLE machine_feed_stream, machine_status_history, machine_silences IN SHARE ROW EXCLUSIVE MODE;
    SELECT array_agg(new.machine_name), array_agg(new.at), array_agg(new.last) INTO names, news, lasts
    FROM (SELECT found.machine_name, min(found.at) AS at, max(found.at) AS last
          FROM (SELECT h.machine_name, greatest(h.changed_at, was.forgotten_until) AS at FROM machine_status_history h
                WHERE NOT history_was_read(h.xid, h.version, was) AND isfinite(h.changed_at)
                UNION ALL
                SELECT s.machine_name, s.since FROM machine_silences s
                WHERE NOT history_was_read(s.xid, s.version, was)) AS found
          GROUP BY found.machine_name) AS new;
    SELECT array_agg(name), array_agg(new_at), array_agg(was.rolled_until), min(new_at)
    INTO late_names, late_news, late_untils, late_from
    FROM unnest(names, news) AS new (name, new_at) WHERE new_at < was.rolled_until;
    IF late_names IS NOT NULL THEN
        SELECT coalesce(array_agg(DISTINCT line_id), '{}') INTO late_lines FROM machines
        WHERE machine_name = ANY (late_names) AND line_id IS NOT NULL;
        PERFORM history_roll_time(late_names, late_news, late_untils, -1);
        PERFORM history_unroll_waits(late_from, late_lines);
    END IF;
    latest := greatest((SELECT coalesce(max(version), 0) FROM machine_status_history),
                       (SELECT coalesce(max(version), 0) FROM machine_silences));
    UPDATE history_progress SET loaded = latest, life_version = latest, foreign_version = latest, life_xid = '0',
        xid = oldest_xid(), version = 0;
    IF names IS NOT NULL THEN
        INSERT INTO history_machines AS m SELECT * FROM unnest(names, news, lasts)
        ON CONFLICT (machine_name) DO UPDATE SET first_at = least(m.first_at, excluded.first_at),
                                                 last_at = greatest(m.last_at, excluded.last_at);
        PERFORM history_renew_stops(names, news);
    END IF;
    IF late_names IS NOT NULL THEN
        PERFORM history_roll_time(late_names, late_news, late_untils, 1);
        PERFORM history_roll_waits(late_from, was.rolled_until, late_lines);
    END IF;
END $$;


-- What only the owner of the tables can do, for an owner that no person signs in as (on Databricks, the app).

CREATE TABLE feed_writers (role_name text PRIMARY KEY);
COMMENT ON TABLE feed_writers IS 'Roles that have the rights of a feed because the app''s setting FEED_WRITERS names them.';

-- Gives these roles what sql/feed_writer.sql gives, and takes it from those that are no longer named. Returns the roles that
-- do not exist.
CREATE FUNCTION grant_feed_writers(wanted text[]) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    writer text;
BEGIN
    LOCK TABLE feed_writers IN SHARE ROW EXCLUSIVE MODE;  -- two that grant at once fail
    FOR writer IN DELETE FROM feed_writers WHERE role_name <> ALL (wanted) RETURNING role_name LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = writer) THEN
            EXECUTE format('REVOKE SELECT, UPDATE (status, reason, datetime) ON machine_feed_stream FROM %I', writer);
            EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', current_schema(), writer);
        END IF;
    END LOOP;
    FOR writer IN SELECT unnest(wanted) LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = writer) THEN
            RETURN NEXT writer;
        ELSE
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), writer);
            EXECUTE format('GRANT SELECT, UPDATE (status, reason, datetime) ON machine_feed_stream TO %I', writer);
            INSERT INTO feed_writers VALUES (writer) ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;
END $$;

-- Lakebase feeds the changes of tables with replica identity FULL to Delta tables, where their columns have plain types.
-- Returns the tables whose identity it changed; an update writes a little more while it is FULL.
CREATE FUNCTION set_change_data_feed(wanted boolean) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    fed text;
BEGIN
    FOR fed IN
        SELECT relname FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
          AND relname IN ('production_lines', 'machines', 'machine_feed_stream', 'machine_status_history',
              'machine_silences', 'machine_stops', 'machine_days', 'machine_waits', 'floor_quarters', 'employees',
              'work_orders', 'work_order_events', 'work_order_checklist')
          AND (relreplident = 'f') <> wanted
    LOOP
        EXECUTE format('ALTER TABLE %I REPLICA IDENTITY %s', fed, CASE WHEN wanted THEN 'FULL' ELSE 'DEFAULT' END);
        RETURN NEXT fed;
    END LOOP;
END $$;


-- A demo makes room for a plant: everything that the demo is goes, in one transaction. Nothing of a plant can go so.

CREATE FUNCTION demo_contents() RETURNS TABLE (machines bigint, changes bigint, orders bigint, people bigint)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT (SELECT count(*) FROM machine_feed_stream), (SELECT count(*) FROM machine_status_history),
           (SELECT count(*) FROM work_orders), (SELECT count(*) FROM employees)
$$;

-- keep_email: of a person who stays, so that whoever removes the demo is still known. Returns what went.
CREATE FUNCTION remove_demo(keep_email text DEFAULT NULL)
RETURNS TABLE (machines bigint, changes bigint, orders bigint, people bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    kept bigint;
BEGIN
    PERFORM FROM plant WHERE kind = 'demo' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = 'this floor is a plant: nothing of it can be removed',
            HINT = 'An empty floor is made in another schema: DEFAULT_POSTGRES_SCHEMA and NEW_FLOOR=empty.';
    END IF;
    LOCK TABLE machine_feed_stream, machine_status_history, work_order_checklist, work_orders, work_order_events,
        work_order_attachments, employees IN ACCESS EXCLUSIVE MODE;
    SELECT count(*) INTO kept FROM employees WHERE lower(email) = lower(keep_email);
    RETURN QUERY SELECT c.machines, c.changes, c.orders, c.people - kept FROM demo_contents() c;

    ALTER TABLE work_orders DISABLE TRIGGER work_orders_nothing_is_deleted;
    ALTER TABLE work_order_events DISABLE TRIGGER work_order_events_append_only;
    ALTER TABLE work_order_attachments DISABLE TRIGGER work_order_attachments_append_only;
    ALTER TABLE machine_status_history DISABLE TRIGGER machine_status_history_append_only;
    ALTER TABLE machine_silences DISABLE TRIGGER machine_silences_append_only;
    TRUNCATE machine_feed_stream, machines, production_lines, work_orders, work_order_events, work_order_checklist,
        work_order_attachments, work_order_texts, work_order_sort_history;
    TRUNCATE machine_status_history, machine_silences, machine_stops, machine_days, floor_quarters, machine_marks,
        machine_waits, history_machines, clock_corrections, dashboard_current_machine_status, dashboard_machine_uptime_7days,
        dashboard_problematic_machines_30days, dashboard_hourly_status_patterns, dashboard_work_order_status_summary,
        dashboard_work_order_trends_30days, dashboard_executive_kpis, dashboard_machine_status_changes_7days;
    DELETE FROM employees WHERE lower(email) IS DISTINCT FROM lower(keep_email);
    ALTER TABLE work_orders ENABLE TRIGGER work_orders_nothing_is_deleted;
    ALTER TABLE work_order_events ENABLE TRIGGER work_order_events_append_only;
    ALTER TABLE work_order_attachments ENABLE TRIGGER work_order_attachments_append_only;
    ALTER TABLE machine_status_history ENABLE TRIGGER machine_status_history_append_only;
    ALTER TABLE machine_silences ENABLE TRIGGER machine_silences_append_only;

    UPDATE history_progress SET forgotten_until = NULL, refreshed_at = NULL;
    PERFORM history_derive_again();
    UPDATE simulator_state SET instance = NULL, tick = 0, last_tick = '-infinity';
    UPDATE plant SET kind = 'plant', since = clock_timestamp();
END $$;
COMMENT ON FUNCTION remove_demo IS
    'Replaces a demo by an empty plant and returns what went; refuses a plant. keep_email: the one person who stays.';
REVOKE EXECUTE ON FUNCTION remove_demo FROM PUBLIC;
