-- The floor: lines, machines, the present status of each machine and all before it, and what the floor is.
-- Tables only: functions, triggers and views are in sql/functions, those that a CHECK or a default uses in 00 to 09.

CREATE TABLE production_lines (
    line_id  smallint PRIMARY KEY,
    code     text     NOT NULL UNIQUE CHECK (check_name(code, 'code', 200)),
    name     text     NOT NULL UNIQUE CHECK (check_name(name, 'name', 200)),
    position smallint NOT NULL
);
COMMENT ON TABLE production_lines IS 'One row per line. code is the two digits in the names of its machines.';

CREATE TABLE machines (
    machine_id   integer  PRIMARY KEY,
    machine_name text     NOT NULL UNIQUE CHECK (check_name(machine_name, 'machine_name', 200)),
    type         text     NOT NULL DEFAULT 'other' CHECK (is_visible(type) AND length(type) <= 200),
    line_id      smallint REFERENCES production_lines ON UPDATE CASCADE ON DELETE SET NULL,
    position     integer  NOT NULL,
    added_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    retired_at   timestamptz
);
COMMENT ON TABLE machines IS
    'Every machine that there is or was. It is its number: name, type, line and position are attributes that change.';
COMMENT ON COLUMN machines.line_id IS 'The line that it stands on now (null: on none); before: machine_placements.';
COMMENT ON COLUMN machines.position IS 'Its place in the flow of its line.';
COMMENT ON COLUMN machines.retired_at IS 'When it left the floor; null: it is there. Its history stays.';

CREATE TABLE former_machine_names (
    machine_name text        NOT NULL,
    machine_id   integer     NOT NULL REFERENCES machines,
    until        timestamptz NOT NULL,
    PRIMARY KEY (machine_name, until)
);
COMMENT ON TABLE former_machine_names IS 'What machines were called before, so that links with an old name find them.';

-- A range of one number, because not every server has what an exclusion by a plain number needs.
CREATE TABLE machine_placements (
    machine_id integer     NOT NULL REFERENCES machines,
    line_id    smallint,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL DEFAULT 'infinity',
    CHECK (since < until),
    CONSTRAINT machine_placements_no_overlap EXCLUDE USING gist
        (int4range(machine_id, machine_id, '[]') WITH &&, tstzrange(since, until) WITH &&)
);
CREATE INDEX machine_placements_by_machine ON machine_placements (machine_id, since);
COMMENT ON TABLE machine_placements IS 'On which line each machine stood, and when: reports of then use the line of then.';
COMMENT ON COLUMN machine_placements.line_id IS 'Null: on no line.';
COMMENT ON COLUMN machine_placements.since IS '-infinity for the first line of a machine: it also counts for the time before.';

-- One row per machine, updated in place. The columns of the contract come first; see the trigger for the others.
CREATE TABLE machine_feed_stream (
    machine_id   integer     PRIMARY KEY REFERENCES machines,
    machine_name text        NOT NULL UNIQUE,
    status       text
        CONSTRAINT machine_feed_stream_status_check CHECK (status IN ('operational', 'warning', 'down')),
    type         text        NOT NULL DEFAULT 'other',
    datetime     timestamptz DEFAULT now(),
    reason       text,
    status_since timestamptz NOT NULL DEFAULT clock_timestamp(),
    reported_at  timestamptz,
    version      bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE machine_feed_stream IS 'The present status of each machine: one row per machine, updated in place.';
COMMENT ON COLUMN machine_feed_stream.machine_name IS 'As in machines; renaming it here or there renames it in both.';
COMMENT ON COLUMN machine_feed_stream.status IS
    'operational, warning or down; null until the first report, after which it is never null again.';
COMMENT ON COLUMN machine_feed_stream.datetime IS
    'When it happened, as the writer of an UPDATE says. Shown, never used for order or age: report_status() takes a time that is.';
COMMENT ON COLUMN machine_feed_stream.status_since IS 'When the machine came into this status; before the first report, when it was added.';
COMMENT ON COLUMN machine_feed_stream.reported_at IS
    'Of when the last report is: the server''s time of the UPDATE, or the time that report_status() was given; null: none yet.';
COMMENT ON COLUMN machine_feed_stream.version IS 'Drawn from one sequence under the row lock: grows with every change of a machine.';

-- CACHE 1: with a larger cache two sessions would draw blocks, and versions would no longer follow the row lock.
CREATE SEQUENCE machine_feed_version CACHE 1;

CREATE TABLE machine_status_history (
    version     bigint      PRIMARY KEY,
    machine_id  integer     NOT NULL,
    old_status  text,
    new_status  text,
    reason      text,
    datetime    timestamptz,
    happened_at timestamptz NOT NULL CHECK (isfinite(happened_at)),
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by  text        NOT NULL
        DEFAULT CASE WHEN current_setting('floor.source', true) = 'simulator' THEN simulator_name() ELSE session_user END
);
CREATE INDEX machine_status_history_by_time ON machine_status_history USING brin (happened_at)
    WITH (pages_per_range = 16);  -- an hour of a thousand machines is some twenty pages
CREATE INDEX machine_status_history_departures ON machine_status_history (machine_id) WHERE new_status IS NULL;
COMMENT ON TABLE machine_status_history IS
    'Append-only log: one row per change of status or reason. status_intervals and machine_stops are what it means.';
COMMENT ON COLUMN machine_status_history.old_status IS 'Null for a first report.';
COMMENT ON COLUMN machine_status_history.new_status IS 'Null for a machine that left.';
COMMENT ON COLUMN machine_status_history.datetime IS 'When it happened, as the writer of an UPDATE says; never used for order or age.';
COMMENT ON COLUMN machine_status_history.happened_at IS
    'When it happened: the server''s time of an UPDATE, or the time that report_status() was given.';
COMMENT ON COLUMN machine_status_history.recorded_at IS 'When it was written here; later than happened_at for what came late.';
COMMENT ON COLUMN machine_status_history.changed_by IS 'The login that wrote it; simulator: it is made up.';

CREATE TABLE employees (
    id         integer     GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    first_name text        NOT NULL CHECK (check_name(first_name, 'first_name', 100)),
    last_name  text        NOT NULL CHECK (check_name(last_name, 'last_name', 100)),
    email      text        NOT NULL UNIQUE
        CHECK (email LIKE '%_@_%' AND email NOT LIKE '% %' AND check_name(email, 'email', 254)),
    department text        NOT NULL CHECK (is_visible(department) AND length(department) <= 100),
    active     boolean     NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    role       text        NOT NULL DEFAULT 'operator'
        CONSTRAINT employees_role_check CHECK (role IN ('viewer', 'operator', 'technician', 'supervisor')),
    version    bigint      NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX employees_email_any_case ON employees (lower(email));
COMMENT ON COLUMN employees.role IS
    'viewer looks; operator reports and comments; technician takes, moves and completes; supervisor does all.';

CREATE TABLE plant (
    only_row boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    kind     text        NOT NULL CHECK (kind IN ('demo', 'plant')),
    since    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE plant IS 'One row, written once the schema is complete (sql/admin/new_floor.sql). No row: not a demo.';
COMMENT ON COLUMN plant.kind IS 'demo: the simulator may write, and the floor may be replaced by an empty one. plant: neither.';

CREATE TABLE plant_settings (
    only_row             boolean  PRIMARY KEY DEFAULT true CHECK (only_row),
    machine_silent_after interval CHECK (machine_silent_after > '0'),
    time_zone            text     NOT NULL DEFAULT 'UTC'
        CONSTRAINT plant_settings_time_zone_check CHECK ((timestamptz '2000-01-01Z' AT TIME ZONE time_zone) IS NOT NULL),
    micro_stop           interval NOT NULL DEFAULT '5 minutes'
        CONSTRAINT plant_settings_micro_stop_check CHECK (micro_stop >= '0')
);
COMMENT ON COLUMN plant_settings.machine_silent_after IS
    'A machine not heard of for so long is unknown from then until it is heard of again; null: never.';
COMMENT ON COLUMN plant_settings.time_zone IS
    'Days and hours of the dashboard tables are by its clock; the app writes PLANT_TIMEZONE.';
COMMENT ON COLUMN plant_settings.micro_stop IS 'A stop that is shorter is a micro-stop, counted apart.';
INSERT INTO plant_settings DEFAULT VALUES;

-- Every login may notify any channel. So the app's has a name that nobody can guess, and only the owner of the
-- schema and the app can read: a notification that these functions did not send changes nothing on any page.
-- A new name: UPDATE notification_channel SET name = DEFAULT; every instance of the app follows within seconds.
CREATE TABLE notification_channel (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    name     text    NOT NULL DEFAULT 'floor_' || replace(gen_random_uuid()::text, '-', '')
        CHECK (octet_length(name) BETWEEN 32 AND 63)
);
INSERT INTO notification_channel DEFAULT VALUES;
COMMENT ON TABLE notification_channel IS 'The secret name of the channel of all announcements. Not for feeds or reports.';

CREATE TABLE feed_writers (role_name text PRIMARY KEY);
COMMENT ON TABLE feed_writers IS 'Roles that have the rights of a feed because the app''s setting FEED_WRITERS names them.';

-- Which instance plays the plant, so that several of them make one simulator's worth of changes.
CREATE TABLE simulator_state (
    only_row  boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    instance  text,
    tick      bigint      NOT NULL DEFAULT 0,
    last_tick timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO simulator_state DEFAULT VALUES;
