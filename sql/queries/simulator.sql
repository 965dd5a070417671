-- name: claim_tick(instance, lease)$
-- The next tick's number if it is ours to play, else nothing. Whoever ticked last goes on; others take over once it has
-- been silent for the lease. Runs in the transaction that writes the tick, so that no two can play the same one.
UPDATE simulator_state SET instance = :instance, tick = tick + 1, last_tick = clock_timestamp()
WHERE instance IS NOT DISTINCT FROM :instance::text OR last_tick < clock_timestamp() - :lease::interval
RETURNING tick;

-- name: release_ticks(instance)!
-- We leave: another instance may go on at once.
UPDATE simulator_state SET instance = NULL, last_tick = '-infinity' WHERE instance = :instance;

-- name: simulated_floor()
-- Every machine in flow order with what it says and for how many seconds it has been saying it.
SELECT f.machine_name, m.type, m.line_id, f.status, f.reason, f.version,
       extract(epoch FROM clock_timestamp() - f.status_since)::float8 AS lasted
FROM machine_feed_stream f
JOIN machines m USING (machine_name)
LEFT JOIN production_lines l USING (line_id)
ORDER BY l.position NULLS LAST, m.line_id, m.position, f.machine_id;

-- name: say_machines(names, statuses, reasons, versions)
-- Write as a real feed does. A machine that somebody else has changed since we read it, or is changing just now, is left
-- alone: people come first, and we wait for no lock.
WITH ours AS (
    SELECT said.* FROM unnest(:names::text[], :statuses::text[], :reasons::text[], :versions::bigint[])
        AS said (machine_name, status, reason, version)
    JOIN machine_feed_stream f USING (machine_name)
    WHERE f.version = said.version
    FOR UPDATE OF f SKIP LOCKED
)
UPDATE machine_feed_stream f SET status = ours.status, reason = ours.reason, datetime = now()
FROM ours WHERE f.machine_name = ours.machine_name
RETURNING f.machine_name;

-- name: prepare_simulator_session(patience)^
-- A tick lost in a crash of the server is played again, so commits need not wait for the disk; and a simulator that
-- hangs in a transaction loses its session, or nobody else could ever take over.
SELECT set_config('synchronous_commit', 'off', false),
       set_config('idle_in_transaction_session_timeout', :patience, false);
