-- The events of work orders: one row per change of a field, comment, attachment or checklist step.

-- Write the events of a new or changed order.
CREATE OR REPLACE FUNCTION work_order_record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO work_order_events (work_order_id, kind, new_value, hold_reason, cause, action_taken, cancel_reason)
        VALUES (NEW.id, 'created', NEW.status, NEW.hold_reason, CASE WHEN NEW.status = 'completed' THEN NEW.cause END,
                CASE WHEN NEW.status = 'completed' THEN NEW.action_taken END, NEW.cancel_reason);
        RETURN NULL;
    END IF;
    IF NEW.status <> OLD.status THEN
        INSERT INTO work_order_events (work_order_id, kind, field, old_value, new_value, hold_reason, cause, action_taken,
                                       cancel_reason, note)
        VALUES (NEW.id, 'status_changed', 'status', OLD.status, NEW.status, NEW.hold_reason,
                CASE WHEN NEW.status = 'completed' THEN NEW.cause END,
                CASE WHEN NEW.status = 'completed' THEN NEW.action_taken END,
                NEW.cancel_reason, nullif(current_setting('floor.note', true), ''));
    END IF;
    INSERT INTO work_order_events (work_order_id, kind, field, old_value, new_value)
    SELECT NEW.id, 'changed', field, old_value, new_value
    FROM (VALUES
        ('description', OLD.issue_description, NEW.issue_description),
        ('priority',    OLD.priority,          NEW.priority),
        ('assignee',    CASE WHEN NEW.assignee_id IS DISTINCT FROM OLD.assignee_id THEN OLD.assignee END,
                        CASE WHEN NEW.assignee_id IS DISTINCT FROM OLD.assignee_id THEN NEW.assignee END),
        ('machine',     OLD.machine_id,        NEW.machine_id),
        ('due',         OLD.due_at::text,      CASE WHEN NEW.priority = OLD.priority AND NEW.status = OLD.status
                                                    THEN NEW.due_at::text ELSE OLD.due_at::text END),
        ('hold reason', CASE WHEN NEW.status = OLD.status THEN OLD.hold_reason END,
                        CASE WHEN NEW.status = OLD.status THEN NEW.hold_reason END),
        ('cause',       CASE WHEN NEW.status = OLD.status THEN OLD.cause END,
                        CASE WHEN NEW.status = OLD.status THEN NEW.cause END),
        ('action',      CASE WHEN NEW.status = OLD.status THEN OLD.action_taken END,
                        CASE WHEN NEW.status = OLD.status THEN NEW.action_taken END),
        ('cancel reason', CASE WHEN NEW.status = OLD.status THEN OLD.cancel_reason END,
                          CASE WHEN NEW.status = OLD.status THEN NEW.cancel_reason END),
        ('reporter',    OLD.reporter_name,     NEW.reporter_name),
        ('reported',    OLD.timestamp::text,   NEW.timestamp::text)
    ) AS changed (field, old_value, new_value)
    WHERE old_value IS DISTINCT FROM new_value;
    IF NEW.recovered_at IS NOT NULL AND OLD.recovered_at IS NULL THEN
        INSERT INTO work_order_events (work_order_id, kind, new_value) VALUES (NEW.id, 'recovered', NEW.recovered_at::text);
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_record FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_record AFTER INSERT OR UPDATE ON work_orders
    FOR EACH ROW EXECUTE FUNCTION work_order_record();

-- Set event_id, time and person. The number is drawn while the order's row is locked, so events are sorted by it.
CREATE OR REPLACE FUNCTION work_order_event_register() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM work_orders WHERE id = NEW.work_order_id FOR UPDATE;
    NEW.event_id := nextval('work_order_event_number');
    NEW.at := acting_time(NEW.at);
    NEW.who := CASE WHEN is_visible(NEW.who) THEN NEW.who ELSE acting_person() END;
    NEW.who_email := coalesce(NEW.who_email, acting_email());
    NEW.client_reference_by := reference_owner(NEW.client_reference);
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_event_register FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_event_register BEFORE INSERT ON work_order_events
    FOR EACH ROW EXECUTE FUNCTION work_order_event_register();

-- Changes of a checklist or of attachments lock the order first, so that concurrent changes wait and do not deadlock.
CREATE OR REPLACE FUNCTION work_order_lock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM FROM work_orders WHERE id = OLD.work_order_id FOR UPDATE;
        RETURN OLD;
    END IF;
    PERFORM FROM work_orders WHERE id = NEW.work_order_id FOR UPDATE;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_lock FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_lock BEFORE INSERT OR UPDATE OR DELETE ON work_order_checklist
    FOR EACH ROW EXECUTE FUNCTION work_order_lock();
CREATE OR REPLACE TRIGGER work_order_lock BEFORE INSERT ON work_order_attachments
    FOR EACH ROW EXECUTE FUNCTION work_order_lock();

CREATE OR REPLACE FUNCTION work_order_checklist_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO work_order_events (work_order_id, kind, field, old_value, new_value)
    SELECT CASE WHEN TG_OP = 'DELETE' THEN OLD.work_order_id ELSE NEW.work_order_id END, 'checklist',
           CASE WHEN TG_OP = 'INSERT' THEN 'added' WHEN TG_OP = 'DELETE' THEN 'removed'
                WHEN NEW.done_at IS NOT NULL AND OLD.done_at IS NULL THEN 'done'
                WHEN NEW.done_at IS NULL AND OLD.done_at IS NOT NULL THEN 'not done' ELSE 'changed' END,
           CASE WHEN TG_OP <> 'INSERT' THEN OLD.text END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.text END
    WHERE TG_OP <> 'UPDATE' OR (NEW.text, NEW.done_at) IS DISTINCT FROM (OLD.text, OLD.done_at);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_checklist_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_checklist_changed AFTER INSERT OR UPDATE OR DELETE ON work_order_checklist
    FOR EACH ROW EXECUTE FUNCTION work_order_checklist_changed();

CREATE OR REPLACE FUNCTION work_order_attached() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO work_order_events (work_order_id, kind, new_value) VALUES (NEW.work_order_id, 'attached', NEW.file_name);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_attached FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_attached AFTER INSERT ON work_order_attachments
    FOR EACH ROW EXECUTE FUNCTION work_order_attached();
