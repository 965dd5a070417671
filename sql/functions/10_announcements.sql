-- Announcements: a notification per statement, which is a wake-up with a hint of what changed.
--   [["Valve_01_01", "warning", "Supply air low", version, reported_at, status_since, written_at], ...]
--       times in ms since 1970; written_at is always the server's, reported_at may be of long before (report_status)
--   {"orders": [...]}   see 24_work_order_announcements.sql
--   {"resync": "why"}   read the table again
-- A payload may have 7,999 bytes; above that the writer's own statement would fail, so chunks end well below.

-- client_min_messages: with trace_notify, which every login may set, PostgreSQL tells the writer the channel.
CREATE OR REPLACE FUNCTION announce(payload text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET client_min_messages = 'error' AS $$
BEGIN
    PERFORM pg_notify(name, payload) FROM notification_channel;
END $$;
REVOKE EXECUTE ON FUNCTION announce FROM PUBLIC;

-- Items in as few payloads as fit, each between opening and closing.
CREATE OR REPLACE FUNCTION announce_items(opening text, items jsonb[], closing text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    item  text;
    chunk text := '';
BEGIN
    FOR item IN SELECT unnest(items)::text LOOP
        IF octet_length(item) > announcement_limit() THEN
            PERFORM announce('{"resync": "a row is too long for a notification"}');
            CONTINUE;
        END IF;
        IF octet_length(chunk) + octet_length(item) > announcement_limit() THEN
            PERFORM announce(opening || chunk || closing);
            chunk := '';
        END IF;
        chunk := chunk || CASE WHEN chunk = '' THEN '' ELSE ',' END || item;
    END LOOP;
    IF chunk <> '' THEN
        PERFORM announce(opening || chunk || closing);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION epoch_ms(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$  -- by way of UTC it is immutable indeed, so that it is inlined and not called row by row
    SELECT (extract(epoch FROM CASE WHEN moment < earliest_time() THEN earliest_time()  -- infinities too
                                    WHEN moment > latest_time() THEN latest_time()
                                    ELSE moment END AT TIME ZONE 'UTC') * 1000)::bigint
$$;

-- Of triggers of statements. Its argument: why the table is to be read again.
CREATE OR REPLACE FUNCTION announce_resync() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM announce(jsonb_build_object('resync', TG_ARGV[0])::text);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION announce_resync FROM PUBLIC;

-- A line that is renamed or a machine that moves changes the picture too.
CREATE OR REPLACE TRIGGER machines_layout_changed AFTER UPDATE OF machine_name, display_name, type, line_id, position
    OR DELETE OR TRUNCATE ON machines FOR EACH STATEMENT EXECUTE FUNCTION announce_resync('the layout changed');
CREATE OR REPLACE TRIGGER production_lines_layout_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON production_lines
    FOR EACH STATEMENT EXECUTE FUNCTION announce_resync('the layout changed');
CREATE OR REPLACE TRIGGER machine_types_layout_changed AFTER UPDATE ON machine_types
    FOR EACH STATEMENT EXECUTE FUNCTION announce_resync('the layout changed');
CREATE OR REPLACE TRIGGER plant_changed AFTER INSERT OR UPDATE ON plant
    FOR EACH STATEMENT EXECUTE FUNCTION announce_resync('the layout changed');
-- What no machine shows, such as a line without machines, is part of the set-up too.
CREATE OR REPLACE TRIGGER setup_changed AFTER INSERT ON setting_changes
    FOR EACH STATEMENT EXECUTE FUNCTION announce_resync('the set-up changed');
