-- Automatic work orders, one per stop, and recoveries of machines with an open order.

CREATE OR REPLACE FUNCTION open_work_orders_for_stops(after interval) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM set_config('floor.person_name', 'Line Monitor', true), set_config('floor.person_email', '', true);
    RETURN QUERY
    INSERT INTO work_orders (machine_id, issue_description, priority, reporter_name, source, machine_status, machine_reason,
                             stop_since)
    SELECT f.machine_name, coalesce(f.reason, 'Down, no reason given'), 'high', 'Line Monitor', 'automatic', f.status,
           f.reason, f.status_since
    FROM machine_feed_stream f
    WHERE f.status = 'down' AND f.status_since <= clock_timestamp() - after
      AND coalesce(f.reason, '') !~* '^[[:space:]]*(starved|blocked)'
      AND NOT EXISTS (SELECT FROM work_orders o WHERE o.machine_id = f.machine_name AND o.stop_since = f.status_since)
    ON CONFLICT (machine_id, stop_since) WHERE source = 'automatic' DO NOTHING
    RETURNING id;
END $$;
COMMENT ON FUNCTION open_work_orders_for_stops IS
    'Opens an order for each machine that has been down for this time, except starved and blocked ones. Returns the ids.';

-- The status of the orders does not change: people complete them.
CREATE OR REPLACE FUNCTION note_recoveries() RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM set_config('floor.person_name', 'Line Monitor', true), set_config('floor.person_email', '', true);
    RETURN QUERY
    UPDATE work_orders o SET recovered_at = ended.at
    FROM (SELECT w.id, (SELECT s.until FROM machine_stops s WHERE s.machine_id = m.machine_id AND s.since <= w.stop_since
                        ORDER BY s.since DESC LIMIT 1) AS at
          FROM work_orders w
          JOIN machines m ON m.machine_name = w.machine_id
          LEFT JOIN machine_feed_stream f ON f.machine_id = m.machine_id
          WHERE w.status IN ('open', 'in_progress', 'on_hold') AND w.stop_since IS NOT NULL AND w.recovered_at IS NULL
            AND (f.status IS DISTINCT FROM 'down' OR f.status_since <> w.stop_since)
          ORDER BY w.id FOR UPDATE OF w SKIP LOCKED) AS ended
    WHERE o.id = ended.id AND ended.at IS NOT NULL
    RETURNING o.id;
END $$;
COMMENT ON FUNCTION note_recoveries IS
    'Sets recovered_at of active orders to the time when the machine ran again after their stop. Returns their ids.';
