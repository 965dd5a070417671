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
-- This also runs for an INSERT ... ON CONFLICT DO UPDATE that ends as an update.
CREATE OR REPLACE FUNCTION machine_feed_register() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF length(NEW.machine_name) > 200 THEN  -- a name is a key: two that are cut could become one
        RAISE check_violation USING
            MESSAGE = format('machine_name has %s characters: at most 200 fit', length(NEW.machine_name)),
            CONSTRAINT = 'machines_machine_name_check', COLUMN = 'machine_name';
    END IF;
    NEW.type       := coalesce(machine_feed_clean_text(NEW.type, 200), 'other');
    NEW.machine_id := register_machine(NEW.machine_id, NEW.machine_name, NEW.type);
    IF NEW.type = 'other' THEN  -- not given: it may have been here before
        SELECT type INTO NEW.type FROM machines WHERE machine_id = NEW.machine_id;
    END IF;
    PERFORM correct_future_history(NEW.machine_id);
    NEW.status_since := machine_feed_time((SELECT until FROM status_intervals WHERE machine_id = NEW.machine_id
                                           ORDER BY since DESC LIMIT 1));  -- it may have left before
    IF NEW.status IS NULL THEN  -- a machine that was added, not a report
        NEW.reason := NULL; NEW.datetime := NULL; NEW.reported_at := NULL;
    ELSE
        NEW.status      := machine_feed_clean_status(NEW.status);
        NEW.reason      := machine_feed_clean_text(NEW.reason, 2000);
        NEW.reported_at := NEW.status_since;
    END IF;
    NEW.signal_lost_at := NULL; NEW.silent_after := NULL;
    NEW.version := nextval('machine_feed_version');
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_register FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_register BEFORE INSERT ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_register();

-- Runs twice when the statement names the reason (see the two triggers): the first run keeps the reason that was
-- given, even if it is the old one; a statement that gives none must not leave the old reason on a new status.
CREATE OR REPLACE FUNCTION machine_feed_stamp() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    began timestamptz := OLD.status_since;
BEGIN
    NEW.type := coalesce(machine_feed_clean_text(NEW.type, 200), 'other');
    IF NEW.status IS NULL AND OLD.status IS NULL THEN  -- not a report either; it is announced where it is a new name or type
        NEW.reason := NULL; NEW.datetime := NULL; NEW.reported_at := NULL; NEW.status_since := OLD.status_since;
        RETURN NEW;
    END IF;
    IF (NEW.machine_name, NEW.type) IS DISTINCT FROM (OLD.machine_name, OLD.type)
       AND (NEW.status, NEW.reason, NEW.datetime) IS NOT DISTINCT FROM (OLD.status, OLD.reason, OLD.datetime) THEN
        NEW.reported_at := OLD.reported_at; NEW.status_since := OLD.status_since;  -- renamed: nothing was heard of it
        NEW.version     := nextval('machine_feed_version');
        RETURN NEW;
    END IF;
    NEW.status := machine_feed_clean_status(NEW.status);
    IF NOT is_history_upkeep() THEN
        NEW.silent_after := NULL;  -- who writes SQL promises nothing
    END IF;
    IF TG_ARGV[0] = 'reason given' THEN
        NEW.reason := machine_feed_clean_text(NEW.reason, 2000);
    ELSIF NEW.status IS DISTINCT FROM OLD.status THEN
        NEW.reason := NULL;
    END IF;
    IF NEW.reported_at IS NOT DISTINCT FROM OLD.reported_at THEN  -- else report_status() gave the time, or a correction
        IF OLD.reported_at > floor_clock() + interval '1 hour' THEN
            PERFORM correct_future_history(OLD.machine_id);
            began := least(began, (SELECT known.began FROM known_status_at(OLD.machine_id, 'infinity') known));
        END IF;
        NEW.reported_at := machine_feed_time(OLD.reported_at);
        IF OLD.signal_lost_at IS NOT NULL THEN
            NEW.reported_at := greatest(NEW.reported_at, machine_feed_time(OLD.signal_lost_at));
        END IF;
        NEW.signal_lost_at := NULL;
    ELSIF NEW.reported_at >= OLD.signal_lost_at THEN  -- it has signal again
        NEW.signal_lost_at := NULL;
    END IF;
    NEW.status_since := CASE WHEN NEW.status = OLD.status THEN least(began, NEW.reported_at)
                             ELSE NEW.reported_at END;
    NEW.version      := nextval('machine_feed_version');
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION machine_feed_stamp FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_feed_stamp_1 BEFORE UPDATE OF reason ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_stamp('reason given');
CREATE OR REPLACE TRIGGER machine_feed_stamp_2 BEFORE UPDATE ON machine_feed_stream
    FOR EACH ROW WHEN (NEW.version = OLD.version) EXECUTE FUNCTION machine_feed_stamp('reason not given');

-- Whether one of the functions that keep the history is at work: any login can set the setting, but those functions run as
-- the owner of the tables.
CREATE OR REPLACE FUNCTION is_history_upkeep() RETURNS boolean
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce(current_setting('floor.history_upkeep', true), '') = 'yes'  -- null where it was never set
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class
                           WHERE oid = to_regclass('machine_status_history'))
$$;

-- A machine is its number; and versions and times that a statement gives are not taken.
CREATE OR REPLACE FUNCTION machine_feed_keep_stamps() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.machine_id <> OLD.machine_id THEN
        RAISE check_violation USING
            MESSAGE = format('machine_id %s cannot become %s: the number is the machine', OLD.machine_id, NEW.machine_id),
            HINT = 'Another name is given by UPDATE ... SET machine_name. A new machine is inserted.';
    END IF;
    IF NOT is_history_upkeep() THEN
        NEW.version := OLD.version; NEW.reported_at := OLD.reported_at; NEW.status_since := OLD.status_since;
        NEW.signal_lost_at := OLD.signal_lost_at; NEW.silent_after := OLD.silent_after;
    END IF;
    RETURN NEW;
END $$;
-- BEFORE triggers fire in the order of their names; 2 is skipped where 1 has drawn a version.
CREATE OR REPLACE TRIGGER machine_feed_stamp_0 BEFORE UPDATE OF machine_id, version, reported_at, status_since, signal_lost_at, silent_after
    ON machine_feed_stream FOR EACH ROW EXECUTE FUNCTION machine_feed_keep_stamps();
