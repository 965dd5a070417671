-- The floor: lines, machines, what each machine says now, and everything it ever said.
-- Runs in the schema that comes first in the search_path; the app and psql (sql/install.sql) apply the same file.

-- The functions below keep this path. Temporary tables come last: whoever writes the feed must not be able to slip
-- one of the same name under a SECURITY DEFINER function and so divert the history.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), false);

-- Controls, blanks other than the space, zero-width and direction marks, fillers, variation selectors, tags: as in a
-- bracket expression. The same characters stand in floor/core/visible_text.py.
CREATE FUNCTION invisible_characters() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT E'\\u0001-\\u001F\\u007F-\\u00A0\\u00AD\\u034F\\u061C\\u115F\\u1160\\u1680\\u17B4\\u17B5\\u180B-\\u180F\\u2000-\\u200F'
           '\\u2028-\\u202F\\u205F-\\u206F\\u2800\\u3000\\u3164\\uFDD0-\\uFDEF\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFC\\uFFFE'
           '\\uFFFF\\U0001BCA0-\\U0001BCA3\\U0001D159\\U0001D173-\\U0001D17A\\U000E0000-\\U000E0FFF'
$$;

-- Whether there is anything in a text that people can see; null for null, which a CHECK lets pass.
CREATE FUNCTION is_visible(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN value ~ ('[^ ' || invisible_characters() || ']');
END $$;

-- For a CHECK on what names a line, a machine or a person: true, or an error that says why the text cannot. Such a text
-- is never changed on its way: two names that look alike would become one, or one name two.
CREATE FUNCTION check_name(value text, field text, most integer) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    hidden  text := substring(value FROM '[' || invisible_characters() || ']');
    problem text := CASE
        WHEN value IS NULL THEN NULL
        WHEN NOT is_visible(value) THEN 'must not be empty'
        WHEN value <> btrim(value) THEN 'begins or ends with a space: remove it'
        WHEN hidden IS NOT NULL
            THEN format('has a character in it that nobody can see (U+%s): remove it',
                        lpad(upper(to_hex(ascii(hidden))), greatest(4, length(to_hex(ascii(hidden)))), '0'))
        WHEN value IS NOT NFC NORMALIZED
            THEN 'has letters and accents as separate characters: write each as one character (Unicode NFC)'
        WHEN length(value) > most THEN format('has %s characters: at most %s fit', length(value), most) END;
BEGIN
    IF problem IS NOT NULL THEN
        RAISE check_violation USING MESSAGE = format('%s %s', replace(field, '_', ' '), problem), COLUMN = field;
    END IF;
    RETURN true;
END $$;

-- The name of another line monitor's table that check_name() takes, nearest to the one that is there; null for none.
CREATE FUNCTION adopted_name(value text, most integer) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path FROM CURRENT AS $$
    SELECT nullif(btrim(left(btrim(normalize(regexp_replace(
        regexp_replace(value, E'[\\u0001-\\u001F\\u007F-\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000]+', ' ', 'g'),
        '[' || invisible_characters() || ']', '', 'g'), NFC)), most)), '')
$$;

CREATE TABLE production_lines (
    line_id  smallint PRIMARY KEY,
    code     text     NOT NULL UNIQUE CHECK (check_name(code, 'code', 200)),
    name     text     NOT NULL UNIQUE CHECK (check_name(name, 'name', 200)),
    position smallint NOT NULL
);
COMMENT ON TABLE production_lines IS 'One row per line. code is the two digits in the names of its machines.';

CREATE TABLE machines (
    machine_name text     PRIMARY KEY CHECK (check_name(machine_name, 'machine_name', 200)),
    type         text     NOT NULL DEFAULT 'other' CHECK (is_visible(type) AND length(type) <= 200),
    line_id      smallint REFERENCES production_lines ON UPDATE CASCADE ON DELETE SET NULL,
    position     integer  NOT NULL,
    added_at     timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE machines IS 'Where each machine stands: its line (none: not on a line) and its position in the flow.';

-- One row per machine, updated in place. The columns of the contract come first; see the trigger for the others.
CREATE TABLE machine_feed_stream (
    machine_id   integer     PRIMARY KEY,
    machine_name text        NOT NULL UNIQUE REFERENCES machines ON UPDATE CASCADE,
    status       text
        CONSTRAINT machine_feed_stream_status_check CHECK (status IN ('operational', 'warning', 'down')),
    type         text        NOT NULL DEFAULT 'other',
    datetime     timestamptz DEFAULT now(),
    reason       text,
    status_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    reported_at  timestamptz,
    version      bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE machine_feed_stream IS 'The truth of the floor: what each machine says now.';
COMMENT ON COLUMN machine_feed_stream.status IS
    'operational, warning or down; null until the first report, after which it is never null again.';
COMMENT ON COLUMN machine_feed_stream.datetime IS 'When the writer says it happened. Shown, never used for order or age.';
COMMENT ON COLUMN machine_feed_stream.status_since IS 'Server time at which the machine came into this status; before the first report, at which it was added.';
COMMENT ON COLUMN machine_feed_stream.reported_at IS 'Server time of the last report; null: none yet.';
COMMENT ON COLUMN machine_feed_stream.version IS 'Drawn from one sequence under the row lock: grows with every change of a machine.';

-- CACHE 1: with a larger cache two sessions would draw blocks, and versions would no longer follow the row lock.
CREATE SEQUENCE machine_feed_version CACHE 1;

CREATE TABLE machine_status_history (
    version      bigint      PRIMARY KEY,
    machine_name text        NOT NULL,
    old_status   text,
    new_status   text,
    reason       text,
    datetime     timestamptz,
    changed_at   timestamptz NOT NULL,
    changed_by   text        NOT NULL DEFAULT session_user,
    xid          bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint  -- plain types can be fed to Delta tables
);
CREATE INDEX machine_status_history_by_machine ON machine_status_history (machine_name, changed_at DESC, version DESC)
    INCLUDE (new_status);
CREATE INDEX machine_status_history_by_commit  ON machine_status_history (xid, version);
CREATE INDEX machine_status_history_by_time    ON machine_status_history USING brin (changed_at)
    WITH (pages_per_range = 16);  -- an hour of a thousand machines is some twenty pages
COMMENT ON TABLE machine_status_history IS
    'Append-only: one row per change of status or reason. old_status is null for a first report, new_status for a machine that'
    ' left.';

CREATE TABLE employees (
    id         integer     GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    first_name text        NOT NULL CHECK (check_name(first_name, 'first_name', 100)),
    last_name  text        NOT NULL CHECK (check_name(last_name, 'last_name', 100)),
    email      text        NOT NULL UNIQUE
        CHECK (email LIKE '%_@_%' AND email NOT LIKE '% %' AND check_name(email, 'email', 254)),
    department text        NOT NULL CHECK (is_visible(department) AND length(department) <= 100),
    active     boolean     NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Which instance plays the plant, so that several of them make one simulator's worth of changes.
CREATE TABLE simulator_state (
    only_row  boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    instance  text,
    tick      bigint      NOT NULL DEFAULT 0,
    last_tick timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO simulator_state DEFAULT VALUES;


-- What a row must be before it is stored: a known status, a reason of its own, server time, the next version.

-- The server's clock, of what the log and the sums are made by; a function of its own, so that a test can set it.
CREATE FUNCTION floor_clock() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;

-- The time of a report: after that of the report before, also where the clock was set back by up to an hour. Until the
-- clock has caught up, the machine's time nearly stands still. After a greater step the log goes on by the clock, and
-- correct_future_history() takes back what lies in the future.
CREATE FUNCTION machine_feed_time(latest timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN latest >= c.clock AND latest <= c.clock + interval '1 hour' THEN latest + interval '1 microsecond'
                ELSE c.clock END
    FROM (SELECT floor_clock() AS clock OFFSET 0) AS c
$$;

CREATE FUNCTION machine_feed_clean_status(status text) RETURNS text
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
CREATE FUNCTION machine_feed_clean_text(value text, most integer) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN length(clean) > most THEN rtrim(left(clean, most - 3)) || '...' ELSE clean END
    FROM (SELECT btrim(value) AS clean) AS trimmed WHERE is_visible(clean)
$$;

-- SECURITY DEFINER: a writer that may only set status, reason and datetime needs no right on the sequence or on machines.
CREATE FUNCTION machine_feed_register() RETURNS trigger
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

CREATE TRIGGER machine_feed_register BEFORE INSERT ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_register();

-- Runs twice when the statement names the reason (see the two triggers): the first run keeps the reason that was
-- given, even if it is the old one; a statement that gives none must not leave the old reason on a new status.
CREATE FUNCTION machine_feed_stamp() RETURNS trigger
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

CREATE FUNCTION machine_feed_keep_version() RETURNS trigger
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
CREATE TRIGGER machine_feed_stamp_0 BEFORE UPDATE OF version ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_keep_version();
CREATE TRIGGER machine_feed_stamp_1 BEFORE UPDATE OF reason ON machine_feed_stream
    FOR EACH ROW EXECUTE FUNCTION machine_feed_stamp('reason given');
CREATE TRIGGER machine_feed_stamp_2 BEFORE UPDATE ON machine_feed_stream
    FOR EACH ROW WHEN (NEW.version = OLD.version) EXECUTE FUNCTION machine_feed_stamp('reason not given');


-- What follows a statement: history, and a notification that is a wake-up with a hint.
--   [["Valve_01_01", "warning", "Supply air low", version, reported_at, status_since], ...]   times in ms since 1970
--   {"resync": "why"}   read the table again
-- A payload may have 7,999 bytes; above that the writer's own statement would fail, so chunks end well below.

-- Whoever may connect may notify any channel. So ours has a name that nobody can guess, and only the owner of the
-- schema and the app can read: a notification that these functions did not send changes nothing on any page.
-- A new name: UPDATE notification_channel SET name = DEFAULT; every instance of the app follows within seconds.
CREATE TABLE notification_channel (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    name     text    NOT NULL DEFAULT 'floor_' || replace(gen_random_uuid()::text, '-', '')
        CHECK (octet_length(name) BETWEEN 32 AND 63)
);
INSERT INTO notification_channel DEFAULT VALUES;
COMMENT ON TABLE notification_channel IS 'The secret name of the channel of all announcements. Not for feeds or reports.';

-- client_min_messages: with trace_notify, which every login may set, PostgreSQL tells the writer the channel.
CREATE FUNCTION announce(payload text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET client_min_messages = 'error' AS $$
BEGIN
    PERFORM pg_notify(name, payload) FROM notification_channel;
END $$;

-- Items in as few payloads as fit, each between opening and closing.
CREATE FUNCTION announce_items(opening text, items jsonb[], closing text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    item  text;
    chunk text := '';
BEGIN
    FOR item IN SELECT unnest(items)::text LOOP
        IF octet_length(item) > 7800 THEN
            PERFORM announce('{"resync": "a row is too long for a notification"}');
            CONTINUE;
        END IF;
        IF octet_length(chunk) + octet_length(item) > 7800 THEN
            PERFORM announce(opening || chunk || closing);
            chunk := '';
        END IF;
        chunk := chunk || CASE WHEN chunk = '' THEN '' ELSE ',' END || item;
    END LOOP;
    IF chunk <> '' THEN
        PERFORM announce(opening || chunk || closing);
    END IF;
END $$;

CREATE FUNCTION epoch_ms(moment timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$  -- by way of UTC it is immutable indeed, so that it is inlined and not called row by row
    SELECT (extract(epoch FROM CASE WHEN moment < '1970-01-01 00:00+00' THEN '1970-01-01 00:00+00'  -- infinities too
                                    WHEN moment > '9999-01-01 00:00+00' THEN '9999-01-01 00:00+00'
                                    ELSE moment END AT TIME ZONE 'UTC') * 1000)::bigint
$$;

CREATE FUNCTION machine_feed_inserted() RETURNS trigger
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

CREATE FUNCTION machine_feed_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    renamed boolean;
    changed jsonb[];
BEGIN
    INSERT INTO machine_status_history (version, machine_name, old_status, new_status, reason, datetime, changed_at)
    SELECT n.version, n.machine_name, o.status, n.status, n.reason, n.datetime, n.reported_at
    FROM new_rows n JOIN old_rows o USING (machine_id)
    WHERE (o.status, o.reason) IS DISTINCT FROM (n.status, n.reason);

    SELECT bool_or(o.machine_id IS NULL OR (o.machine_name, o.type) IS DISTINCT FROM (n.machine_name, n.type)),
           array_agg(jsonb_build_array(n.machine_name, n.status, n.reason, n.version,
                                       epoch_ms(n.reported_at), epoch_ms(n.status_since)) ORDER BY n.version)
               FILTER (WHERE n.status IS NOT NULL)
    INTO renamed, changed
    FROM new_rows n LEFT JOIN old_rows o USING (machine_id);

    IF renamed THEN
        UPDATE machines m SET type = n.type FROM new_rows n WHERE n.machine_name = m.machine_name AND n.type <> m.type;
        PERFORM announce('{"resync": "a machine was renamed"}');
    ELSIF changed IS NOT NULL THEN
        PERFORM announce_items('[', changed, ']');
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION machine_feed_deleted() RETURNS trigger
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

CREATE TRIGGER machine_feed_inserted AFTER INSERT ON machine_feed_stream REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_inserted();
CREATE TRIGGER machine_feed_updated AFTER UPDATE ON machine_feed_stream
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_updated();
CREATE TRIGGER machine_feed_deleted AFTER DELETE ON machine_feed_stream REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_deleted();
CREATE TRIGGER machine_feed_truncated BEFORE TRUNCATE ON machine_feed_stream
    FOR EACH STATEMENT EXECUTE FUNCTION machine_feed_deleted();

-- A line that is renamed or a machine that moves changes the picture too.
CREATE FUNCTION floor_layout_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM announce('{"resync": "the layout changed"}');
    RETURN NULL;
END $$;
CREATE TRIGGER machines_layout_changed AFTER UPDATE OR DELETE OR TRUNCATE ON machines
    FOR EACH STATEMENT EXECUTE FUNCTION floor_layout_changed();
CREATE TRIGGER production_lines_layout_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON production_lines
    FOR EACH STATEMENT EXECUTE FUNCTION floor_layout_changed();

-- History is only ever added to.
CREATE FUNCTION machine_status_history_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING
        MESSAGE = format('machine_status_history is append-only: %s is refused', lower(TG_OP)),
        HINT = 'A wrong status is corrected by writing the right one to machine_feed_stream.';
END $$;
CREATE TRIGGER machine_status_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON machine_status_history
    FOR EACH STATEMENT EXECUTE FUNCTION machine_status_history_is_append_only();

-- A SECURITY DEFINER function is for its trigger only.
REVOKE EXECUTE ON FUNCTION announce(text), machine_feed_register(), machine_feed_stamp(), machine_feed_inserted(),
    machine_feed_updated(), machine_feed_deleted(), floor_layout_changed() FROM PUBLIC;
