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
SELECT m.machine_name, coalesce(l.name, 'On no line') AS production_line, m.type, f.machine_id IS NOT NULL AS present,
       m.machine_id
FROM machines m
LEFT JOIN production_lines l USING (line_id)
LEFT JOIN machine_feed_stream f USING (machine_id);
COMMENT ON VIEW known_machines IS 'Every machine that stands on the floor (present) or ever did.';

-- The machines as the changes of status name them.
CREATE OR REPLACE FUNCTION machines_hash() RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(coalesce(string_agg(ROW(m.machine_id, m.machine_name, m.production_line, m.type)::text, E'\n'
                                                 ORDER BY m.machine_id), ''), 'UTF8'))
    FROM known_machines m
$$;

-- What comes late marks the day from which on it has an effect (changed_days), and the day is summed up again. What is forgotten leaves
-- the table.
CREATE OR REPLACE VIEW days_with_changes AS
SELECT d.day, d.since, d.until
FROM summed_days d JOIN dashboard_days w USING (day, summed_at)
CROSS JOIN LATERAL (SELECT count(*) AS changes FROM dashboard_machine_status_changes_7days c
                    WHERE c.changed_at >= d.since AND c.changed_at < d.until AND w.day = d.day) AS here
WHERE d.since > coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity')
  AND w.machines = (SELECT machines_hash()) AND w.changes = here.changes;
COMMENT ON VIEW days_with_changes IS
    'The days of which dashboard_machine_status_changes_7days is right, if the days before are; others are compared with the intervals.';

-- A share in percent; null of nothing.
CREATE OR REPLACE FUNCTION percent(part numeric, whole numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(100 * part / nullif(whole, 0), 2) $$;

CREATE OR REPLACE FUNCTION micros_in_hours(micros numeric) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(micros / micros('1 hour'), 3) $$;
