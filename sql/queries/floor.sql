-- name: snapshot()
-- The whole floor in flow order (machines on no line: by name), read in one statement: one moment. now_ms is the database's clock, which alone
-- measures ages. status and reported_ms are null for a machine that was never reported; one without signal is unknown. former_names: that nobody has now.
SELECT f.machine_id, f.machine_name, m.type, kind.type_id, CASE WHEN f.signal_lost_at IS NULL THEN f.status ELSE 'unknown' END AS status,
       CASE WHEN f.signal_lost_at IS NULL THEN left(f.reason, 2000) END AS reason, f.version,
       epoch_ms(f.reported_at) AS reported_ms, epoch_ms(coalesce(f.signal_lost_at, f.status_since)) AS since_ms,
       f.silent_after, l.name AS line, l.area, l.position AS line_position, m.position, coalesce(former.names, '{}') AS former_names,
       epoch_ms(clock_timestamp()) AS now_ms
FROM machine_feed_stream f
JOIN machines m USING (machine_name)
JOIN machine_types kind ON kind.type = m.type
LEFT JOIN production_lines l USING (line_id)
LEFT JOIN (SELECT n.machine_id, array_agg(n.machine_name) AS names FROM former_machine_names n
           WHERE n.machine_id = machine_called(n.machine_name) GROUP BY n.machine_id) AS former ON former.machine_id = m.machine_id
ORDER BY l.position NULLS LAST, l.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(machine_name) END, m.position,
         f.machine_id;

-- name: display_names()
-- Machines that people call otherwise than the feeds do, also retired ones.
SELECT machine_name, display_name FROM machines WHERE display_name IS NOT NULL;

-- name: former_line_names()
-- Names that no line has now but one had, and what that one is called today.
SELECT DISTINCT ON (c.old_value) c.old_value AS name, l.name AS today
FROM setting_changes c JOIN production_lines l ON l.line_id = c.item_id
WHERE c.kind = 'line' AND c.setting = 'name' AND NOT EXISTS (SELECT FROM production_lines p WHERE p.name = c.old_value)
ORDER BY c.old_value, c.change_id DESC;

-- name: type_icons()
-- Machine types with the keys of their icons.
SELECT type_id, type, icon FROM machine_types ORDER BY type_id;

-- name: own_icons()
-- The icons that were uploaded.
SELECT key, version FROM machine_icons ORDER BY key;

-- name: active_orders()
-- What somebody still has to do, in the form of an announcement (work_order_announcement).
SELECT o.id, coalesce(latest.event_id, 0) AS event, o.version, o.machine_id AS machine, o.status, o.priority,
       o.assignee_id, o.assignee, epoch_ms(o.due_at) AS due_ms, left(o.issue_description, 200) AS description,
       latest.who_email AS by
FROM work_orders o
LEFT JOIN LATERAL (SELECT event_id, who_email FROM work_order_events e WHERE e.work_order_id = o.id
                   ORDER BY event_id DESC LIMIT 1) AS latest ON true
WHERE o.status IN ('open', 'in_progress', 'on_hold')
ORDER BY o.due_at, o.id;

-- name: everybody()
-- Who works in the plant, and who did.
SELECT id, first_name, last_name, email, department, active,
       least(greatest(created_at, earliest_time()), latest_time()) AS created_at, role, version
FROM employees
ORDER BY name_sort_key(last_name), name_sort_key(first_name), last_name COLLATE "C", first_name COLLATE "C", id;

-- name: latest_setup_change()$
-- The latest change of the set-up; 0: none yet.
SELECT coalesce(max(change_id), 0) FROM setting_changes;

-- name: clock()$
-- The database's clock in ms since 1970.
SELECT epoch_ms(clock_timestamp());

-- name: history_state()$
-- Whether what reports ask is there: creating, processing or ready.
SELECT history_state();

-- name: database_time()$
-- The same as a time.
SELECT clock_timestamp();

-- name: recent_events(most)
-- The latest changes of the whole floor, newest first.
SELECT h.version, m.machine_name, h.old_status, h.new_status, left(h.reason, 2000) AS reason,
       epoch_ms(h.happened_at) AS changed_ms, h.changed_by
FROM machine_status_history h JOIN machines m USING (machine_id)
ORDER BY h.version DESC LIMIT :most;

-- name: recent_events_of_machine(machine_name, now_ms, most)
-- The latest changes of one machine, newest first: its intervals begin with them, also those without a signal. The interval
-- of a machine that is silent at now_ms is not stored yet.
SELECT event.version, m.machine_name, coalesce(event.old_status, h.old_status) AS old_status, event.new_status,
       left(event.reason, 2000) AS reason, epoch_ms(event.happened_at) AS changed_ms, h.changed_by
FROM machines m
CROSS JOIN LATERAL (
    SELECT i.version, CASE WHEN lead(i.until) OVER earlier = i.since THEN lead(i.status) OVER earlier END AS old_status,
           i.status AS new_status, i.reason, i.since AS happened_at
    FROM (SELECT * FROM status_intervals WHERE machine_id = m.machine_id ORDER BY since DESC LIMIT :most::bigint + 1) AS i
    WINDOW earlier AS (ORDER BY i.since DESC)
    UNION ALL
    SELECT f.version, f.status, 'unknown', NULL, silent_since(f.reported_at, f.signal_lost_at, f.silent_after, p.machine_silent_after)
    FROM machine_feed_stream f CROSS JOIN plant_settings p
    WHERE f.machine_id = m.machine_id
      AND (f.signal_lost_at IS NOT NULL OR epoch_ms(silent_since(f.reported_at, NULL, f.silent_after, p.machine_silent_after)) < :now_ms::bigint)
    UNION ALL
    SELECT d.version, d.old_status, NULL, d.reason, d.happened_at FROM machine_status_history d
    WHERE d.machine_id = m.machine_id AND d.new_status IS NULL) AS event
LEFT JOIN machine_status_history h ON h.version = event.version AND h.happened_at = event.happened_at
WHERE m.machine_name = :machine_name
ORDER BY event.happened_at DESC, event.version DESC LIMIT :most;

-- name: missing_triggers()
-- Triggers that sql/functions makes, and that are gone or switched off. The program puts all of them in the place of
-- this one pair of names.
SELECT wanted.name
FROM (VALUES ('table', 'trigger')) AS wanted (table_name, name)
LEFT JOIN pg_trigger t
       ON t.tgname = wanted.name AND t.tgrelid = to_regclass(wanted.table_name) AND t.tgenabled IN ('O', 'A')
WHERE t.oid IS NULL
ORDER BY wanted.name;

-- name: record_missed_changes()$
-- Put into the history what no trigger recorded; of how many machines.
SELECT record_missed_changes();

-- name: notification_channel()$
-- Where announcements are made; null: the row was deleted.
SELECT name FROM notification_channel;

-- name: make_notification_channel()!
-- A channel for a database without one.
INSERT INTO notification_channel DEFAULT VALUES ON CONFLICT DO NOTHING;

-- name: say_heartbeat(channel, token)!
-- A notification to ourselves: only its return proves that notifications are delivered.
SELECT pg_notify(:channel, :token);

-- name: heartbeat()^
-- The database's clock in ms since 1970, whether it can be written, and where announcements are made now.
SELECT epoch_ms(clock_timestamp()) AS now_ms, current_setting('transaction_read_only')::boolean AS read_only,
       (SELECT name FROM notification_channel) AS channel;
