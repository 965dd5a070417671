-- Orders of a demo. The simulator describes them as steps, each with a person and a time; they are written with ordinary
-- statements under the same triggers as other changes: with their own times by the session that is creating the history,
-- and as happening now by the simulator that plays the floor.

-- What one person does to one order. Live, an order that people changed meanwhile is left to them: then false is returned.
CREATE OR REPLACE FUNCTION write_order_step(step jsonb, live boolean) RETURNS boolean
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    order_id text := step->>'order_id';
    moment timestamptz := CASE WHEN live THEN clock_timestamp() ELSE (step->>'at')::timestamptz END;
BEGIN
    IF step->>'action' = 'report' THEN
        INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name, reporter_email, timestamp,
                                 created_at, machine_status, machine_reason, stop_since, client_reference)
        SELECT order_id, step->>'machine_id', step->>'description', step->>'priority', step->>'who', step->>'who_email',
               moment, moment, 'down', step->>'machine_reason',
               CASE WHEN live THEN f.status_since ELSE (step->>'stop_since')::timestamptz END, 'simulator/' || order_id
        FROM machine_feed_stream f
        WHERE f.machine_name = step->>'machine_id'
          AND (NOT live OR (f.status = 'down' AND f.reason IS NOT DISTINCT FROM step->>'machine_reason'
                            AND NOT EXISTS (SELECT FROM work_orders o WHERE o.machine_id = f.machine_name
                                            AND o.stop_since = f.status_since)));
        RETURN FOUND;
    END IF;
    IF live THEN
        PERFORM FROM work_orders o WHERE o.id = order_id AND o.version = (step->>'version')::integer FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
    END IF;
    CASE step->>'action'
        WHEN 'change' THEN
            UPDATE work_orders o SET
                status = coalesce(step->>'status', o.status),
                assignee_id = coalesce((step->>'assignee_id')::integer, o.assignee_id),
                hold_reason = coalesce(step->>'hold_reason', o.hold_reason), cause = coalesce(step->>'cause', o.cause),
                action_taken = coalesce(step->>'action_taken', o.action_taken),
                cancel_reason = coalesce(step->>'cancel_reason', o.cancel_reason),
                recovered_at = coalesce((step->>'recovered_at')::timestamptz, o.recovered_at)
            WHERE o.id = order_id;
        WHEN 'comment' THEN
            INSERT INTO work_order_events (work_order_id, kind, note) VALUES (order_id, 'commented', step->>'note');
        WHEN 'add_item' THEN
            INSERT INTO work_order_checklist (work_order_id, text) VALUES (order_id, step->>'item');
        WHEN 'check_item' THEN
            UPDATE work_order_checklist SET done_at = moment, done_by = step->>'who'
            WHERE work_order_id = order_id AND text = step->>'item' AND done_at IS NULL;
    END CASE;
    RETURN true;
END $$;
COMMENT ON FUNCTION write_order_step IS 'Writes what a simulated person does to an order, and returns whether it was written.';

CREATE OR REPLACE FUNCTION write_order_steps(steps jsonb, live boolean) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    step jsonb;
    is_written boolean;
BEGIN
    IF live THEN
        PERFORM simulator_name();
    END IF;
    FOR step IN SELECT value FROM jsonb_array_elements(steps) WITH ORDINALITY ORDER BY ordinality
    LOOP
        PERFORM set_config('floor.acting_time', CASE WHEN live THEN '' ELSE step->>'at' END, true),
                set_config('floor.person_name', step->>'who', true),
                set_config('floor.person_email', coalesce(step->>'who_email', ''), true),
                set_config('floor.note', CASE WHEN step->>'action' = 'change' THEN coalesce(step->>'note', '') ELSE '' END,
                           true);
        IF live THEN
            BEGIN
                is_written := write_order_step(step, live);
            EXCEPTION WHEN integrity_constraint_violation OR data_exception THEN  -- a person who has left, for example
                is_written := false;
            END;
            IF NOT is_written THEN
                RETURN NEXT step->>'order_id';
            END IF;
        ELSE
            IF acting_time() <> (step->>'at')::timestamptz THEN
                RAISE object_not_in_prerequisite_state USING
                    MESSAGE = 'steps can only be written while the history of a demo is being created';
            END IF;
            PERFORM write_order_step(step, live);
        END IF;
    END LOOP;
    PERFORM set_config('floor.acting_time', '', true), set_config('floor.person_name', '', true),
            set_config('floor.person_email', '', true), set_config('floor.note', '', true);
END $$;
COMMENT ON FUNCTION write_order_steps IS
    'Writes steps (a JSON array, sorted by time): with their times while the history of a demo is being created, or live, as '
    'happening now. Returns the ids of orders whose step was left out, because people changed the order.';
