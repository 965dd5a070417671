-- What follows a statement on machine_feed_stream: the history, one row per change, and an announcement.

CREATE OR REPLACE FUNCTION machine_feed_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows) THEN
        INSERT INTO machine_status_history (version, machine_name, old_status, new_status, reason, datetime, changed_at)
        SELECT version, machine_name, NULL, status, reason, datetime, reported_at FROM new_rows WHERE status IS NOT NULL;
        UPDATE machines m SET type = n.type FROM new_rows n WHERE n.machine_name = m.machine_name AND n.type <> m.type;
        PERFORM announce('{"resync": "a machine was added"}');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_inserted FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_inserted AFTER INSERT ON machine_feed_stream REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_inserted();

CREATE OR REPLACE FUNCTION machine_feed_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    renamed boolean;
    silent  boolean;
    changed jsonb[];
BEGIN
    INSERT INTO machine_status_history (version, machine_name, old_status, new_status, reason, datetime, changed_at)
    SELECT n.version, n.machine_name, o.status, n.status, n.reason, n.datetime, n.reported_at
    FROM new_rows n JOIN old_rows o USING (machine_id)
    WHERE (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason);

    SELECT bool_or(o.machine_id IS NULL OR (o.machine_name, o.type) IS DISTINCT FROM (n.machine_name, n.type)),
           bool_or(n.reported_at > o.reported_at + (SELECT machine_silent_after FROM plant_settings)),
           array_agg(jsonb_build_array(n.machine_name, n.status, n.reason, n.version,
                                       epoch_ms(n.reported_at), epoch_ms(n.status_since)) ORDER BY n.version)
               FILTER (WHERE n.status IS NOT NULL)
    INTO renamed, silent, changed
    FROM new_rows n LEFT JOIN old_rows o USING (machine_id);

    IF silent THEN
        INSERT INTO data_gaps (machine_name, since, until)
        SELECT o.machine_name, o.reported_at + machine_silent_after, n.reported_at
        FROM plant_settings, new_rows n JOIN old_rows o USING (machine_id)
        WHERE n.reported_at > o.reported_at + machine_silent_after;
    END IF;
    IF renamed THEN
        INSERT INTO machine_status_history (version, machine_name, old_status, new_status, changed_at)
        SELECT nextval('machine_feed_version'), o.machine_name, o.status, NULL, n.reported_at
        FROM new_rows n JOIN old_rows o USING (machine_id) WHERE o.machine_name <> n.machine_name AND o.status IS NOT NULL;
        INSERT INTO machine_status_history (version, machine_name, old_status, new_status, reason, datetime, changed_at)
        SELECT n.version, n.machine_name, NULL, n.status, n.reason, n.datetime, n.reported_at
        FROM new_rows n JOIN old_rows o USING (machine_id) WHERE o.machine_name <> n.machine_name AND n.status IS NOT NULL
        ON CONFLICT (version) DO NOTHING;  -- its status changed too, which has been written above
        UPDATE machines m SET added_at = n.reported_at FROM new_rows n JOIN old_rows o USING (machine_id)
        WHERE m.machine_name = n.machine_name AND o.machine_name <> n.machine_name AND n.status IS NOT NULL;
        UPDATE machines m SET type = n.type FROM new_rows n WHERE n.machine_name = m.machine_name AND n.type <> m.type;
        PERFORM announce('{"resync": "a machine was renamed"}');
    ELSIF changed IS NOT NULL THEN
        PERFORM announce_items('[', changed, ']');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_updated FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_updated AFTER UPDATE ON machine_feed_stream
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_updated();

CREATE OR REPLACE FUNCTION machine_feed_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO machine_status_history (version, machine_name, old_status, new_status, changed_at)
        SELECT nextval('machine_feed_version'), machine_name, status, NULL, machine_feed_time(reported_at) FROM machine_feed_stream
        WHERE status IS NOT NULL;
        PERFORM announce('{"resync": "the feed was emptied"}');
    ELSIF EXISTS (SELECT FROM old_rows) THEN
        INSERT INTO machine_status_history (version, machine_name, old_status, new_status, changed_at)
        SELECT nextval('machine_feed_version'), machine_name, status, NULL, machine_feed_time(reported_at) FROM old_rows
        WHERE status IS NOT NULL;
        PERFORM announce('{"resync": "a machine was removed"}');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_deleted FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_deleted AFTER DELETE ON machine_feed_stream REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_deleted();
CREATE OR REPLACE TRIGGER machine_feed_truncated BEFORE TRUNCATE ON machine_feed_stream
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_deleted();
