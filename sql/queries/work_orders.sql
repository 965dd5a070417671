-- name: work_order(id)^
SELECT * FROM work_orders WHERE id = :id;

-- name: lock_work_order(id)^
-- Locks the row until the end of the transaction.
SELECT * FROM work_orders WHERE id = :id FOR UPDATE;

-- name: create_work_order(machine_id, issue_description, priority, assignee_id, reporter_name, reporter_email, reported_at, client_reference, request_digest)^
-- No row if this person has created an order with the same client reference before.
INSERT INTO work_orders (machine_id, issue_description, priority, assignee_id, reporter_name, reporter_email, timestamp,
                         client_reference, request_digest)
VALUES (:machine_id, :issue_description, :priority, :assignee_id, :reporter_name, :reporter_email,
        coalesce(:reported_at::timestamptz, clock_timestamp()), :client_reference, :request_digest)
ON CONFLICT (client_reference_by, client_reference) DO NOTHING
RETURNING *;

-- name: lock_machine(machine)^
-- Serializes checks for an open order of this machine until the end of the transaction.
SELECT machine_name FROM machines WHERE machine_name = :machine FOR NO KEY UPDATE;

-- name: open_work_order_of_stop(machine)^
-- The first active order for the present stop of a machine; no row if the machine is not down.
SELECT o.* FROM machine_feed_stream f
JOIN work_orders o ON o.machine_id = f.machine_name AND o.stop_since = f.status_since
WHERE f.machine_name = :machine AND f.status = 'down' AND o.status IN ('open', 'in_progress', 'on_hold')
ORDER BY o.created_at, o.id LIMIT 1;

-- name: work_order_with_reference(client_reference)^
-- The order that the acting person has created with this client reference.
SELECT * FROM work_orders
WHERE client_reference = :client_reference AND client_reference_by = reference_owner(:client_reference);

-- name: edit_work_order(id, version, issue_description, priority, assignee_id)^
UPDATE work_orders SET issue_description = :issue_description, priority = :priority, assignee_id = :assignee_id
WHERE id = :id AND version = :version
RETURNING *;

-- name: work_order_transition(from_status, to_status)^
SELECT from_status, to_status, role, within FROM work_order_transitions
WHERE from_status = :from_status AND to_status = :to_status;

-- name: set_transition_note(note)!
-- Sets the note of the transition in this transaction; its event stores it.
SELECT set_config('floor.note', :note, true);

-- name: transition_work_order(id, version, status, assignee_id, hold_reason, cause, action_taken, cancel_reason)^
-- The trigger refuses transitions that are not allowed, and clears columns that do not belong to the new status.
UPDATE work_orders SET status = :status, assignee_id = :assignee_id, hold_reason = :hold_reason,
                       cause = coalesce(:cause, cause),
                       action_taken = coalesce(:action_taken, action_taken),
                       cancel_reason = coalesce(:cancel_reason, cancel_reason)
WHERE id = :id AND version = :version
RETURNING *;

-- name: last_changes_of_work_order(id)
-- The events of the last transaction that changed the order, for the message of an edit conflict.
SELECT who, kind, field, old_value, new_value FROM work_order_events
WHERE work_order_id = :id AND kind IN ('status_changed', 'changed') AND xmin = (
    SELECT xmin FROM work_order_events WHERE work_order_id = :id AND kind IN ('status_changed', 'changed')
    ORDER BY event_id DESC LIMIT 1)
ORDER BY event_id;

-- name: work_order_events(id)
SELECT event_id, at, who, who_email, kind, field, old_value, new_value, note, hold_reason, cause, action_taken,
       cancel_reason
FROM work_order_events WHERE work_order_id = :id ORDER BY event_id;

-- name: work_order_checklist(id)
SELECT item_id, text, done_at, done_by FROM work_order_checklist WHERE work_order_id = :id ORDER BY item_id;

-- name: work_order_attachments(id)
SELECT attachment_id, file_name, media_type, octet_length(content) AS size, added_at, added_by
FROM work_order_attachments WHERE work_order_id = :id ORDER BY attachment_id;

-- name: comment_work_order(id, text, client_reference)^
-- No row if this person has added a comment with the same client reference before.
INSERT INTO work_order_events (work_order_id, kind, note, client_reference)
VALUES (:id, 'commented', :text, :client_reference)
ON CONFLICT (client_reference_by, client_reference) DO NOTHING
RETURNING event_id;

-- name: comment_with_reference(client_reference)^
-- The comment that the acting person has added with this client reference.
SELECT work_order_id, note FROM work_order_events
WHERE client_reference = :client_reference AND client_reference_by = reference_owner(:client_reference);

-- name: add_work_order_items(id, texts)!
INSERT INTO work_order_checklist (work_order_id, text)
SELECT :id, item.text FROM unnest(:texts::text[]) WITH ORDINALITY AS item (text, position) ORDER BY item.position;

-- name: has_work_order_item(id, item_id)$
SELECT EXISTS (SELECT FROM work_order_checklist WHERE work_order_id = :id AND item_id = :item_id);

-- name: check_work_order_item(id, item_id, done, who)!
-- Does nothing if it is already checked, so that the first person stays.
UPDATE work_order_checklist SET done_at = CASE WHEN :done THEN clock_timestamp() END,
                                done_by = CASE WHEN :done THEN :who END
WHERE work_order_id = :id AND item_id = :item_id AND (done_at IS NOT NULL) <> :done;

-- name: remove_work_order_item(id, item_id)!
DELETE FROM work_order_checklist WHERE work_order_id = :id AND item_id = :item_id;

-- name: attach_to_work_order(id, file_name, media_type, content, thumbnail, added_by, client_reference, request_digest)^
-- No row if this person has attached a file with the same client reference before.
INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, thumbnail, added_by,
                                    client_reference, client_reference_by, request_digest)
VALUES (:id, :file_name, :media_type, :content, :thumbnail, :added_by,
        :client_reference, reference_owner(:client_reference), :request_digest)
ON CONFLICT (client_reference_by, client_reference) DO NOTHING
RETURNING attachment_id, file_name, media_type, octet_length(content) AS size, added_at, added_by;

-- name: attachment_with_reference(client_reference)^
-- The file that the acting person has attached with this client reference.
SELECT attachment_id, file_name, media_type, octet_length(content) AS size, added_at, added_by, request_digest
FROM work_order_attachments
WHERE client_reference = :client_reference AND client_reference_by = reference_owner(:client_reference);

-- name: work_order_attachment(id, attachment_id)^
SELECT attachment_id, file_name, media_type, octet_length(content) AS size, added_at, added_by
FROM work_order_attachments WHERE work_order_id = :id AND attachment_id = :attachment_id;

-- name: work_order_transitions()
SELECT t.from_status, t.to_status, t.role, t.within FROM work_order_transitions t;

-- name: work_order_due_times()
SELECT priority, due_within FROM work_order_priorities ORDER BY rank;

-- name: set_work_order_due_time(priority, due_within)!
UPDATE work_order_priorities SET due_within = :due_within WHERE priority = :priority;

-- name: note_recoveries()
-- The ids of orders whose machine has recovered since the last call.
SELECT * FROM note_recoveries() AS id;

-- name: open_work_orders_for_stops(after)
-- The ids of new orders for machines that have been down for at least `after`.
SELECT * FROM open_work_orders_for_stops(:after::interval) AS id;

-- name: attachment_chunk(attachment_id, first, max_bytes)$
-- At most max_bytes of a file, from the byte `first` on (the first byte is 0). The column is stored uncompressed, so only
-- these bytes are read.
SELECT substring(content FROM :first + 1 FOR :max_bytes) FROM work_order_attachments WHERE attachment_id = :attachment_id;

-- name: attachment_thumbnail(id, attachment_id)^
SELECT media_type, thumbnail FROM work_order_attachments WHERE work_order_id = :id AND attachment_id = :attachment_id;

-- name: store_attachment_thumbnail(attachment_id, thumbnail)!
-- For a file that was stored without a thumbnail. Empty: the file cannot be decoded.
UPDATE work_order_attachments SET thumbnail = :thumbnail WHERE attachment_id = :attachment_id AND thumbnail IS NULL;
