-- What /setup/feeds shows: the last events of each feed, its events by minute, and its machines.

-- A request writes the total of the feed, which numbers its events, a row of feed_minutes, one for each of its machines, the slots
-- of its last 50 events, and what was refused, by cause and by unknown name. events: with their results, but null where one was
-- accepted.
CREATE OR REPLACE FUNCTION note_feed_events(of_feed integer, events feed_event[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    clock timestamptz := clock_timestamp();
    sent  bigint := cardinality(events);
    wrong bigint := (SELECT count(e.message) FROM unnest(events) AS e);
BEGIN
    WITH total AS (
        INSERT INTO feed_totals AS t (feed_id, last_event_at, accepted, refused) VALUES (of_feed, clock, sent - wrong, wrong)
        ON CONFLICT (feed_id) DO UPDATE SET last_event_at = excluded.last_event_at,
            accepted = t.accepted + excluded.accepted, refused = t.refused + excluded.refused, silent_since = NULL
        RETURNING accepted + refused AS amount
    ), this_minute AS (
        INSERT INTO feed_minutes AS m (feed_id, minute, accepted, refused)
        SELECT of_feed, date_trunc('minute', clock), sent - wrong, wrong WHERE sent > 0
        ON CONFLICT (feed_id, minute) DO UPDATE SET accepted = m.accepted + excluded.accepted, refused = m.refused + excluded.refused
    ), machine AS (
        INSERT INTO feed_machines AS m (machine_id, feed_id, last_at)
        SELECT DISTINCT e.machine_id, of_feed, clock FROM unnest(events) AS e
        WHERE e.message IS NULL AND e.machine_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM feed_machines f WHERE f.machine_id = e.machine_id AND f.feed_id = of_feed
                                                        AND f.last_at >= clock - interval '10 seconds')
        ON CONFLICT (machine_id, feed_id) DO UPDATE SET last_at = excluded.last_at
    ), latest AS (
        SELECT *, (SELECT amount FROM total) + 1 - row_number() OVER (ORDER BY item DESC) AS number FROM unnest(events)
        ORDER BY item DESC LIMIT 50
    )
    INSERT INTO feed_tail AS t (feed_id, slot, number, received_at, machine, machine_id, status, reason, at, result, message)
    SELECT of_feed, e.number % 50, e.number, clock, left(e.machine, 200), e.machine_id, e.status, left(e.reason, 300), e.at,
           coalesce(e.result, 'accepted'), left(e.message, 500)
    FROM latest AS e
    ON CONFLICT (feed_id, slot) DO UPDATE SET number = excluded.number, received_at = excluded.received_at,
        machine = excluded.machine, machine_id = excluded.machine_id, status = excluded.status, reason = excluded.reason,
        at = excluded.at, result = excluded.result, message = excluded.message;
    IF wrong = 0 THEN
        RETURN;
    END IF;
    INSERT INTO feed_refusals AS r (feed_id, cause, machine, message, times, first_at, last_at, status, reason, at)
    SELECT DISTINCT ON (cause) of_feed, cause, machine, message, count(*) OVER (PARTITION BY cause), clock, clock,
           status, reason, at
    FROM (SELECT *, regexp_replace(message, $quoted$(?<= )(E?'([^']|'')*'|"[^"]*")(?![[:alnum:]_])$quoted$, '', 'g') AS cause
          FROM (SELECT item, left(e.machine, 200) AS machine, left(e.message, 300) AS message, status, reason, at
                FROM unnest(events) AS e WHERE e.message IS NOT NULL) AS cut  -- an entry of an index has at most 2,704 bytes
         ) AS refused
    ORDER BY cause, item DESC
    ON CONFLICT (feed_id, cause) DO UPDATE SET machine = excluded.machine, message = excluded.message,
        times = r.times + excluded.times, last_at = excluded.last_at, status = excluded.status, reason = excluded.reason,
        at = excluded.at;
    DELETE FROM feed_refusals WHERE feed_id = of_feed AND cause IN (
        SELECT cause FROM feed_refusals WHERE feed_id = of_feed ORDER BY last_at DESC, cause OFFSET 200);
    INSERT INTO feed_unknown_names AS n (feed_id, machine, times, last_at)
    SELECT of_feed, left(machine, 200), count(*), clock FROM unnest(events) WHERE result = 'unknown_machine' GROUP BY 2
    ON CONFLICT (feed_id, machine) DO UPDATE SET times = n.times + excluded.times, last_at = excluded.last_at;
    DELETE FROM feed_unknown_names WHERE feed_id = of_feed AND machine IN (
        SELECT machine FROM feed_unknown_names WHERE feed_id = of_feed ORDER BY last_at DESC, machine OFFSET 200);
END $$;

-- The feed that reported each machine last, of those that may still report.
CREATE OR REPLACE VIEW feeds_of_machines AS
SELECT DISTINCT ON (m.machine_id) m.machine_id, m.feed_id, m.last_at
FROM feed_machines m JOIN access_keys k ON k.key_id = m.feed_id
WHERE k.revoked_at IS NULL
ORDER BY m.machine_id, m.last_at DESC, m.feed_id;
COMMENT ON VIEW feeds_of_machines IS 'The feed that reported each machine last, without revoked ones.';
