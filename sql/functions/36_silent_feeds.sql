-- Feeds that have fallen silent.

-- After how long a feed is silent; null: never. Set for the feed, or else what it says itself, or else
-- plant_settings.machine_silent_after, or else 5 minutes for a feed that sent something in at least half of the minutes of its
-- last hour: one that reports rarely is silent most of the time, and that says nothing.
CREATE OR REPLACE FUNCTION silent_after_of(feed access_keys, last_event_at timestamptz) RETURNS interval
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN feed.silent_after IS NOT NULL THEN nullif(feed.silent_after, '0')
        ELSE coalesce(
            feed.announced_silent_after,
            (SELECT machine_silent_after FROM plant_settings),
            CASE WHEN (SELECT count(*) FROM feed_minutes m WHERE m.feed_id = feed.key_id
                       AND m.minute > last_event_at - interval '1 hour') >= 30 THEN interval '5 minutes' END)
        END
$$;

-- Marks feeds that have fallen silent, and those that count as silent no longer; returns how many. Run every few seconds by
-- any number of instances. A feed that reports again is marked by note_feed_events() at once.
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
