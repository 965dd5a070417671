-- Orders in the history of a demo. The simulator describes them as steps, each with a person and a time; they are written
-- with ordinary statements under the same triggers as other changes, only by the session that is creating the history.
CREATE OR REPLACE FUNCTION write_order_steps(steps jsonb) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    step record;
BEGIN
    FOR step IN
        SELECT s.* FROM jsonb_to_recordset(steps) AS s (
            at timestamptz, order_id text, action text, who text, who_email text, machine_id text, description text,
            priority text, machine_reason text, stop_since timestamptz, assignee_id integer, status text, hold_reason text,
            cause text, action_taken text, cancel_reason text, recovered_at timestamptz, note text, item text)
    LOOP
        PERFORM set_config('floor.acting_time', step.at::text, true), set_config('floor.person_name', step.who, true),
                set_config('floor.person_email', coalesce(step.who_email, ''), true),
                set_config('floor.note', CASE WHEN step.action = 'change' THEN coalesce(step.note, '') ELSE '' END, true);
        IF acting_time() <> step.at THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = 'steps can only be written while the history of a demo is being created';
        END IF;
        CASE step.action
            WHEN 'report' THEN
                INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name, reporter_email,
                                         timestamp, created_at, machine_status, machine_reason, stop_since)
                VALUES (step.order_id, step.machine_id, step.description, step.priority, step.who, step.who_email,
                        step.at, step.at, 'down', step.machine_reason, step.stop_since);
            WHEN 'change' THEN
                UPDATE work_orders o SET
                    status = coalesce(step.status, o.status), assignee_id = coalesce(step.assignee_id, o.assignee_id),
                    hold_reason = coalesce(step.hold_reason, o.hold_reason), cause = coalesce(step.cause, o.cause),
                    action_taken = coalesce(step.action_taken, o.action_taken),
                    cancel_reason = coalesce(step.cancel_reason, o.cancel_reason),
                    recovered_at = coalesce(step.recovered_at, o.recovered_at)
                WHERE o.id = step.order_id;
            WHEN 'comment' THEN
                INSERT INTO work_order_events (work_order_id, kind, note) VALUES (step.order_id, 'commented', step.note);
            WHEN 'add_item' THEN
                INSERT INTO work_order_checklist (work_order_id, text) VALUES (step.order_id, step.item);
            WHEN 'check_item' THEN
                UPDATE work_order_checklist SET done_at = step.at, done_by = step.who
                WHERE work_order_id = step.order_id AND text = step.item AND done_at IS NULL;
        END CASE;
    END LOOP;
    PERFORM set_config('floor.acting_time', '', true), set_config('floor.person_name', '', true),
            set_config('floor.person_email', '', true), set_config('floor.note', '', true);
END $$;
COMMENT ON FUNCTION write_order_steps IS
    'Writes steps (a JSON array, sorted by time) while the history of a demo is being created.';
