-- What /setup/feeds shows: the last events of each feed, its events by minute, its machines, and whether it is silent.

-- After count_feed_events(), whose total numbers the events. A request writes a row of feed_minutes, one for each of its
-- machines, and the slots of its last 50 events. counted: items of which what was made is stored.
CREATE OR REPLACE FUNCTION note_feed_events(of_feed integer, events feed_event[], counted integer[] DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    clock timestamptz := clock_timestamp();
    total bigint := (SELECT accepted + refused FROM feed_totals WHERE feed_id = of_feed);
    sent  bigint := cardinality(events);
    wrong bigint := (SELECT count(e.message) FROM unnest(events) AS e);
BEGIN
    IF coalesce(sent, 0) = 0 THEN
        RETURN;
    END IF;
    INSERT INTO feed_minutes AS m (feed_id, minute, accepted, refused)
    VALUES (of_feed, date_trunc('minute', clock), sent - wrong, wrong)
    ON CONFLICT (feed_id, minute) DO UPDATE SET accepted = m.accepted + excluded.accepted, refused = m.refused + excluded.refused;
    INSERT INTO feed_machines AS m (machine_id, feed_id, last_at)
    SELECT DISTINCT e.machine_id, of_feed, clock FROM unnest(events) AS e
    WHERE e.message IS NULL AND e.machine_id IS NOT NULL
    ON CONFLICT (machine_id, feed_id) DO UPDATE SET last_at = excluded.last_at
    WHERE m.last_at < excluded.last_at - interval '10 seconds';
    INSERT INTO feed_tail AS t (feed_id, slot, number, received_at, machine, machine_id, status, reason, at, result, message)
    SELECT of_feed, e.number % 50, e.number, clock, left(e.machine, 200), e.machine_id, e.status, left(e.reason, 300), e.at,
           CASE WHEN e.item = ANY (counted) AND e.result = 'duplicate' THEN 'accepted' ELSE coalesce(e.result, 'accepted') END,
           left(e.message, 500)
    FROM (SELECT *, total - sent + row_number() OVER (ORDER BY item) AS number FROM unnest(events)) AS e
    WHERE e.number > total - 50
    ON CONFLICT (feed_id, slot) DO UPDATE SET number = excluded.number, received_at = excluded.received_at,
        machine = excluded.machine, machine_id = excluded.machine_id, status = excluded.status, reason = excluded.reason,
        at = excluded.at, result = excluded.result, message = excluded.message;
END $$;

-- Events that could not be read, so that report_events() never got them: objects with item, machine, status, reason and
-- message. Texts as far as they were understood.
CREATE OR REPLACE FUNCTION note_unreadable_events(of_feed integer, events jsonb) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    refused feed_event[] := (
        SELECT array_agg(ROW(e.item, e.machine, NULL, e.status, e.reason, NULL, NULL, 1, 'refused', e.message)::feed_event)
        FROM jsonb_to_recordset(events) AS e (item integer, machine text, status text, reason text, message text));
BEGIN
    PERFORM count_feed_events(of_feed, refused);
    PERFORM note_feed_events(of_feed, refused);
END $$;

-- The feed that reported each machine last, of those that may still report.
CREATE OR REPLACE VIEW feeds_of_machines AS
SELECT DISTINCT ON (m.machine_id) m.machine_id, m.feed_id, m.last_at
FROM feed_machines m JOIN access_keys k ON k.key_id = m.feed_id
WHERE k.revoked_at IS NULL
ORDER BY m.machine_id, m.last_at DESC, m.feed_id;
COMMENT ON VIEW feeds_of_machines IS 'The feed that reported each machine last, without revoked ones.';

-- After how long a feed is silent; null: never. Set for the feed, or else plant_settings.machine_silent_after, or else 5
-- minutes for a feed that sent something in at least half of the minutes of its last hour: one that reports rarely is silent
-- most of the time, and that says nothing.
CREATE OR REPLACE FUNCTION silent_after_of(feed access_keys, last_event_at timestamptz) RETURNS interval
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN feed.silent_after IS NOT NULL THEN nullif(feed.silent_after, '0')
        ELSE coalesce(
            (SELECT machine_silent_after FROM plant_settings),
            CASE WHEN (SELECT count(*) FROM feed_minutes m WHERE m.feed_id = feed.key_id
                       AND m.minute > last_event_at - interval '1 hour') >= 30 THEN interval '5 minutes' END)
        END
$$;

-- Marks feeds that have fallen silent, and those that count as silent no longer; returns how many. Run every few seconds by
-- any number of instances. A feed that reports again is marked by count_feed_events() at once.
CREATE OR REPLACE FUNCTION note_silent_feeds() RETURNS bigint
LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH feed AS MATERIALIZED (
        SELECT t.feed_id, t.last_event_at,
               CASE WHEN k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
                         AND t.last_event_at < clock_timestamp() - silent_after_of(k, t.last_event_at)
                    THEN t.last_event_at END AS silent_since
        FROM feed_totals t JOIN access_keys k ON k.key_id = t.feed_id
    ), marked AS (
        UPDATE feed_totals t SET silent_since = feed.silent_since FROM feed
        WHERE t.feed_id = feed.feed_id AND t.last_event_at = feed.last_event_at
          AND t.silent_since IS DISTINCT FROM feed.silent_since
        RETURNING t.feed_id
    )
    SELECT count(*) FROM marked
$$;

CREATE OR REPLACE TRIGGER feed_totals_announce AFTER UPDATE ON feed_totals
    FOR EACH ROW WHEN (OLD.silent_since IS DISTINCT FROM NEW.silent_since)
    EXECUTE FUNCTION announce_resync('a feed fell silent, or reports again');
