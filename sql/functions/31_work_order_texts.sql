-- Triggers that keep work_order_texts, the search texts and sort keys of each order.

-- The texts that a person entered with an event; null if there are none.
CREATE OR REPLACE FUNCTION work_order_event_text(e work_order_events) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT nullif(concat_ws(' ', e.hold_reason, e.cause, e.action_taken, e.cancel_reason, e.note), '')
$$;

-- Update the texts of the orders with these ids; null: of all orders.
CREATE OR REPLACE FUNCTION prepare_work_order_texts(ids text[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO work_order_texts AS t (work_order_id, machine_key, description_key, assignee_key, words)
    SELECT o.id, name_sort_key(coalesce(m.display_name, o.machine_id)), name_sort_key(left(o.issue_description, 100)), name_sort_key(o.assignee),
           search_words(concat_ws(' ', o.id, o.machine_id, m.display_name,
               o.issue_description, o.reporter_name, o.assignee, o.machine_reason, o.cause, o.action_taken,
               o.cancel_reason,
               (SELECT string_agg(c.text, ' ') FROM work_order_checklist c WHERE c.work_order_id = o.id),
               (SELECT string_agg(a.file_name, ' ') FROM work_order_attachments a WHERE a.work_order_id = o.id),
               (SELECT string_agg(work_order_event_text(e), ' ') FROM work_order_events e
                WHERE e.work_order_id = o.id)))
    FROM work_orders o LEFT JOIN machines m ON m.machine_name = o.machine_id
    WHERE ids IS NULL OR o.id = ANY (ids)
    ORDER BY o.id
    ON CONFLICT (work_order_id) DO UPDATE
        SET machine_key = excluded.machine_key, description_key = excluded.description_key, assignee_key = excluded.assignee_key,
            words = excluded.words
        WHERE (t.machine_key, t.description_key, t.assignee_key, t.words)
            IS DISTINCT FROM (excluded.machine_key, excluded.description_key, excluded.assignee_key, excluded.words)
$$;

CREATE OR REPLACE FUNCTION work_orders_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM prepare_work_order_texts(array_agg(id)) FROM new_rows HAVING count(*) > 0;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_orders_inserted FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_orders_inserted AFTER INSERT ON work_orders REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_orders_inserted();
ALTER TABLE work_orders ENABLE ALWAYS TRIGGER work_orders_inserted;

CREATE OR REPLACE FUNCTION work_orders_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows) THEN
        RETURN NULL;
    END IF;
    INSERT INTO work_order_sort_history (work_order_id, machine_key, description_key, assignee_key, priority, status, due_at,
                                         reported_at, ended_at)
    SELECT o.id, t.machine_key, t.description_key, t.assignee_key, o.priority, o.status, o.due_at, o.timestamp,
           coalesce(o.completed_at, o.cancelled_at)
    FROM old_rows o JOIN new_rows n USING (id) JOIN work_order_texts t ON t.work_order_id = o.id
    WHERE (o.machine_id, left(o.issue_description, 100), o.assignee, o.priority, o.status, o.due_at, o.timestamp,
           o.completed_at, o.cancelled_at)
        IS DISTINCT FROM (n.machine_id, left(n.issue_description, 100), n.assignee, n.priority, n.status, n.due_at,
                          n.timestamp, n.completed_at, n.cancelled_at);

    PERFORM prepare_work_order_texts(array_agg(n.id))
    FROM old_rows o JOIN new_rows n USING (id)
    WHERE (o.machine_id, o.issue_description, o.assignee, o.reporter_name, o.machine_reason, o.cause, o.action_taken,
           o.cancel_reason)
        IS DISTINCT FROM (n.machine_id, n.issue_description, n.assignee, n.reporter_name, n.machine_reason, n.cause,
                          n.action_taken, n.cancel_reason)
    HAVING count(*) > 0;

    DELETE FROM work_order_sort_history WHERE number IN (
        SELECT number FROM work_order_sort_history WHERE replaced_at < now() - interval '1 day'
        ORDER BY replaced_at LIMIT 100 FOR UPDATE SKIP LOCKED);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_orders_updated FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_orders_updated AFTER UPDATE ON work_orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_orders_updated();
ALTER TABLE work_orders ENABLE ALWAYS TRIGGER work_orders_updated;

-- Events are append-only, so their words are added to the existing ones: a new comment does not read all earlier ones.
CREATE OR REPLACE FUNCTION work_order_noted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE work_order_texts t SET words = search_words(t.words || ' ' || noted.notes)
    FROM (SELECT e.work_order_id, string_agg(work_order_event_text(e), ' ') AS notes FROM new_rows e
          WHERE work_order_event_text(e) IS NOT NULL GROUP BY 1) AS noted
    WHERE t.work_order_id = noted.work_order_id;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_noted FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_noted AFTER INSERT ON work_order_events REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_order_noted();
ALTER TABLE work_order_events ENABLE ALWAYS TRIGGER work_order_noted;

CREATE OR REPLACE FUNCTION work_order_part_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM prepare_work_order_texts(ARRAY[CASE WHEN TG_OP = 'DELETE' THEN OLD.work_order_id ELSE NEW.work_order_id END]);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION work_order_part_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_texts_follow AFTER INSERT OR DELETE OR UPDATE OF text ON work_order_checklist
    FOR EACH ROW EXECUTE FUNCTION work_order_part_changed();
ALTER TABLE work_order_checklist ENABLE ALWAYS TRIGGER work_order_texts_follow;
CREATE OR REPLACE TRIGGER work_order_texts_follow AFTER INSERT ON work_order_attachments
    FOR EACH ROW EXECUTE FUNCTION work_order_part_changed();
ALTER TABLE work_order_attachments ENABLE ALWAYS TRIGGER work_order_texts_follow;

CREATE OR REPLACE FUNCTION machine_display_name_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM prepare_work_order_texts(array_agg(id)) FROM work_orders WHERE machine_id = NEW.machine_name HAVING count(*) > 0;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_display_name_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER work_order_texts_follow AFTER UPDATE OF display_name ON machines
    FOR EACH ROW WHEN (NEW.display_name IS DISTINCT FROM OLD.display_name) EXECUTE FUNCTION machine_display_name_changed();
ALTER TABLE machines ENABLE ALWAYS TRIGGER work_order_texts_follow;
