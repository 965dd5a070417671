-- What the refresh of the eight dashboard tables (sql/queries/dashboard.sql) asks.

CREATE OR REPLACE VIEW dashboard_state AS
SELECT history_state() AS state, (SELECT max(last_updated) FROM dashboard_executive_kpis) AS last_updated;
COMMENT ON VIEW dashboard_state IS
    'Whether the eight tables can be trusted, and as of when they are: ready; processing: they are old until a history'
    ' has been summed up; creating: they are empty until the history of a new floor has been created.';

-- While a history is created the eight tables are empty: no row is better than one that says that nothing ever stopped.
CREATE OR REPLACE FUNCTION begin_history_creation(days integer) RETURNS void
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
CREATE OR REPLACE VIEW known_machines AS
SELECT name.machine_name, coalesce(l.name, 'On no line') AS production_line, coalesce(m.type, 'other') AS type,
       f.machine_name IS NOT NULL AS present
FROM (SELECT machine_name FROM history_machines
      UNION SELECT machine_name FROM machines
      UNION SELECT machine_name FROM history_pending) AS name
LEFT JOIN machines m USING (machine_name)
LEFT JOIN production_lines l USING (line_id)
LEFT JOIN machine_feed_stream f USING (machine_name);
COMMENT ON VIEW known_machines IS 'Every machine that stands on the floor (present) or was ever heard of.';

CREATE OR REPLACE FUNCTION plant_zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT time_zone FROM plant_settings $$;

-- What the rows of dashboard_machine_status_changes_7days were made for: another layout, another clock or another life
-- of the server asks for all of them again.
CREATE OR REPLACE VIEW dashboard_made_for AS
SELECT md5(concat_ws(E'\n', plant_zone(), p.life_xid, p.life_version,
                     (SELECT string_agg(concat_ws(E'\t', m.machine_name, m.type, m.line_id), E'\n'
                                        ORDER BY m.machine_name) FROM machines m),
                     (SELECT string_agg(concat_ws(E'\t', l.line_id, l.name), E'\n' ORDER BY l.line_id)
                      FROM production_lines l))) AS made_for
FROM history_progress p;

-- The machines of which something is new to that table, and from when on. As in find_pending_history() the cursor is written
-- into the statement, so that it is planned knowing how few rows lie beyond it.
CREATE OR REPLACE FUNCTION new_to_dashboard() RETURNS TABLE (machine_name text, at timestamptz)
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
CREATE OR REPLACE FUNCTION percent(part numeric, whole numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(100 * part / nullif(whole, 0), 2) $$;

CREATE OR REPLACE FUNCTION micros_in_hours(micros numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(micros / micros('1 hour'), 3) $$;

-- Microseconds of all machines in each quarter of an hour of a period, right to the second: what is rolled up, and what
-- is not from the history.
CREATE OR REPLACE FUNCTION floor_times(from_at timestamptz, until_at timestamptz, now_at timestamptz)
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
          CROSS JOIN LATERAL floor_intervals(known.names, from_at, until_at, now_at) s
          CROSS JOIN LATERAL generate_series(utc_bin('15 minutes', s.since),
                                             s.until - interval '1 microsecond', '15 minutes') AS quarter) AS part
    GROUP BY part.since
$$;
COMMENT ON FUNCTION floor_times IS
    'Microseconds of all machines in each quarter of an hour; warning includes starved and blocked.';
