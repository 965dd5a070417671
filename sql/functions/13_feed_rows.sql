-- What a row of machine_feed_stream must be before it is stored: a known status, its own reason, server time, the
-- next version.

CREATE OR REPLACE FUNCTION machine_feed_clean_status(status text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    clean text := lower(btrim(status));
BEGIN
    IF clean IS NULL OR clean NOT IN ('operational', 'warning', 'down') THEN
        RAISE check_violation USING
            MESSAGE = format('status %s is not known: use operational, warning or down',
                             coalesce(quote_literal(left(status, 60)), 'NULL')),
            CONSTRAINT = 'machine_feed_stream_status_check', COLUMN = 'status';
    END IF;
    RETURN clean;
END $$;

-- Pages, notifications and reports carry these texts. One that is too long is cut, visibly: a status is never refused
-- because of the text beside it.
CREATE OR REPLACE FUNCTION machine_feed_clean_text(value text, most integer) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(clean) > most THEN rtrim(left(clean, most - 3)) || '...' ELSE clean END
    FROM (SELECT btrim(value) AS clean) AS trimmed WHERE is_visible(clean)
$$;

-- SECURITY DEFINER: a writer that may only set status, reason and datetime needs no right on the sequence or on machines.
CREATE OR REPLACE FUNCTION machine_feed_register() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.machine_id IS NULL THEN
        SELECT coalesce(max(machine_id), 0) + 1 INTO NEW.machine_id FROM machine_feed_stream;
    END IF;
    IF length(NEW.machine_name) > 200 THEN  -- a name is a key: two that are cut could become one
        RAISE check_violation USING
            MESSAGE = format('machine_name has %s characters: at most 200 fit', length(NEW.machine_name)),
            CONSTRAINT = 'machines_machine_name_check', COLUMN = 'machine_name';
    END IF;
    NEW.type         := coalesce(machine_feed_clean_text(NEW.type, 200), 'other');
    NEW.status_since := machine_feed_time((SELECT changed_at FROM machine_status_history
                                           WHERE machine_name = NEW.machine_name AND isfinite(changed_at)
                                           ORDER BY changed_at DESC, version DESC LIMIT 1));  -- it may have left before
    IF NEW.status IS NULL THEN  -- a machine that was added, not a report
        NEW.reason := NULL; NEW.datetime := NULL; NEW.reported_at := NULL;
    ELSE
        NEW.status      := machine_feed_clean_status(NEW.status);
        NEW.reason      := machine_feed_clean_text(NEW.reason, 2000);
        NEW.reported_at := NEW.status_since;
    END IF;
    NEW.version      := nextval('machine_feed_version');
    -- A machine that nobody has placed yet goes to the end of the line that its name's code stands for, or to no line.
    -- Nothing else is changed here: this also runs for an INSERT ... ON CONFLICT DO UPDATE that ends as an update.
    INSERT INTO machines (machine_name, type, line_id, position)
    SELECT NEW.machine_name, NEW.type, line.line_id,
           (SELECT coalesce(max(position), 0) + 1 FROM machines WHERE line_id IS NOT DISTINCT FROM line.line_id)
    FROM (SELECT (SELECT line_id FROM production_lines
                  WHERE code = substring(NEW.machine_name FROM '_([0-9]{2})_[0-9]+$')) AS line_id) AS line
    ON CONFLICT (machine_name) DO NOTHING;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_register FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_register BEFORE INSERT ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_register();

-- Runs twice when the statement names the reason (see the two triggers): the first run keeps the reason that was
-- given, even if it is the old one; a statement that gives none must not leave the old reason on a new status.
CREATE OR REPLACE FUNCTION machine_feed_stamp() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    NEW.type := coalesce(machine_feed_clean_text(NEW.type, 200), 'other');
    IF NEW.status IS NULL AND OLD.status IS NULL THEN  -- not a report either; it is announced where it is a new name or type
        NEW.reason := NULL; NEW.datetime := NULL; NEW.reported_at := NULL; NEW.status_since := OLD.status_since;
        RETURN NEW;
    END IF;
    NEW.status := machine_feed_clean_status(NEW.status);
    IF TG_ARGV[0] = 'reason given' THEN
        NEW.reason := machine_feed_clean_text(NEW.reason, 2000);
    ELSIF NEW.status IS DISTINCT FROM OLD.status THEN
        NEW.reason := NULL;
    END IF;
    IF OLD.reported_at > floor_clock() + interval '1 hour' THEN
        PERFORM correct_future_history(OLD.machine_name);
    END IF;
    NEW.reported_at  := machine_feed_time(OLD.reported_at);
    NEW.status_since := CASE WHEN NEW.status = OLD.status THEN least(OLD.status_since, NEW.reported_at)
                             ELSE NEW.reported_at END;
    NEW.version      := nextval('machine_feed_version');
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_stamp FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_stamp_1 BEFORE UPDATE OF reason ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_stamp('reason given');
CREATE OR REPLACE TRIGGER machine_feed_stamp_2 BEFORE UPDATE ON machine_feed_stream
    FOR EACH ROW WHEN (NEW.version = OLD.version) EXECUTE FUNCTION machine_feed_stamp('reason not given');

CREATE OR REPLACE FUNCTION machine_feed_keep_version() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('floor.correcting_clock', true) = 'yes'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NEW;  -- inside correct_future_history(), which gives a version and the times
    END IF;
    NEW.version := OLD.version;
    RETURN NEW;
END $$;
-- BEFORE triggers fire in the order of their names: a version that the statement gives is not taken, and 2 is skipped
-- where 1 has drawn one.
CREATE OR REPLACE TRIGGER machine_feed_stamp_0 BEFORE UPDATE OF version ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_keep_version();
