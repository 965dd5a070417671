-- Work orders, what happened to each, and what lists of them search and sort by. The allowed transitions are in
-- work_order_transitions and hold for everybody, psql too; the triggers of sql/functions see to it.

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

CREATE TABLE work_order_transitions (
    from_status text NOT NULL,
    to_status   text NOT NULL,
    role        text NOT NULL,
    within      interval,
    PRIMARY KEY (from_status, to_status)
);
COMMENT ON TABLE work_order_transitions IS
    'Every allowed transition, the least role that may make it in the app, and for how long after the end (null: always).';
INSERT INTO work_order_transitions (from_status, to_status, role, within) VALUES
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
    machine_id        text        NOT NULL REFERENCES machines (machine_name) ON UPDATE CASCADE,
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
    client_reference_by text,  -- set by work_order_register
    request_digest    text,
    updated_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    version           bigint      NOT NULL DEFAULT 1,
    CONSTRAINT work_orders_one_per_reference UNIQUE (client_reference_by, client_reference),
    CONSTRAINT work_orders_times_check CHECK (  -- what most languages can hold, and never infinity
        least("timestamp", created_at, due_at, stop_since, recovered_at, acknowledged_at, started_at, completed_at,
              cancelled_at) >= earliest_time()
        AND greatest("timestamp", created_at, due_at, stop_since, recovered_at, acknowledged_at, started_at, completed_at,
                     cancelled_at) < latest_time())
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
CREATE INDEX work_orders_by_stop ON work_orders (machine_id, stop_since, created_at, id)
    INCLUDE (acknowledged_at, started_at) WHERE stop_since IS NOT NULL;
CREATE INDEX work_orders_by_report ON work_orders (timestamp);

-- Everything that ever happened to an order: append-only, the comments too.
CREATE TABLE work_order_events (
    event_id         bigint      PRIMARY KEY,  -- given by work_order_event_register
    work_order_id    text        NOT NULL REFERENCES work_orders,
    at               timestamptz NOT NULL DEFAULT clock_timestamp(),
    who              text        NOT NULL,
    who_email        text,
    kind             text        NOT NULL CHECK (kind IN
        ('created', 'status_changed', 'changed', 'commented', 'checklist', 'attached', 'recovered')),
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
    client_reference_by text,  -- set by work_order_event_register
    CONSTRAINT work_order_events_one_per_reference UNIQUE (client_reference_by, client_reference),
    CONSTRAINT work_order_events_reasons_check
        CHECK (kind IN ('created', 'status_changed') OR num_nonnulls(hold_reason, cause, action_taken, cancel_reason) = 0)
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

-- What lists search and sort by. Triggers see to it, on replicated and bulk loads too (ENABLE ALWAYS).
CREATE TABLE work_order_texts (
    work_order_id text PRIMARY KEY,
    machine_key     text COLLATE "C" NOT NULL,
    description_key text COLLATE "C" NOT NULL,
    assignee_key    text COLLATE "C",
    words           text COLLATE "C" NOT NULL
);
COMMENT ON TABLE work_order_texts IS
    'One row per work order: its sort keys (name_sort_key), and the words that a search finds it by (fold_text).';

-- An index of three-letter pieces, where the server has pg_trgm: a search for a rare word then reads only the orders that
-- have it. Without it a search compares all of them, which is fast enough for 50,000. It can be added later by the same
-- statements.
DO $$
DECLARE
    home text;
BEGIN
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public;
    EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'pg_trgm is not there and cannot be added: %', SQLERRM;
    END;
    SELECT nspname INTO home FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm';
    IF FOUND THEN
        EXECUTE format('CREATE INDEX work_order_texts_by_words ON work_order_texts USING gin (words %I.gin_trgm_ops)',
                       home);
    END IF;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'pg_trgm is there and cannot be used: %', SQLERRM;
END $$;

-- What an order was sorted by before each change of it, kept for a day. With it, a list that is read page by page goes on
-- where it was, whatever is changed meanwhile: the page after sees each order where the first page saw it.
CREATE TABLE work_order_sort_history (
    number        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid           xid8        NOT NULL DEFAULT pg_current_xact_id(),
    replaced_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    work_order_id text        NOT NULL,
    machine_key     text COLLATE "C" NOT NULL,
    description_key text COLLATE "C" NOT NULL,
    assignee_key    text COLLATE "C",
    priority      text        NOT NULL,
    status        text        NOT NULL,
    due_at        timestamptz NOT NULL,
    reported_at   timestamptz NOT NULL,
    ended_at      timestamptz
);
CREATE INDEX work_order_sort_history_by_xid ON work_order_sort_history (xid);
CREATE INDEX work_order_sort_history_by_time ON work_order_sort_history (replaced_at);
COMMENT ON TABLE work_order_sort_history IS
    'Values that lists sort by, as they were before a change; xid is the transaction that changed them. For a day.';
