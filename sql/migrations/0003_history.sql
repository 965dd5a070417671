-- What the history adds up to: stops, wait attribution, sums a machine and day, sums of the floor a quarter of an hour.
--
-- machine_status_history stays the truth. What is derived from it here is brought up to date by refresh_history(),
-- outside the feed's triggers, and every report adds what came since, so a number is right to the second whether
-- anybody refreshed or not. Times of length are whole microseconds: sums are exact.

-- since: when machine_silent_after had passed; until: when the machine was heard of again. A machine that is silent now
-- has no row yet. version is drawn from the feed's sequence, so that one cursor reads both this and the history.
CREATE TABLE data_gaps (
    version      bigint      PRIMARY KEY DEFAULT nextval('machine_feed_version'),
    machine_name text        NOT NULL,
    since        timestamptz NOT NULL CHECK (isfinite(since)),
    until        timestamptz NOT NULL CHECK (isfinite(until)),
    xid          bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    CHECK (since < until)
);
CREATE INDEX data_gaps_by_machine ON data_gaps (machine_name, since);
CREATE INDEX data_gaps_by_commit ON data_gaps (xid, version);
COMMENT ON TABLE data_gaps IS 'Append-only: when a machine''s state was not known because nothing was heard of it.';

CREATE TABLE machine_stops (
    version      bigint      PRIMARY KEY,
    machine_name text        NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz,
    reason       text,
    repaired     boolean     NOT NULL,
    silent       bigint      NOT NULL,
    length       bigint
);
CREATE INDEX machine_stops_by_machine ON machine_stops (machine_name, since DESC, version DESC);
CREATE INDEX machine_stops_by_time ON machine_stops (since);
CREATE INDEX machine_stops_across ON machine_stops USING gist (tstzrange(since, until, '[]'));  -- going on at a moment
COMMENT ON TABLE machine_stops IS
    'One row per entry into down until down was left, whatever reasons were given meanwhile; kept by refresh_history().';
COMMENT ON COLUMN machine_stops.version IS 'Of the change in machine_status_history that it began with.';
COMMENT ON COLUMN machine_stops.until IS 'Null: still going.';
COMMENT ON COLUMN machine_stops.reason IS 'The reason it began with; where that was none, the last one given.';
COMMENT ON COLUMN machine_stops.repaired IS 'It ended because the machine ran again, not because the machine left.';
COMMENT ON COLUMN machine_stops.silent IS 'Microseconds of it in which nothing was known of the machine.';
COMMENT ON COLUMN machine_stops.length IS 'Microseconds from since to until without silent; null: still going.';

CREATE TABLE machine_days (
    machine_name text   NOT NULL,
    day          date   NOT NULL,
    operational  bigint NOT NULL DEFAULT 0,
    warning      bigint NOT NULL DEFAULT 0,
    waiting      bigint NOT NULL DEFAULT 0,
    down         bigint NOT NULL DEFAULT 0,
    caused       bigint NOT NULL DEFAULT 0,
    unattributed bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (day, machine_name) INCLUDE (operational, warning, waiting, down)  -- a year of the floor is read by it
) WITH (fillfactor = 80);
CREATE INDEX machine_days_by_machine ON machine_days (machine_name, day);
COMMENT ON TABLE machine_days IS
    'Microseconds of each machine and UTC day, up to history_progress.rolled_until; what is left of the day was unknown.';
COMMENT ON COLUMN machine_days.warning IS 'Warning, but not waiting for a neighbour.';
COMMENT ON COLUMN machine_days.waiting IS 'Warning because starved or blocked.';
COMMENT ON COLUMN machine_days.caused IS 'How long neighbours on its line were starved or blocked because it was down.';
COMMENT ON COLUMN machine_days.unattributed IS 'The part of waiting for which no machine that was down could be found.';

CREATE TABLE floor_quarters (
    since       timestamptz PRIMARY KEY,
    operational bigint NOT NULL,
    warning     bigint NOT NULL,
    waiting     bigint NOT NULL,
    down        bigint NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE floor_quarters IS
    'Microseconds of all machines in each quarter of an hour: every time zone''s hours are made of whole quarters.';

CREATE TABLE status_checkpoints (
    at           timestamptz NOT NULL,
    machine_name text        NOT NULL,
    status       text        NOT NULL,
    reason       text,
    version      bigint      NOT NULL,
    reported_at  timestamptz NOT NULL,
    began        timestamptz NOT NULL,
    PRIMARY KEY (at, machine_name)
);
COMMENT ON TABLE status_checkpoints IS
    'What each machine was just before every sixth hour, up to history_progress.rolled_until: so nobody has to look for it'
    ' far back. No row: it was not there.';
COMMENT ON COLUMN status_checkpoints.version IS 'Of the last change before, in machine_status_history.';
COMMENT ON COLUMN status_checkpoints.began IS 'When it came into this status, whatever reasons were given since.';

CREATE TABLE blocked_intervals (
    machine_name text        NOT NULL,
    root         text,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL
);
CREATE INDEX blocked_intervals_by_machine ON blocked_intervals (machine_name, until);
CREATE INDEX blocked_intervals_by_time ON blocked_intervals (since);
COMMENT ON TABLE blocked_intervals IS
    'Who was starved or blocked, and which machine of the line was down for it (null: not attributed).';

CREATE TABLE history_machines (
    machine_name text        PRIMARY KEY,
    first_at     timestamptz NOT NULL,
    last_at      timestamptz NOT NULL DEFAULT 'infinity'
) WITH (fillfactor = 80);
COMMENT ON TABLE history_machines IS 'Every machine the history has ever named, and what of it was read.';

-- How far the history has been read. A row is read once it is below the cursor (xid, version) and every transaction
-- below the cursor has ended, so what commits late is not lost. xids only mean something within the life of one server:
-- in a database that was restored elsewhere they may lie in the future (up to foreign_version). So what was there when
-- this life began is read by version alone (loaded, up to life_version), and only what came after by the cursor.
CREATE TABLE history_progress (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    life_xid        bigint  NOT NULL,
    life_version    bigint  NOT NULL,
    foreign_version bigint  NOT NULL,
    loaded          bigint  NOT NULL DEFAULT 0,
    xid             bigint  NOT NULL,
    version         bigint  NOT NULL DEFAULT 0,
    rolled_until    timestamptz,
    forgotten_until timestamptz,
    refreshed_at    timestamptz,
    steady_since    timestamptz
);
COMMENT ON COLUMN history_progress.rolled_until IS
    'machine_days, floor_quarters, status_checkpoints and blocked_intervals are complete for what happened before and was read; a full'
    ' hour.';
COMMENT ON COLUMN history_progress.forgotten_until IS
    'Of the time before, machine_status_history has lost rows: only what was derived from them is known. UTC midnight.';
COMMENT ON COLUMN history_progress.steady_since IS
    'Since when the clock has gone on between two refreshes by less than a day, and not back.';
INSERT INTO history_progress (life_xid, life_version, foreign_version, xid)
SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint, 0, 0, pg_snapshot_xmin(pg_current_snapshot())::text::bigint;

-- A history that a session is creating for a new floor: its rows are not there yet.
CREATE TABLE history_creation (
    pid  integer PRIMARY KEY,
    lock bigint  NOT NULL DEFAULT (random() * 9e18)::bigint,
    days integer NOT NULL
);
COMMENT ON TABLE history_creation IS 'A row means nothing once its session has ended.';
COMMENT ON COLUMN history_creation.lock IS
    'An advisory lock of the session: a later session with its process id does not hold it.';

-- A clock that was years ahead and was set back leaves reports in the future: no report may show them, and the log must not
-- wait for them. They were made before now, in the order of their versions, so now is when they are put.
CREATE TABLE clock_corrections (
    machine_name text        NOT NULL,
    at           timestamptz NOT NULL,
    latest       timestamptz NOT NULL,
    rows         bigint      NOT NULL,
    derived      boolean     NOT NULL DEFAULT false
);
COMMENT ON TABLE clock_corrections IS
    'Changes of a machine that lay in the future by more than an hour, up to latest, and were put at a moment.';
COMMENT ON COLUMN clock_corrections.derived IS 'Stops and sums have been made again without them.';
