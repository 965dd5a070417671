-- Validation and defaults of a new work order: assignee, required texts, due time.

-- Keep assignee (a name) and assignee_id consistent, whichever of them was set.
CREATE OR REPLACE FUNCTION work_order_set_assignee(new_row work_orders, old_id integer, old_name text) RETURNS work_orders
LANGUAGE plpgsql AS $$
DECLARE
    person employees;
BEGIN
    new_row.assignee := nullif(new_row.assignee, '');
    IF new_row.assignee_id IS NOT DISTINCT FROM old_id AND new_row.assignee IS DISTINCT FROM old_name THEN
        new_row.assignee_id := CASE WHEN new_row.assignee IS NOT NULL THEN find_employee(new_row.assignee) END;
    END IF;
    IF new_row.assignee_id IS NULL THEN
        new_row.assignee := NULL;
        RETURN new_row;
    END IF;
    IF new_row.assignee_id IS DISTINCT FROM old_id THEN  -- wait for a transaction that deactivates or renames the person
        SELECT * INTO person FROM employees WHERE id = new_row.assignee_id FOR SHARE;
    ELSE
        SELECT * INTO person FROM employees WHERE id = new_row.assignee_id;
    END IF;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'work_orders_assignee_id_fkey', COLUMN = 'assignee',
            MESSAGE = format('there is no employee %s', new_row.assignee_id);
    END IF;
    IF new_row.assignee_id IS DISTINCT FROM old_id AND NOT person.active THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_assignee_check', COLUMN = 'assignee',
            MESSAGE = format('%s %s is not active and cannot be assigned', person.first_name, person.last_name);
    END IF;
    IF new_row.assignee_id IS DISTINCT FROM old_id AND person.role NOT IN ('technician', 'supervisor') THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_assignee_check', COLUMN = 'assignee',
            MESSAGE = format('%s %s has the role %s and cannot work on orders: assign a technician or a supervisor',
                             person.first_name, person.last_name, person.role);
    END IF;
    new_row.assignee := person.first_name || ' ' || person.last_name;
    IF new_row.assignee_id IS DISTINCT FROM old_id AND lower(person.email) = acting_email() THEN
        new_row.acknowledged_at := coalesce(new_row.acknowledged_at, acting_time());
    END IF;
    RETURN new_row;
END $$;

-- Refuse a status without the values that it requires.
CREATE OR REPLACE FUNCTION work_order_check_required_texts(new_row work_orders) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    missing text := CASE
        WHEN new_row.status = 'on_hold' AND new_row.hold_reason IS NULL
            THEN 'hold_reason: parts, access, vendor or approval'
        WHEN new_row.status = 'completed' AND new_row.cause IS NULL THEN 'cause: what was wrong'
        WHEN new_row.status = 'completed' AND new_row.action_taken IS NULL THEN 'action_taken: what was done'
        WHEN new_row.status = 'cancelled' AND new_row.cancel_reason IS NULL THEN 'cancel_reason: why' END;
BEGIN
    IF missing IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_required_texts_check', COLUMN = split_part(missing, ':', 1),
            MESSAGE = format('an order that is %s needs %s', replace(new_row.status, '_', ' '), missing);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION work_order_clean(new_row work_orders) RETURNS work_orders
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    new_row.status := lower(btrim(new_row.status));
    new_row.priority := lower(btrim(new_row.priority));
    new_row.hold_reason := nullif(lower(btrim(new_row.hold_reason)), '');
    new_row.cause := CASE WHEN is_visible(new_row.cause) THEN btrim(new_row.cause) END;
    new_row.action_taken := CASE WHEN is_visible(new_row.action_taken) THEN btrim(new_row.action_taken) END;
    new_row.cancel_reason := CASE WHEN is_visible(new_row.cancel_reason) THEN btrim(new_row.cancel_reason) END;
    IF new_row.status IS NULL OR new_row.status NOT IN ('open', 'in_progress', 'on_hold', 'completed', 'cancelled') THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_status_check', COLUMN = 'status',
            MESSAGE = format('status %s is not known: use open, in_progress, on_hold, completed or cancelled',
                             coalesce(quote_literal(left(new_row.status, 100)), 'NULL'));
    END IF;
    IF new_row.status <> 'on_hold' THEN
        new_row.hold_reason := NULL;
    END IF;
    IF new_row.status <> 'cancelled' THEN
        new_row.cancel_reason := NULL;
    END IF;
    RETURN new_row;
END $$;

CREATE OR REPLACE FUNCTION work_order_due(from_when timestamptz, of_priority text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT from_when + due_within FROM work_order_priorities WHERE priority = of_priority
$$;

-- An order can be inserted with any status, so that orders of another system can be imported, if it has the values that
-- the status requires.
CREATE OR REPLACE FUNCTION work_order_register() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    machine machine_feed_stream;
BEGIN
    NEW := work_order_clean(NEW);
    NEW.id := coalesce(NEW.id, 'WO-' || to_char(clock_timestamp() AT TIME ZONE (SELECT time_zone FROM plant_settings), 'YYYYMMDD')
                               || '-' || left(md5(gen_random_uuid()::text), 8));
    NEW.version := 1;
    NEW.client_reference_by := reference_owner(NEW.client_reference);
    NEW.updated_at := acting_time();
    NEW := work_order_set_assignee(NEW, NULL, NULL);
    PERFORM work_order_check_required_texts(NEW);
    IF NOT EXISTS (SELECT FROM machines WHERE machine_name = NEW.machine_id) THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'work_orders_machine_id_fkey', COLUMN = 'machine_id',
            MESSAGE = format('there is no machine %L', left(NEW.machine_id, 100));
    END IF;
    SELECT * INTO machine FROM machine_feed_stream WHERE machine_name = NEW.machine_id;
    NEW.priority := coalesce(NEW.priority, CASE WHEN machine.status = 'down' THEN 'high' ELSE 'medium' END);
    IF NOT EXISTS (SELECT FROM work_order_priorities WHERE priority = NEW.priority) THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_priority_check', COLUMN = 'priority',
            MESSAGE = format('priority %L is not known: use low, medium, high or critical', left(NEW.priority, 100));
    END IF;
    NEW.due_at := coalesce(NEW.due_at, work_order_due(NEW.timestamp, NEW.priority));
    IF NEW.status IN ('in_progress', 'completed') THEN
        NEW.started_at := coalesce(NEW.started_at, NEW.completed_at, clock_timestamp());
    END IF;
    IF NEW.status <> 'open' THEN
        NEW.acknowledged_at := coalesce(NEW.acknowledged_at, NEW.started_at, clock_timestamp());
    END IF;
    NEW.completed_at := CASE WHEN NEW.status = 'completed' THEN coalesce(NEW.completed_at, clock_timestamp()) END;
    NEW.cancelled_at := CASE WHEN NEW.status = 'cancelled' THEN coalesce(NEW.cancelled_at, clock_timestamp()) END;
    IF machine.machine_name IS NOT NULL AND NEW.machine_status IS NULL THEN
        NEW.machine_status := machine.status;
        NEW.machine_reason := coalesce(NEW.machine_reason, machine.reason);
        IF machine.status = 'down' THEN
            NEW.stop_since := coalesce(NEW.stop_since, machine.status_since);
        END IF;
    END IF;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_register FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_register BEFORE INSERT ON work_orders
    FOR EACH ROW EXECUTE FUNCTION work_order_register();
