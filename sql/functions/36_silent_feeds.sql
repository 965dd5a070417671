-- Feeds that have fallen silent, and the machines of which nobody knows anything since.

-- After how long a feed has promised to send something; null: it has not. A supervisor's setting comes first.
CREATE OR REPLACE FUNCTION promised_by(feed access_keys) RETURNS interval
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN feed.silent_after IS NULL THEN feed.announced_silent_after ELSE nullif(feed.silent_after, '0') END
$$;

-- After how long a feed is silent; null: never. What it has promised, or else plant_settings.machine_silent_after, or else 5
-- minutes for a feed that sent something in at least half of the minutes of its last hour: one that reports rarely is silent
-- most of the time, and that says nothing.
CREATE OR REPLACE FUNCTION silent_after_of(feed access_keys, last_event_at timestamptz) RETURNS interval
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN feed.silent_after IS NOT NULL THEN promised_by(feed)
        ELSE coalesce(
            promised_by(feed),
            (SELECT machine_silent_after FROM plant_settings),
            CASE WHEN (SELECT count(*) FROM feed_minutes m WHERE m.feed_id = feed.key_id
                       AND m.minute > last_event_at - interval '1 hour') >= 30 THEN interval '5 minutes' END)
        END
$$;

-- Since when a feed is silent: its last event; null: it is not.
CREATE OR REPLACE FUNCTION silent_since_of(feed access_keys, last_event_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN feed.revoked_at IS NULL AND (feed.expires_at IS NULL OR feed.expires_at > clock_timestamp())
                     AND last_event_at < clock_timestamp() - silent_after_of(feed, last_event_at)
                THEN last_event_at END
$$;

-- Marks feeds that have fallen silent, and those that count as silent no longer; returns how many. Run every few seconds by
-- any number of instances. A feed that reports again is marked by note_feed_events() at once. The machines of a feed that has
-- promised to report have no signal then; of one that only seemed steady, they keep their status.
CREATE OR REPLACE FUNCTION note_silent_feeds() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    feed   access_keys;
    last   timestamptz;
    marked bigint := 0;
BEGIN
    FOR feed IN
        SELECT k.* FROM feed_totals t JOIN access_keys k ON k.key_id = t.feed_id
        WHERE t.silent_since IS DISTINCT FROM silent_since_of(k, t.last_event_at) ORDER BY k.key_id
    LOOP
        SELECT * INTO feed FROM access_keys WHERE key_id = feed.key_id FOR NO KEY UPDATE;  -- as report_events() does
        UPDATE feed_totals t SET silent_since = silent_since_of(feed, t.last_event_at)
        WHERE t.feed_id = feed.key_id AND t.silent_since IS DISTINCT FROM silent_since_of(feed, t.last_event_at)
        RETURNING t.silent_since INTO last;
        IF FOUND THEN
            marked := marked + 1;
            PERFORM lose_signals_of(feed, last + promised_by(feed));
        END IF;
    END LOOP;
    RETURN marked;
END $$;
REVOKE EXECUTE ON FUNCTION note_silent_feeds FROM PUBLIC;

-- The machines that a feed reported last have no signal from a moment on (null: nothing happens), until their next report.
CREATE OR REPLACE FUNCTION lose_signals_of(feed access_keys, moment timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    ids integer[];
BEGIN
    WITH machine AS MATERIALIZED (
        SELECT f.machine_id FROM machine_feed_stream f
        WHERE f.machine_id IN (SELECT m.machine_id FROM feeds_of_machines m WHERE m.feed_id = feed.key_id)
          AND f.reported_at < moment AND (f.signal_lost_at <= moment) IS NOT TRUE
        ORDER BY f.machine_id FOR NO KEY UPDATE
    )
    SELECT array_agg(machine_id) INTO ids FROM machine;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    UPDATE feed_machines SET lost_at = moment WHERE feed_id = feed.key_id AND machine_id = ANY (ids);
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    UPDATE machine_feed_stream SET signal_lost_at = moment, version = nextval('machine_feed_version') WHERE machine_id = ANY (ids);
    PERFORM set_config('floor.history_upkeep', '', true);
    PERFORM mark_changed_days(moment, floor_clock());
END $$;

-- A feed that was silent brings what its machines were meanwhile: their signal was not lost, except for what is missing between
-- two of its events. Called before these are stored.
CREATE OR REPLACE FUNCTION regain_signals(feed access_keys, events feed_event[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    ids integer[];
BEGIN
    WITH machine AS MATERIALIZED (
        SELECT f.machine_id, f.signal_lost_at FROM machine_feed_stream f
        WHERE f.signal_lost_at IS NOT NULL AND f.machine_id IN (SELECT e.machine_id FROM unnest(events) AS e)
        ORDER BY f.machine_id FOR NO KEY UPDATE
    )
    SELECT array_agg(DISTINCT f.machine_id) INTO ids
    FROM machine f
    JOIN feed_machines m ON m.machine_id = f.machine_id AND m.feed_id = feed.key_id AND m.lost_at = f.signal_lost_at
    JOIN unnest(events) AS e ON e.machine_id = f.machine_id
    WHERE e.status <> 'unknown' AND (e.at < f.signal_lost_at) IS NOT TRUE;
    IF ids IS NULL THEN
        RETURN;
    END IF;
    UPDATE feed_machines SET lost_at = NULL WHERE feed_id = feed.key_id AND machine_id = ANY (ids);
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    UPDATE machine_feed_stream SET signal_lost_at = NULL, version = nextval('machine_feed_version') WHERE machine_id = ANY (ids);
    PERFORM set_config('floor.history_upkeep', '', true);
    PERFORM set_config('floor.silent_after', promised_by(feed)::text, true);  -- machine_feed_updated() reads it
END $$;

CREATE OR REPLACE TRIGGER feed_totals_announce AFTER UPDATE ON feed_totals
    FOR EACH ROW WHEN (OLD.silent_since IS DISTINCT FROM NEW.silent_since)
    EXECUTE FUNCTION announce_resync('a feed fell silent, or reports again');
