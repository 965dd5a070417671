-- A demo makes room for a plant: everything that the demo is goes, in one transaction. Nothing of a plant can go so.
CREATE OR REPLACE FUNCTION demo_contents() RETURNS TABLE (machines bigint, changes bigint, orders bigint, people bigint)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT (SELECT count(*) FROM machine_feed_stream), (SELECT count(*) FROM machine_status_history),
           (SELECT count(*) FROM work_orders), (SELECT count(*) FROM employees)
$$;

-- keep_email: of a person who stays, with their sessions, so that the person who removes the demo is kept. Everybody else, and every
-- token, station and wall screen, loses access. Returns what went.
CREATE OR REPLACE FUNCTION remove_demo(keep_email text DEFAULT NULL)
RETURNS TABLE (machines bigint, changes bigint, orders bigint, people bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
#variable_conflict use_column
DECLARE
    kept bigint;
BEGIN
    PERFORM FROM plant WHERE kind = 'demo' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = 'this floor is a plant: its data cannot be removed',
            HINT = 'Create an empty floor in another schema: DEFAULT_POSTGRES_SCHEMA and NEW_FLOOR=empty.';
    END IF;
    LOCK TABLE machine_feed_stream, machine_status_history, work_order_checklist, work_orders, work_order_events,
        work_order_attachments, employees IN ACCESS EXCLUSIVE MODE;
    SELECT count(*) INTO kept FROM employees WHERE lower(email) = lower(keep_email);
    RETURN QUERY SELECT c.machines, c.changes, c.orders, c.people - kept FROM demo_contents() c;

    ALTER TABLE work_orders DISABLE TRIGGER work_orders_nothing_is_deleted;
    ALTER TABLE work_order_events DISABLE TRIGGER work_order_events_append_only;
    ALTER TABLE work_order_attachments DISABLE TRIGGER work_order_attachments_append_only;
    ALTER TABLE machine_status_history DISABLE TRIGGER machine_status_history_append_only;
    ALTER TABLE data_gaps DISABLE TRIGGER data_gaps_append_only;
    TRUNCATE machine_feed_stream, machine_counts, machines, former_machine_names, machine_placements, production_lines, work_orders,
        work_order_events, work_order_checklist, work_order_attachments, work_order_texts, work_order_sort_history,
        machine_types;
    TRUNCATE machine_status_history, status_intervals, data_gaps, machine_stops, history_days, changed_days, machine_days,
        machine_hours, line_hours, stop_days, status_days, dashboard_current_machine_status, dashboard_machine_uptime_7days,
        dashboard_problematic_machines_30days, dashboard_hourly_status_patterns, dashboard_work_order_status_summary,
        dashboard_work_order_trends_30days, dashboard_executive_kpis, dashboard_machine_status_changes_7days,
        dashboard_days;
    DELETE FROM employees WHERE lower(email) IS DISTINCT FROM lower(keep_email);
    TRUNCATE setting_changes;  -- the end of a demo is no change of the plant
    -- who tried the demo has no access to the plant by that; the numbers of machines, which tokens name, are used again too
    UPDATE access_keys SET revoked_at = clock_timestamp(), revoked_by = acting_person()
    WHERE revoked_at IS NULL AND kind <> 'first_supervisor';  -- of the plant, known at its terminal
    UPDATE sessions SET ended_at = clock_timestamp(), ended_by = acting_person(), id_token = NULL
    WHERE ended_at IS NULL AND email IS DISTINCT FROM lower(keep_email);
    -- a feed may use its ids again
    DELETE FROM feed_event_ids;
    DELETE FROM feed_totals;
    DELETE FROM feed_refusals;
    DELETE FROM feed_unknown_names;
    DELETE FROM feed_minutes;
    DELETE FROM feed_machines;
    DELETE FROM feed_tail;
    DELETE FROM ignored_machines;
    ALTER TABLE work_orders ENABLE TRIGGER work_orders_nothing_is_deleted;
    ALTER TABLE work_order_events ENABLE TRIGGER work_order_events_append_only;
    ALTER TABLE work_order_attachments ENABLE TRIGGER work_order_attachments_append_only;
    ALTER TABLE machine_status_history ENABLE TRIGGER machine_status_history_append_only;
    ALTER TABLE data_gaps ENABLE TRIGGER data_gaps_append_only;

    UPDATE history_upkeep SET forgotten_until = NULL, refreshed_at = NULL;
    UPDATE simulator_state SET instance = NULL, tick = 0, last_tick = '-infinity';
    UPDATE plant SET kind = 'plant', since = clock_timestamp();
END $$;
REVOKE EXECUTE ON FUNCTION remove_demo FROM PUBLIC;
COMMENT ON FUNCTION remove_demo IS
    'Replaces a demo by an empty plant and returns what went; refuses a plant. keep_email: the one person who stays and stays signed in.';
