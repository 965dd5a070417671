-- Validation of changes of a work order (transitions: work_order_transitions), and protection against deletion.

CREATE OR REPLACE FUNCTION work_order_check_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    transition work_order_transitions;
    ended timestamptz := coalesce(OLD.completed_at, OLD.cancelled_at);
BEGIN
    NEW := work_order_clean(NEW);
    NEW.updated_at := acting_time();
    -- facts of the report never change, and only this trigger sets the times of transitions
    NEW.created_at := OLD.created_at;
    NEW.client_reference := OLD.client_reference;
    NEW.client_reference_by := OLD.client_reference_by;
    NEW.request_digest := OLD.request_digest;
    NEW.reporter_email := OLD.reporter_email;
    NEW.source := OLD.source;
    NEW.machine_status := OLD.machine_status;
    NEW.machine_reason := OLD.machine_reason;
    NEW.acknowledged_at := OLD.acknowledged_at;
    NEW.started_at := OLD.started_at;
    NEW.completed_at := OLD.completed_at;
    NEW.cancelled_at := OLD.cancelled_at;
    IF NEW.id <> OLD.id THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_id_check', COLUMN = 'id',
            MESSAGE = 'the id of a work order never changes';
    END IF;
    NEW := work_order_set_assignee(NEW, OLD.assignee_id, OLD.assignee);
    IF NEW.status <> OLD.status THEN
        SELECT * INTO transition FROM work_order_transitions WHERE from_status = OLD.status AND to_status = NEW.status;
        IF NOT FOUND THEN
            RAISE check_violation USING CONSTRAINT = 'work_orders_transition_check', COLUMN = 'status',
                MESSAGE = format('an order that is %s cannot become %s: the allowed statuses are %s',
                    replace(OLD.status, '_', ' '), replace(NEW.status, '_', ' '),
                    (SELECT string_agg(replace(to_status, '_', ' '), ', ' ORDER BY to_status)
                     FROM work_order_transitions WHERE from_status = OLD.status));
        END IF;
        IF transition.within IS NOT NULL AND ended < acting_time() - transition.within THEN
            RAISE check_violation USING CONSTRAINT = 'work_orders_transition_check', COLUMN = 'status',
                MESSAGE = format('this order ended more than %s days ago: create a new one',
                                 extract(epoch FROM transition.within)::bigint / 86400);
        END IF;
        NEW.acknowledged_at := coalesce(NEW.acknowledged_at, acting_time());
        NEW.started_at := CASE WHEN NEW.status IN ('in_progress', 'completed')
                               THEN coalesce(OLD.started_at, acting_time()) ELSE OLD.started_at END;
        NEW.completed_at := CASE WHEN NEW.status = 'completed' THEN acting_time() END;
        NEW.cancelled_at := CASE WHEN NEW.status = 'cancelled' THEN acting_time() END;
        IF ended IS NOT NULL THEN  -- reopened; the events keep cause and action
            NEW.cause := NULL;
            NEW.action_taken := NULL;
            NEW.due_at := work_order_due(acting_time(), NEW.priority);
        END IF;
    END IF;
    PERFORM work_order_check_required_texts(NEW);
    IF NEW.priority IS DISTINCT FROM OLD.priority THEN
        IF NOT EXISTS (SELECT FROM work_order_priorities WHERE priority = NEW.priority) THEN
            RAISE check_violation USING CONSTRAINT = 'work_orders_priority_check', COLUMN = 'priority',
                MESSAGE = format('priority %L is not known: use low, medium, high or critical', left(NEW.priority, 100));
        END IF;
        IF NEW.due_at = OLD.due_at THEN
            NEW.due_at := work_order_due(NEW.timestamp, NEW.priority);
        END IF;
    END IF;
    -- changes that no person makes (a recovery, a new name of the assignee) must not cause an edit conflict
    NEW.version := OLD.version + CASE WHEN
        (NEW.issue_description, NEW.priority, NEW.assignee_id, NEW.status, NEW.machine_id, NEW.due_at, NEW.hold_reason,
         NEW.cause, NEW.action_taken, NEW.cancel_reason, NEW.reporter_name, NEW.timestamp) IS DISTINCT FROM
        (OLD.issue_description, OLD.priority, OLD.assignee_id, OLD.status, OLD.machine_id, OLD.due_at, OLD.hold_reason,
         OLD.cause, OLD.action_taken, OLD.cancel_reason, OLD.reporter_name, OLD.timestamp) THEN 1 ELSE 0 END;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_check_change FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_check_change BEFORE UPDATE ON work_orders
    FOR EACH ROW EXECUTE FUNCTION work_order_check_change();

-- Orders are cancelled, not deleted; events and attachments are append-only.
CREATE OR REPLACE FUNCTION nothing_is_deleted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING
        MESSAGE = format('%s is append-only: %s is refused', TG_TABLE_NAME, lower(TG_OP)),
        HINT = 'Cancel an order instead of deleting it; correct an entry with a comment.';
END $$;
CREATE OR REPLACE TRIGGER work_orders_nothing_is_deleted BEFORE DELETE OR TRUNCATE ON work_orders
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();
CREATE OR REPLACE TRIGGER work_order_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON work_order_events
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();
-- The column thumbnail can change: it is derived, and can be created later.
CREATE OR REPLACE TRIGGER work_order_attachments_append_only
    BEFORE UPDATE OF attachment_id, work_order_id, file_name, media_type, content, added_at, added_by, client_reference,
                     client_reference_by, request_digest
    OR DELETE OR TRUNCATE ON work_order_attachments
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();

-- The stop that an order belongs to is part of the report, and only changes where the stop itself does: something came late.
CREATE OR REPLACE FUNCTION work_order_keep_stop() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT is_history_upkeep() THEN
        NEW.stop_since := OLD.stop_since;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER work_order_keep_stop BEFORE UPDATE OF stop_since ON work_orders
    FOR EACH ROW EXECUTE FUNCTION work_order_keep_stop();
