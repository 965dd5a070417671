-- name: begin_simulated_changes()$
-- Begins every transaction in which the simulator writes: refuses a floor that is not a demo, and holds it a demo until
-- the end; and has its changes stand under its name in the history.
SELECT set_config('floor.source', simulator_name(), true);

-- name: claim_tick(instance, lease)^
-- The next tick's number if this instance may run it, and the plant's time zone, else nothing. The last instance continues; others take over once it has
-- been silent for the lease. Runs in the transaction that writes the tick, so that no two can play the same one.
UPDATE simulator_state SET instance = :instance, tick = tick + 1, last_tick = clock_timestamp()
WHERE instance IS NOT DISTINCT FROM :instance::text OR last_tick < clock_timestamp() - :lease::interval
RETURNING tick, plant_zone() AS zone;

-- name: release_ticks(instance)!
-- We leave: another instance may go on at once.
UPDATE simulator_state SET instance = NULL, last_tick = '-infinity' WHERE instance = :instance;

-- name: simulated_floor()
-- Every machine in flow order with its status and the seconds since it began.
SELECT f.machine_id, f.machine_name, m.type, m.line_id, f.status, f.reason, f.version,
       extract(epoch FROM clock_timestamp() - f.status_since)::float8 AS lasted, f.status_since
FROM machine_feed_stream f
JOIN machines m USING (machine_name)
LEFT JOIN production_lines l USING (line_id)
ORDER BY l.position NULLS LAST, m.line_id, m.position, f.machine_id;

-- name: say_machines(names, statuses, reasons, versions)
-- Write as a real feed does. A machine that somebody else has changed since we read it, or is changing just now, is left
-- alone: people come first, and we wait for no lock.
WITH ours AS (
    SELECT reported.* FROM unnest(:names::text[], :statuses::text[], :reasons::text[], :versions::bigint[])
        AS reported (machine_name, status, reason, version)
    JOIN machine_feed_stream f USING (machine_name)
    WHERE f.version = reported.version
    FOR UPDATE OF f SKIP LOCKED
)
UPDATE machine_feed_stream f SET status = ours.status, reason = ours.reason, datetime = now()
FROM ours WHERE f.machine_name = ours.machine_name
RETURNING f.machine_name;

-- name: prepare_simulator_session(patience)^
-- A tick lost in a crash of the server is played again, so commits need not wait for the disk; and a simulator that
-- hangs in a transaction loses its session, or nobody else could ever take over.
SELECT set_config('synchronous_commit', 'off', false),
       set_config('idle_in_transaction_session_timeout', :patience, false),
       set_config('application_name', 'line-monitor simulator', false);

-- name: is_new_floor()$
-- Whether nothing has ever happened here: no order, no table that was set aside, no history, and machines that one
-- transaction has added and none of which was ever reported.
SELECT NOT EXISTS (SELECT FROM work_orders)
   AND NOT EXISTS (SELECT FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname LIKE 'adopted\_%')
   AND NOT EXISTS (SELECT FROM machine_status_history)
   AND (SELECT count(DISTINCT xmin::text) = 1 FROM machine_feed_stream)
   AND NOT EXISTS (SELECT FROM machine_feed_stream WHERE status IS NOT NULL);

-- name: keep_others_from_writing()!
-- Until the end of the transaction others can only read. In the order in which the triggers come to these tables.
LOCK TABLE machine_feed_stream, machine_status_history, work_order_checklist, work_orders, work_order_events
    IN SHARE ROW EXCLUSIVE MODE;

-- name: begin_history#
-- The reports of machines are written with their own times: nothing must stamp, check or announce them. In the new
-- history the machines have been there for longer than they stand on the floor. Orders go by all their rules; only what
-- lists derive from them is made once, in the end.
ALTER TABLE machine_feed_stream DISABLE TRIGGER USER;
ALTER TABLE work_orders DISABLE TRIGGER work_orders_inserted, DISABLE TRIGGER work_orders_updated;
ALTER TABLE work_order_events DISABLE TRIGGER work_order_noted, DISABLE TRIGGER work_order_events_announce;
ALTER TABLE work_order_checklist DISABLE TRIGGER work_order_texts_follow;

-- name: begin_history_creation(days)!
-- Say that a history is being created, and clear what would contradict it.
SELECT begin_history_creation(:days::integer);

-- name: end_history_creation()!
-- With the transaction that brings the history, or where there is nothing to create.
DELETE FROM history_creation;

-- name: give_up_history_creation()#
DELETE FROM history_creation WHERE pid = pg_backend_pid();
UPDATE production_lines SET position = position WHERE false;  -- has the app read the floor again

-- name: analyze_history()#
-- So that the first report that somebody asks for is as fast as any other: what the planner wants to know.
ANALYZE machine_status_history, status_intervals, machine_stops, machine_days, line_hours, work_orders, work_order_events;

-- name: draw_versions(amount)$
-- The first of so many versions in a row: nobody else draws any while the feed is ours.
SELECT coalesce(min(version), 0)
FROM (SELECT nextval('machine_feed_version') AS version FROM generate_series(1, :amount)) AS drawn;

-- name: write_order_steps(steps, live)
-- Carry out what people did to work orders, a JSON array in order of time, under the rules that hold for everybody; live: as
-- happening now. The ids of orders that are left to the people who changed them.
SELECT order_id FROM write_order_steps(:steps::jsonb, :live::boolean) AS written (order_id);

-- name: unfinished_simulated_orders()
-- What the simulator has to go on with after a restart: its active orders, and which items of their checklists are not done.
SELECT o.id, o.machine_id, o.machine_reason, o.priority, o.status, o.assignee_id, o.version, o.stop_since,
       ARRAY(SELECT c.text FROM work_order_checklist c WHERE c.work_order_id = o.id AND c.done_at IS NULL
             ORDER BY c.item_id) AS items
FROM work_orders o
WHERE o.client_reference = 'simulator/' || o.id AND o.status IN ('open', 'in_progress', 'on_hold')
ORDER BY o.created_at, o.id;

-- name: simulated_times()^
-- The time now, when the demo was created, and by which clock its shifts begin.
SELECT clock_timestamp() AS now, since AS created, plant_zone() AS zone FROM plant;

-- name: set_floor(names, statuses, reasons, sinces, moments, versions)!
-- Let every machine stand as its history ends.
UPDATE machine_feed_stream f
SET status = reported.status, reason = reported.reason, datetime = reported.moment, status_since = reported.since,
    reported_at = clock_timestamp(), version = reported.version
FROM unnest(:names::text[], :statuses::text[], :reasons::text[], :sinces::timestamptz[], :moments::timestamptz[],
            :versions::bigint[]) AS reported (machine_name, status, reason, since, moment, version)
WHERE f.machine_name = reported.machine_name;

-- name: end_history#
-- A simulator that goes on finds a floor that has its first picture.
ALTER TABLE machine_feed_stream ENABLE TRIGGER USER;
ALTER TABLE work_orders ENABLE ALWAYS TRIGGER work_orders_inserted, ENABLE ALWAYS TRIGGER work_orders_updated;
ALTER TABLE work_order_events ENABLE ALWAYS TRIGGER work_order_noted, ENABLE TRIGGER work_order_events_announce;
ALTER TABLE work_order_checklist ENABLE ALWAYS TRIGGER work_order_texts_follow;
SELECT prepare_work_order_texts(NULL);
UPDATE simulator_state SET tick = greatest(tick, 1);
ANALYZE machine_status_history, machine_feed_stream, work_orders, work_order_events, work_order_checklist,
    work_order_texts;

-- name: announce_history()!
-- Any statement on the lines makes the app read the floor again, also one that changes no row.
UPDATE production_lines SET position = position WHERE false;
