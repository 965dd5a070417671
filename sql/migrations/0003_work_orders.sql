-- Work orders and the people who do them. The allowed moves stand in work_order_moves and hold for everybody, psql too;
-- every change writes its event in the same transaction, and every event is announced.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), false);

-- Who a person is allowed to be. E-mail addresses are compared without regard to case.
ALTER TABLE employees
    ADD COLUMN role text NOT NULL DEFAULT 'operator'
        CONSTRAINT employees_role_check CHECK (role IN ('viewer', 'operator', 'technician', 'supervisor')),
    ADD COLUMN version bigint NOT NULL DEFAULT 1;
CREATE UNIQUE INDEX employees_email_any_case ON employees (lower(email));
COMMENT ON COLUMN employees.role IS
    'viewer looks; operator reports and comments; technician takes, moves and completes; supervisor does all.';
-- of people who were taken over from another line monitor
UPDATE employees SET role = 'technician' WHERE department IN ('Maintenance', 'Engineering');

CREATE TABLE work_order_priorities (
    priority   text     PRIMARY KEY
        CONSTRAINT work_order_priorities_priority_check CHECK (priority IN ('critical', 'high', 'medium', 'low')),
    rank       smallint NOT NULL UNIQUE,
    due_within interval NOT NULL CONSTRAINT work_order_priorities_due_within_check
        CHECK (due_within BETWEEN '1 minute' AND '365 days')
);
COMMENT ON TABLE work_order_priorities IS 'How soon an order of each priority is due; rank 1 is the most pressing.';
INSERT INTO work_order_priorities VALUES
    ('critical', 1, '1 hour'), ('high', 2, '8 hours'), ('medium', 3, '72 hours'), ('low', 4, '168 hours');

CREATE TABLE work_order_moves (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    role        text NOT NULL,
    within      interval,
    PRIMARY KEY (from_status, to_status)
);
COMMENT ON TABLE work_order_moves IS
    'Every allowed move, the least role that may make it in the app, and for how long after the end (null: always).';
INSERT INTO work_order_moves (from_status, to_status, role, within) VALUES
    ('open',        'in_progress', 'technician', NULL),
    ('open',        'on_hold',     'technician', NULL),
    ('open',        'completed',   'technician', NULL),
    ('open',        'cancelled',   'supervisor', NULL),
    ('in_progress', 'open',        'technician', NULL),
    ('in_progress', 'on_hold',     'technician', NULL),
    ('in_progress', 'completed',   'technician', NULL),
    ('in_progress', 'cancelled',   'supervisor', NULL),
    ('on_hold',     'open',        'technician', NULL),
    ('on_hold',     'in_progress', 'technician', NULL),
    ('on_hold',     'completed',   'technician', NULL),
    ('on_hold',     'cancelled',   'supervisor', NULL),
    ('completed',   'open',        'technician', '7 days'),
    ('cancelled',   'open',        'supervisor', '7 days');

-- The columns of the contract come first. machine_id holds the machine's name, as it always has.
CREATE TABLE work_orders (
    id                text        PRIMARY KEY DEFAULT 'WO-' || to_char(clock_timestamp(), 'YYYYMMDD') || '-'
                                              || left(md5(gen_random_uuid()::text), 8)
        CONSTRAINT work_orders_id_check CHECK (id ~ '^WO-[0-9]{8}-[0-9a-z]{4,32}$'),
    machine_id        text        NOT NULL REFERENCES machines ON UPDATE CASCADE,
    issue_description text        NOT NULL
        CONSTRAINT work_orders_issue_description_check CHECK (is_visible(issue_description) AND length(issue_description) <= 10000),
    priority          text        NOT NULL REFERENCES work_order_priorities,  -- work_order_register has the default
    reporter_name     text        NOT NULL DEFAULT session_user
        CONSTRAINT work_orders_reporter_name_check CHECK (check_name(reporter_name, 'reporter_name', 200)),
    assignee          text,
    timestamp         timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    status            text        NOT NULL DEFAULT 'open'
        CONSTRAINT work_orders_status_check CHECK (status IN ('open', 'in_progress', 'on_hold', 'completed', 'cancelled')),
    assignee_id       integer     REFERENCES employees,
    reporter_email    text,
    source            text        NOT NULL DEFAULT 'person'
        CONSTRAINT work_orders_source_check CHECK (source IN ('person', 'automatic')),
    machine_status    text,
    machine_reason    text,
    stop_since        timestamptz,
    recovered_at      timestamptz,
    due_at            timestamptz NOT NULL,
    acknowledged_at   timestamptz,
    started_at        timestamptz,
    completed_at      timestamptz,
    cancelled_at      timestamptz,
    hold_reason       text
        CONSTRAINT work_orders_hold_reason_check CHECK (hold_reason IN ('parts', 'access', 'vendor', 'approval')),
    cause             text        CONSTRAINT work_orders_cause_check CHECK (length(cause) <= 2000),
    action_taken      text        CONSTRAINT work_orders_action_taken_check CHECK (length(action_taken) <= 2000),
    cancel_reason     text        CONSTRAINT work_orders_cancel_reason_check CHECK (length(cancel_reason) <= 2000),
    client_reference  text        CHECK (check_name(client_reference, 'client_reference', 200)),
    client_reference_by text,  -- set by the trigger below
    request_digest    text,
    updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    version           bigint      NOT NULL DEFAULT 1,
    CONSTRAINT work_orders_one_per_reference UNIQUE (client_reference_by, client_reference),
    CONSTRAINT work_orders_times_check CHECK (  -- what most languages can hold, and never infinity
        least("timestamp", created_at, due_at, stop_since, recovered_at, acknowledged_at, started_at, completed_at,
              cancelled_at) >= '1970-01-01 00:00+00'
        AND greatest("timestamp", created_at, due_at, stop_since, recovered_at, acknowledged_at, started_at, completed_at,
                     cancelled_at) < '9999-01-01 00:00+00')
);
COMMENT ON COLUMN work_orders.machine_id IS 'The machine''s name (a name of old, kept because people query it).';
COMMENT ON COLUMN work_orders.timestamp IS 'When it was reported; resolution time is completed_at minus this.';
COMMENT ON COLUMN work_orders.assignee IS 'The name of assignee_id; null while unassigned.';
COMMENT ON COLUMN work_orders.acknowledged_at IS 'First time that its assignee took it, or that it left open.';
COMMENT ON COLUMN work_orders.stop_since IS 'The stop it belongs to: when the machine went down, null if it was not down.';
COMMENT ON COLUMN work_orders.client_reference IS
    'Chosen by the person or program that creates it: the same reference of the same person twice is one order.';
COMMENT ON COLUMN work_orders.client_reference_by IS 'Whose reference it is: an e-mail address, or a name.';
COMMENT ON COLUMN work_orders.request_digest IS
    'SHA-256 of what was asked for with the reference: asked for something else, it is refused.';
COMMENT ON COLUMN work_orders.version IS 'Grows with every change of the row: an edit of an older version is refused.';

CREATE INDEX work_orders_by_created ON work_orders (created_at DESC, id);
CREATE INDEX work_orders_by_machine ON work_orders (machine_id, created_at DESC);
CREATE INDEX work_orders_by_assignee ON work_orders (assignee_id, created_at DESC);
CREATE INDEX work_orders_active ON work_orders (due_at) WHERE status IN ('open', 'in_progress', 'on_hold');
CREATE INDEX work_orders_ended ON work_orders (completed_at DESC) WHERE status = 'completed';
CREATE INDEX work_orders_pressing ON work_orders ((coalesce(completed_at, cancelled_at)) DESC NULLS FIRST);
CREATE UNIQUE INDEX work_orders_one_per_stop ON work_orders (machine_id, stop_since) WHERE source = 'automatic';

-- Everything that ever happened to an order: append-only, the comments too.
CREATE TABLE work_order_events (
    event_id         bigint      PRIMARY KEY,  -- given by the trigger below
    work_order_id    text        NOT NULL REFERENCES work_orders,
    at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    who              text        NOT NULL,
    who_email        text,
    kind             text        NOT NULL CHECK (kind IN
        ('created', 'moved', 'changed', 'commented', 'checklist', 'attached', 'recovered')),
    field            text,
    old_value        text,
    new_value        text,
    note             text        CONSTRAINT work_order_events_note_check
        CHECK (length(note) <= 10000 AND (kind <> 'commented' OR coalesce(is_visible(note), false))),
    hold_reason      text,
    cause            text,
    action_taken     text,
    cancel_reason    text,
    client_reference text        CHECK (check_name(client_reference, 'client_reference', 200)),
    client_reference_by text,  -- set by the trigger below
    CONSTRAINT work_order_events_one_per_reference UNIQUE (client_reference_by, client_reference),
    CONSTRAINT work_order_events_reasons_check
        CHECK (kind IN ('created', 'moved') OR num_nonnulls(hold_reason, cause, action_taken, cancel_reason) = 0)
);
CREATE SEQUENCE work_order_event_number OWNED BY work_order_events.event_id;
CREATE INDEX work_order_events_by_order ON work_order_events (work_order_id, event_id);
COMMENT ON TABLE work_order_events IS 'Append-only: who did what to which order, from what to what, with what note.';
COMMENT ON COLUMN work_order_events.hold_reason IS 'Why the order waits from this event on; only where it was put on hold.';
COMMENT ON COLUMN work_order_events.cause IS 'What was wrong, as written when the order was completed. Stays when it is reopened.';
COMMENT ON COLUMN work_order_events.action_taken IS 'What was done, as written when the order was completed.';
COMMENT ON COLUMN work_order_events.cancel_reason IS 'Why the order was cancelled.';

CREATE TABLE work_order_checklist (
    item_id       integer     GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    work_order_id text        NOT NULL REFERENCES work_orders,
    text          text        NOT NULL CONSTRAINT work_order_checklist_text_check CHECK (is_visible(text) AND length(text) <= 500),
    done_at       timestamptz,
    done_by       text
);
CREATE INDEX work_order_checklist_by_order ON work_order_checklist (work_order_id, item_id);

CREATE TABLE work_order_attachments (
    attachment_id integer     GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    work_order_id text        NOT NULL REFERENCES work_orders,
    file_name     text        NOT NULL CHECK (is_visible(file_name) AND length(file_name) <= 200),
    media_type    text        NOT NULL CHECK (media_type IN
        ('image/jpeg', 'image/png', 'image/gif', 'image/webp', 'application/pdf')),
    content       bytea       NOT NULL CONSTRAINT work_order_attachments_size_check
        CHECK (octet_length(content) BETWEEN 1 AND 10485760),
    -- a small JPEG of a picture; NULL: not made yet, empty: cannot be made
    thumbnail     bytea       CHECK (octet_length(thumbnail) <= 32768),
    added_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    added_by      text        NOT NULL,
    client_reference    text  CHECK (check_name(client_reference, 'client_reference', 200)),
    client_reference_by text,
    request_digest      text,
    CONSTRAINT work_order_attachments_one_per_reference UNIQUE (client_reference_by, client_reference)
);
COMMENT ON COLUMN work_order_attachments.request_digest IS
    'SHA-256 of the order, the file name and the file that were sent with the reference.';
ALTER TABLE work_order_attachments ALTER COLUMN content SET STORAGE EXTERNAL,
    ALTER COLUMN thumbnail SET STORAGE EXTERNAL;
CREATE INDEX work_order_attachments_by_order ON work_order_attachments (work_order_id, attachment_id);


-- Who acts. The app says so for its transaction (floor.person_name, floor.person_email); psql is its login.

CREATE FUNCTION acting_person() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('floor.person_name', true), ''), session_user::text)
$$;
CREATE FUNCTION acting_email() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(lower(current_setting('floor.person_email', true)), '')
$$;
-- Whose client reference it is; null without a reference.
CREATE FUNCTION reference_owner(client_reference text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(acting_email(), acting_person()) WHERE client_reference IS NOT NULL
$$;
-- When it is done: now. The session that is creating the history of a demo says the moment of each step, floor.acting_time.
CREATE FUNCTION acting_time(otherwise timestamptz DEFAULT clock_timestamp()) RETURNS timestamptz LANGUAGE plpgsql AS $$
BEGIN
    IF nullif(current_setting('floor.acting_time', true), '') IS NOT NULL THEN
        IF EXISTS (SELECT FROM history_creation, plant WHERE pid = pg_backend_pid() AND kind = 'demo') THEN
            RETURN current_setting('floor.acting_time')::timestamptz;
        END IF;
    END IF;
    RETURN otherwise;
END $$;


-- What an order must be before it is stored.

-- The person that an assignee's text means: a full name or an e-mail address of somebody active.
CREATE FUNCTION employee_called(said text) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found integer[] := ARRAY(
        SELECT id FROM employees
        WHERE active AND lower(said) IN (lower(email), lower(first_name || ' ' || last_name)));
BEGIN
    IF cardinality(found) = 1 THEN
        RETURN found[1];
    END IF;
    RAISE check_violation USING CONSTRAINT = 'work_orders_assignee_check', COLUMN = 'assignee',
        MESSAGE = CASE cardinality(found)
            WHEN 0 THEN format('nobody active is called %L: use the name or e-mail address of an employee', left(said, 100))
            ELSE format('%s active employees are called %L: use the e-mail address', cardinality(found), left(said, 100)) END;
END $$;

-- The text and the number of the assignee always name the same person.
CREATE FUNCTION work_order_set_assignee(new_row work_orders, old_id integer, old_name text) RETURNS work_orders
LANGUAGE plpgsql AS $$
DECLARE
    person employees;
BEGIN
    new_row.assignee := nullif(new_row.assignee, '');
    IF new_row.assignee_id IS NOT DISTINCT FROM old_id AND new_row.assignee IS DISTINCT FROM old_name THEN
        new_row.assignee_id := CASE WHEN new_row.assignee IS NOT NULL THEN employee_called(new_row.assignee) END;
    END IF;
    IF new_row.assignee_id IS NULL THEN
        new_row.assignee := NULL;
        RETURN new_row;
    END IF;
    IF new_row.assignee_id IS DISTINCT FROM old_id THEN  -- who is being let go or renamed just now is waited for
        SELECT * INTO person FROM employees WHERE id = new_row.assignee_id FOR SHARE;
    ELSE
        SELECT * INTO person FROM employees WHERE id = new_row.assignee_id;
    END IF;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'work_orders_assignee_id_fkey', COLUMN = 'assignee',
            MESSAGE = format('there is no employee %s', new_row.assignee_id);
    END IF;
    IF new_row.assignee_id IS DISTINCT FROM old_id AND NOT person.active THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_assignee_check', COLUMN = 'assignee',
            MESSAGE = format('%s %s is not active and cannot be assigned', person.first_name, person.last_name);
    END IF;
    IF new_row.assignee_id IS DISTINCT FROM old_id AND person.role NOT IN ('technician', 'supervisor') THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_assignee_check', COLUMN = 'assignee',
            MESSAGE = format('%s %s has the role %s and cannot work on orders: assign a technician or a supervisor',
                             person.first_name, person.last_name, person.role);
    END IF;
    new_row.assignee := person.first_name || ' ' || person.last_name;
    IF new_row.assignee_id IS DISTINCT FROM old_id AND lower(person.email) = acting_email() THEN
        new_row.acknowledged_at := coalesce(new_row.acknowledged_at, acting_time());
    END IF;
    RETURN new_row;
END $$;

-- A state needs its words: why it waits, what was wrong and done, why it was given up.
CREATE FUNCTION work_order_check_words(new_row work_orders) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    missing text := CASE
        WHEN new_row.status = 'on_hold' AND new_row.hold_reason IS NULL
            THEN 'hold_reason: parts, access, vendor or approval'
        WHEN new_row.status = 'completed' AND new_row.cause IS NULL THEN 'cause: what was wrong'
        WHEN new_row.status = 'completed' AND new_row.action_taken IS NULL THEN 'action_taken: what was done'
        WHEN new_row.status = 'cancelled' AND new_row.cancel_reason IS NULL THEN 'cancel_reason: why' END;
BEGIN
    IF missing IS NOT NULL THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_words_check', COLUMN = split_part(missing, ':', 1),
            MESSAGE = format('an order that is %s needs %s', replace(new_row.status, '_', ' '), missing);
    END IF;
END $$;

CREATE FUNCTION work_order_clean(new_row work_orders) RETURNS work_orders
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    new_row.status := lower(btrim(new_row.status));
    new_row.priority := lower(btrim(new_row.priority));
    new_row.hold_reason := nullif(lower(btrim(new_row.hold_reason)), '');
    new_row.cause := CASE WHEN is_visible(new_row.cause) THEN btrim(new_row.cause) END;
    new_row.action_taken := CASE WHEN is_visible(new_row.action_taken) THEN btrim(new_row.action_taken) END;
    new_row.cancel_reason := CASE WHEN is_visible(new_row.cancel_reason) THEN btrim(new_row.cancel_reason) END;
    IF new_row.status IS NULL OR new_row.status NOT IN ('open', 'in_progress', 'on_hold', 'completed', 'cancelled') THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_status_check', COLUMN = 'status',
            MESSAGE = format('status %s is not known: use open, in_progress, on_hold, completed or cancelled',
                             coalesce(quote_literal(left(new_row.status, 100)), 'NULL'));
    END IF;
    IF new_row.status <> 'on_hold' THEN
        new_row.hold_reason := NULL;
    END IF;
    IF new_row.status <> 'cancelled' THEN
        new_row.cancel_reason := NULL;
    END IF;
    RETURN new_row;
END $$;

CREATE FUNCTION work_order_due(from_when timestamptz, of_priority text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
    SELECT from_when + due_within FROM work_order_priorities WHERE priority = of_priority
$$;

-- An order may be inserted in any state, so that orders of another system can be taken over; what it is then, it needs.
CREATE FUNCTION work_order_register() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    machine machine_feed_stream;
BEGIN
    NEW := work_order_clean(NEW);
    NEW.version := 1;
    NEW.client_reference_by := reference_owner(NEW.client_reference);
    NEW.updated_at := acting_time();
    NEW := work_order_set_assignee(NEW, NULL, NULL);
    PERFORM work_order_check_words(NEW);
    IF NOT EXISTS (SELECT FROM machines WHERE machine_name = NEW.machine_id) THEN
        RAISE foreign_key_violation USING CONSTRAINT = 'work_orders_machine_id_fkey', COLUMN = 'machine_id',
            MESSAGE = format('there is no machine %L', left(NEW.machine_id, 100));
    END IF;
    SELECT * INTO machine FROM machine_feed_stream WHERE machine_name = NEW.machine_id;
    NEW.priority := coalesce(NEW.priority, CASE WHEN machine.status = 'down' THEN 'high' ELSE 'medium' END);
    IF NOT EXISTS (SELECT FROM work_order_priorities WHERE priority = NEW.priority) THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_priority_check', COLUMN = 'priority',
            MESSAGE = format('priority %L is not known: use low, medium, high or critical', left(NEW.priority, 100));
    END IF;
    NEW.due_at := coalesce(NEW.due_at, work_order_due(NEW.timestamp, NEW.priority));
    IF NEW.status IN ('in_progress', 'completed') THEN
        NEW.started_at := coalesce(NEW.started_at, NEW.completed_at, clock_timestamp());
    END IF;
    IF NEW.status <> 'open' THEN
        NEW.acknowledged_at := coalesce(NEW.acknowledged_at, NEW.started_at, clock_timestamp());
    END IF;
    NEW.completed_at := CASE WHEN NEW.status = 'completed' THEN coalesce(NEW.completed_at, clock_timestamp()) END;
    NEW.cancelled_at := CASE WHEN NEW.status = 'cancelled' THEN coalesce(NEW.cancelled_at, clock_timestamp()) END;
    IF machine.machine_name IS NOT NULL AND NEW.machine_status IS NULL THEN
        NEW.machine_status := machine.status;
        NEW.machine_reason := coalesce(NEW.machine_reason, machine.reason);
        IF machine.status = 'down' THEN
            NEW.stop_since := coalesce(NEW.stop_since, machine.status_since);
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER work_order_register BEFORE INSERT ON work_orders
    FOR EACH ROW EXECUTE FUNCTION work_order_register();

CREATE FUNCTION work_order_check_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    move work_order_moves;
    ended timestamptz := coalesce(OLD.completed_at, OLD.cancelled_at);
BEGIN
    NEW := work_order_clean(NEW);
    NEW.updated_at := acting_time();
    -- what happened when it was reported stays; when it moved, its moves say
    NEW.created_at := OLD.created_at;
    NEW.client_reference := OLD.client_reference;
    NEW.client_reference_by := OLD.client_reference_by;
    NEW.request_digest := OLD.request_digest;
    NEW.reporter_email := OLD.reporter_email;
    NEW.source := OLD.source;
    NEW.machine_status := OLD.machine_status;
    NEW.machine_reason := OLD.machine_reason;
    NEW.stop_since := OLD.stop_since;
    NEW.acknowledged_at := OLD.acknowledged_at;
    NEW.started_at := OLD.started_at;
    NEW.completed_at := OLD.completed_at;
    NEW.cancelled_at := OLD.cancelled_at;
    IF NEW.id <> OLD.id THEN
        RAISE check_violation USING CONSTRAINT = 'work_orders_id_check', COLUMN = 'id',
            MESSAGE = 'the id of a work order never changes';
    END IF;
    NEW := work_order_set_assignee(NEW, OLD.assignee_id, OLD.assignee);
    IF NEW.status <> OLD.status THEN
        SELECT * INTO move FROM work_order_moves WHERE from_status = OLD.status AND to_status = NEW.status;
        IF NOT FOUND THEN
            RAISE check_violation USING CONSTRAINT = 'work_orders_move_check', COLUMN = 'status',
                MESSAGE = format('an order that is %s cannot become %s: from here it goes to %s',
                    replace(OLD.status, '_', ' '), replace(NEW.status, '_', ' '),
                    (SELECT string_agg(replace(to_status, '_', ' '), ', ' ORDER BY to_status)
                     FROM work_order_moves WHERE from_status = OLD.status));
        END IF;
        IF move.within IS NOT NULL AND ended < acting_time() - move.within THEN
            RAISE check_violation USING CONSTRAINT = 'work_orders_move_check', COLUMN = 'status',
                MESSAGE = format('this order ended more than %s days ago: open a new one',
                                 extract(epoch FROM move.within)::bigint / 86400);
        END IF;
        NEW.acknowledged_at := coalesce(NEW.acknowledged_at, acting_time());
        NEW.started_at := CASE WHEN NEW.status IN ('in_progress', 'completed')
                               THEN coalesce(OLD.started_at, acting_time()) ELSE OLD.started_at END;
        NEW.completed_at := CASE WHEN NEW.status = 'completed' THEN acting_time() END;
        NEW.cancelled_at := CASE WHEN NEW.status = 'cancelled' THEN acting_time() END;
        IF ended IS NOT NULL THEN  -- reopened: what was said at its end stays in the events
            NEW.cause := NULL;
            NEW.action_taken := NULL;
            NEW.due_at := work_order_due(acting_time(), NEW.priority);
        END IF;
    END IF;
    PERFORM work_order_check_words(NEW);
    IF NEW.priority IS DISTINCT FROM OLD.priority THEN
        IF NOT EXISTS (SELECT FROM work_order_priorities WHERE priority = NEW.priority) THEN
            RAISE check_violation USING CONSTRAINT = 'work_orders_priority_check', COLUMN = 'priority',
                MESSAGE = format('priority %L is not known: use low, medium, high or critical', left(NEW.priority, 100));
        END IF;
        IF NEW.due_at = OLD.due_at THEN
            NEW.due_at := work_order_due(NEW.timestamp, NEW.priority);
        END IF;
    END IF;
    -- what no person decides (a recovery, a new name of the assignee) is no reason to refuse somebody's edit
    NEW.version := OLD.version + CASE WHEN
        (NEW.issue_description, NEW.priority, NEW.assignee_id, NEW.status, NEW.machine_id, NEW.due_at, NEW.hold_reason,
         NEW.cause, NEW.action_taken, NEW.cancel_reason, NEW.reporter_name, NEW.timestamp) IS DISTINCT FROM
        (OLD.issue_description, OLD.priority, OLD.assignee_id, OLD.status, OLD.machine_id, OLD.due_at, OLD.hold_reason,
         OLD.cause, OLD.action_taken, OLD.cancel_reason, OLD.reporter_name, OLD.timestamp) THEN 1 ELSE 0 END;
    RETURN NEW;
END $$;
CREATE TRIGGER work_order_check_change BEFORE UPDATE ON work_orders
    FOR EACH ROW EXECUTE FUNCTION work_order_check_change();


-- What follows a change: its events.

CREATE FUNCTION work_order_record() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO work_order_events (work_order_id, kind, new_value, hold_reason, cause, action_taken, cancel_reason)
        VALUES (NEW.id, 'created', NEW.status, NEW.hold_reason, CASE WHEN NEW.status = 'completed' THEN NEW.cause END,
                CASE WHEN NEW.status = 'completed' THEN NEW.action_taken END, NEW.cancel_reason);
        RETURN NULL;
    END IF;
    IF NEW.status <> OLD.status THEN
        INSERT INTO work_order_events (work_order_id, kind, field, old_value, new_value, hold_reason, cause, action_taken,
                                       cancel_reason, note)
        VALUES (NEW.id, 'moved', 'status', OLD.status, NEW.status, NEW.hold_reason,
                CASE WHEN NEW.status = 'completed' THEN NEW.cause END,
                CASE WHEN NEW.status = 'completed' THEN NEW.action_taken END,
                NEW.cancel_reason, nullif(current_setting('floor.note', true), ''));
    END IF;
    INSERT INTO work_order_events (work_order_id, kind, field, old_value, new_value)
    SELECT NEW.id, 'changed', field, was, is_now
    FROM (VALUES
        ('description', OLD.issue_description, NEW.issue_description),
        ('priority',    OLD.priority,          NEW.priority),
        ('assignee',    CASE WHEN NEW.assignee_id IS DISTINCT FROM OLD.assignee_id THEN OLD.assignee END,
                        CASE WHEN NEW.assignee_id IS DISTINCT FROM OLD.assignee_id THEN NEW.assignee END),
        ('machine',     OLD.machine_id,        NEW.machine_id),
        ('due',         OLD.due_at::text,      CASE WHEN NEW.priority = OLD.priority AND NEW.status = OLD.status
                                                    THEN NEW.due_at::text ELSE OLD.due_at::text END),
        ('hold reason', CASE WHEN NEW.status = OLD.status THEN OLD.hold_reason END,
                        CASE WHEN NEW.status = OLD.status THEN NEW.hold_reason END),
        ('cause',       CASE WHEN NEW.status = OLD.status THEN OLD.cause END,
                        CASE WHEN NEW.status = OLD.status THEN NEW.cause END),
        ('action',      CASE WHEN NEW.status = OLD.status THEN OLD.action_taken END,
                        CASE WHEN NEW.status = OLD.status THEN NEW.action_taken END),
        ('cancel reason', CASE WHEN NEW.status = OLD.status THEN OLD.cancel_reason END,
                          CASE WHEN NEW.status = OLD.status THEN NEW.cancel_reason END),
        ('reporter',    OLD.reporter_name,     NEW.reporter_name),
        ('reported',    OLD.timestamp::text,   NEW.timestamp::text)
    ) AS changed (field, was, is_now)
    WHERE was IS DISTINCT FROM is_now;
    IF NEW.recovered_at IS NOT NULL AND OLD.recovered_at IS NULL THEN
        INSERT INTO work_order_events (work_order_id, kind, new_value) VALUES (NEW.id, 'recovered', NEW.recovered_at::text);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER work_order_record AFTER INSERT OR UPDATE ON work_orders
    FOR EACH ROW EXECUTE FUNCTION work_order_record();

-- An order's events have the order of their numbers: each is drawn while the order's row is locked.
CREATE FUNCTION work_order_event_register() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM work_orders WHERE id = NEW.work_order_id FOR UPDATE;
    NEW.event_id := nextval('work_order_event_number');
    NEW.at := acting_time(NEW.at);
    NEW.who := CASE WHEN is_visible(NEW.who) THEN NEW.who ELSE acting_person() END;
    NEW.who_email := coalesce(NEW.who_email, acting_email());
    NEW.client_reference_by := reference_owner(NEW.client_reference);
    RETURN NEW;
END $$;
CREATE TRIGGER work_order_event_register BEFORE INSERT ON work_order_events
    FOR EACH ROW EXECUTE FUNCTION work_order_event_register();

-- What belongs to an order locks it before anything else, so that two people at one order wait and never deadlock.
CREATE FUNCTION work_order_lock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        PERFORM FROM work_orders WHERE id = OLD.work_order_id FOR UPDATE;
        RETURN OLD;
    END IF;
    PERFORM FROM work_orders WHERE id = NEW.work_order_id FOR UPDATE;
    RETURN NEW;
END $$;
CREATE TRIGGER work_order_lock BEFORE INSERT OR UPDATE OR DELETE ON work_order_checklist
    FOR EACH ROW EXECUTE FUNCTION work_order_lock();
CREATE TRIGGER work_order_lock BEFORE INSERT ON work_order_attachments
    FOR EACH ROW EXECUTE FUNCTION work_order_lock();

CREATE FUNCTION work_order_checklist_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO work_order_events (work_order_id, kind, field, old_value, new_value)
    SELECT CASE WHEN TG_OP = 'DELETE' THEN OLD.work_order_id ELSE NEW.work_order_id END, 'checklist',
           CASE WHEN TG_OP = 'INSERT' THEN 'added' WHEN TG_OP = 'DELETE' THEN 'removed'
                WHEN NEW.done_at IS NOT NULL AND OLD.done_at IS NULL THEN 'done'
                WHEN NEW.done_at IS NULL AND OLD.done_at IS NOT NULL THEN 'not done' ELSE 'changed' END,
           CASE WHEN TG_OP <> 'INSERT' THEN OLD.text END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.text END
    WHERE TG_OP <> 'UPDATE' OR (NEW.text, NEW.done_at) IS DISTINCT FROM (OLD.text, OLD.done_at);
    RETURN NULL;
END $$;
CREATE TRIGGER work_order_checklist_changed AFTER INSERT OR UPDATE OR DELETE ON work_order_checklist
    FOR EACH ROW EXECUTE FUNCTION work_order_checklist_changed();

CREATE FUNCTION work_order_attached() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO work_order_events (work_order_id, kind, new_value) VALUES (NEW.work_order_id, 'attached', NEW.file_name);
    RETURN NULL;
END $$;
CREATE TRIGGER work_order_attached AFTER INSERT ON work_order_attachments
    FOR EACH ROW EXECUTE FUNCTION work_order_attached();


-- Announcements: on the channel of the feed, so that all that a page shows comes in one order.
--   {"orders": [["WO-20261123-3f2a91bc", event, version, "Valve_01_01", "open", "high", assignee_id, "Lisa Garcia",
--                due, "Pin position error", "who@did.it"], ...]}      event: the number of its latest; due in ms since 1970
-- A change of people says "resync": they are few, and read with the floor.

CREATE FUNCTION work_order_announcement(o work_orders, event bigint, who_email text) RETURNS jsonb
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(o.id, event, o.version, o.machine_id, o.status, o.priority, o.assignee_id, o.assignee,
                             epoch_ms(o.due_at), left(o.issue_description, 200), who_email)
$$;

CREATE FUNCTION work_order_events_announce() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM announce_items('{"orders": [',
        (SELECT array_agg(work_order_announcement(o, latest.event_id, latest.who_email) ORDER BY latest.event_id)
         FROM (SELECT DISTINCT ON (work_order_id) work_order_id, event_id, who_email FROM new_rows
               ORDER BY work_order_id, event_id DESC) AS latest
         JOIN work_orders o ON o.id = latest.work_order_id), ']}');
    RETURN NULL;
END $$;
CREATE TRIGGER work_order_events_announce AFTER INSERT ON work_order_events REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION work_order_events_announce();

CREATE FUNCTION employees_check_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.created_at := OLD.created_at;
    RETURN NEW;
END $$;
CREATE TRIGGER employees_check_change BEFORE UPDATE ON employees
    FOR EACH ROW EXECUTE FUNCTION employees_check_change();

CREATE FUNCTION employee_renamed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE work_orders SET assignee_id = assignee_id WHERE assignee_id = NEW.id;  -- its trigger fetches the name
    RETURN NULL;
END $$;
CREATE TRIGGER employee_renamed AFTER UPDATE OF first_name, last_name ON employees
    FOR EACH ROW WHEN ((OLD.first_name, OLD.last_name) IS DISTINCT FROM (NEW.first_name, NEW.last_name))
    EXECUTE FUNCTION employee_renamed();

CREATE FUNCTION people_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM announce('{"resync": "the people or the due times changed"}');
    RETURN NULL;
END $$;
CREATE TRIGGER people_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON employees
    FOR EACH STATEMENT EXECUTE FUNCTION people_changed();
CREATE TRIGGER due_times_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON work_order_priorities
    FOR EACH STATEMENT EXECUTE FUNCTION people_changed();


-- Nothing is ever lost: orders are cancelled, not deleted; events and attachments are only added to.

CREATE FUNCTION nothing_is_deleted() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING
        MESSAGE = format('%s: %s is refused, nothing about a work order is ever lost', TG_TABLE_NAME, lower(TG_OP)),
        HINT = 'An order that is not wanted is cancelled; what is wrong is corrected by a comment.';
END $$;
CREATE TRIGGER work_orders_nothing_is_deleted BEFORE DELETE OR TRUNCATE ON work_orders
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();
CREATE TRIGGER work_order_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON work_order_events
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();
-- Their thumbnails are derived, and may be made later.
CREATE TRIGGER work_order_attachments_append_only
    BEFORE UPDATE OF attachment_id, work_order_id, file_name, media_type, content, added_at, added_by, client_reference,
                     client_reference_by, request_digest
    OR DELETE OR TRUNCATE ON work_order_attachments
    FOR EACH STATEMENT EXECUTE FUNCTION nothing_is_deleted();


-- Orders that open themselves: one per stop, for a machine that has been down for a while.

CREATE FUNCTION open_work_orders_for_stops(after interval) RETURNS SETOF text
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
    'Opens an order for each machine that has been down for so long; never for starved or blocked ones. Returns the ids.';

-- A machine that runs again is written on its order; whether the work is done, people say.
CREATE FUNCTION note_recoveries() RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM set_config('floor.person_name', 'Line Monitor', true), set_config('floor.person_email', '', true);
    RETURN QUERY
    UPDATE work_orders o SET recovered_at = ended.at
    FROM (SELECT w.id, (SELECT min(h.changed_at) FROM machine_status_history h
                        WHERE h.machine_name = w.machine_id AND h.changed_at > w.stop_since
                          AND h.new_status IS DISTINCT FROM 'down') AS at
          FROM work_orders w
          LEFT JOIN machine_feed_stream f ON f.machine_name = w.machine_id
          WHERE w.status IN ('open', 'in_progress', 'on_hold') AND w.stop_since IS NOT NULL AND w.recovered_at IS NULL
            AND (f.status IS DISTINCT FROM 'down' OR f.status_since <> w.stop_since)
          ORDER BY w.id FOR UPDATE OF w SKIP LOCKED) AS ended
    WHERE o.id = ended.id AND ended.at IS NOT NULL
    RETURNING o.id;
END $$;
COMMENT ON FUNCTION note_recoveries IS 'Writes on open orders since when the machine they stopped for runs again.';

-- What the simulator did with the orders of a demo's history: each step by its person and at its moment, by statements
-- that anybody might write and under the same triggers. Only in the session that is creating that history.
CREATE FUNCTION write_order_steps(steps jsonb) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    step record;
BEGIN
    FOR step IN
        SELECT s.* FROM jsonb_to_recordset(steps) AS s (
            at timestamptz, order_id text, action text, who text, who_email text, machine_id text, issue_description text,
            priority text, machine_reason text, stop_since timestamptz, assignee_id integer, status text, hold_reason text,
            cause text, action_taken text, cancel_reason text, recovered_at timestamptz, note text, item text)
    LOOP
        PERFORM set_config('floor.acting_time', step.at::text, true), set_config('floor.person_name', step.who, true),
                set_config('floor.person_email', coalesce(step.who_email, ''), true),
                set_config('floor.note', CASE WHEN step.action = 'change' THEN coalesce(step.note, '') ELSE '' END, true);
        IF acting_time() <> step.at THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = 'steps of the past are written only while the history of a demo is being created';
        END IF;
        CASE step.action
            WHEN 'report' THEN
                INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name, reporter_email,
                                         timestamp, created_at, machine_status, machine_reason, stop_since)
                VALUES (step.order_id, step.machine_id, step.issue_description, step.priority, step.who, step.who_email,
                        step.at, step.at, 'down', step.machine_reason, step.stop_since);
            WHEN 'change' THEN
                UPDATE work_orders o SET
                    status = coalesce(step.status, o.status), assignee_id = coalesce(step.assignee_id, o.assignee_id),
                    hold_reason = coalesce(step.hold_reason, o.hold_reason), cause = coalesce(step.cause, o.cause),
                    action_taken = coalesce(step.action_taken, o.action_taken),
                    cancel_reason = coalesce(step.cancel_reason, o.cancel_reason),
                    recovered_at = coalesce(step.recovered_at, o.recovered_at)
                WHERE o.id = step.order_id;
            WHEN 'comment' THEN
                INSERT INTO work_order_events (work_order_id, kind, note) VALUES (step.order_id, 'commented', step.note);
            WHEN 'add_item' THEN
                INSERT INTO work_order_checklist (work_order_id, text) VALUES (step.order_id, step.item);
            WHEN 'check_item' THEN
                UPDATE work_order_checklist SET done_at = step.at, done_by = step.who
                WHERE work_order_id = step.order_id AND text = step.item AND done_at IS NULL;
        END CASE;
    END LOOP;
    PERFORM set_config('floor.acting_time', '', true), set_config('floor.person_name', '', true),
            set_config('floor.person_email', '', true), set_config('floor.note', '', true);
END $$;
COMMENT ON FUNCTION write_order_steps IS
    'Carries out steps of the past (a JSON array, in order of time) while the history of a demo is being created.';

REVOKE EXECUTE ON FUNCTION work_order_register(), work_order_check_change(), work_order_record(),
    work_order_event_register(), work_order_lock(), work_order_checklist_changed(), work_order_attached(),
    work_order_events_announce(), employee_renamed(), people_changed() FROM PUBLIC;
