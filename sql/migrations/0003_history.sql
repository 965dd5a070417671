-- What the log means: intervals and stops of each machine, kept in the transaction of each report (14_feed_changes.sql), and
-- sums of days that are over, which are a cache (45_days.sql).

CREATE TABLE status_intervals (
    machine_id integer     NOT NULL,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL DEFAULT 'infinity',
    status     text        NOT NULL CHECK (status IN ('operational', 'warning', 'down', 'unknown')),
    reason     text,
    version    bigint      NOT NULL,
    PRIMARY KEY (machine_id, since),
    CHECK (since < until)
) WITH (fillfactor = 80);  -- each row is updated once, when it ends
COMMENT ON TABLE status_intervals IS
    'What each machine was, and when: per machine in order and without overlap. No row: it was not there.';
COMMENT ON COLUMN status_intervals.until IS 'infinity: it is so now.';
COMMENT ON COLUMN status_intervals.status IS 'unknown: nothing was heard of it for longer than plant_settings.machine_silent_after.';
COMMENT ON COLUMN status_intervals.version IS 'Of the row of machine_status_history, or data_gaps, that it began with.';

CREATE TABLE data_gaps (
    version    bigint      PRIMARY KEY DEFAULT nextval('machine_feed_version'),
    machine_id integer     NOT NULL,
    since      timestamptz NOT NULL CHECK (isfinite(since)),
    until      timestamptz NOT NULL CHECK (isfinite(until)),
    CHECK (since < until)
);
COMMENT ON TABLE data_gaps IS
    'Append-only: when nothing was heard of a machine. since: when plant_settings.machine_silent_after had passed; until: when'
    ' it was heard of again. A machine that is silent now has no row yet.';

CREATE TABLE machine_stops (
    version     bigint      PRIMARY KEY,
    machine_id  integer     NOT NULL,
    line_id     smallint,
    since       timestamptz NOT NULL,
    until       timestamptz,
    reason      text,
    repaired    boolean     NOT NULL,
    unconfirmed bigint      NOT NULL DEFAULT 0,
    length      bigint      GENERATED ALWAYS AS (round(date_part('epoch', until - since) * 1e6)::bigint) STORED
);
CREATE UNIQUE INDEX machine_stops_by_machine ON machine_stops (machine_id, since);
CREATE INDEX machine_stops_by_time ON machine_stops (since);
COMMENT ON TABLE machine_stops IS 'One row per entry into down until down was left, whatever reasons were given meanwhile.';
COMMENT ON COLUMN machine_stops.version IS 'Of the row of machine_status_history that it began with.';
COMMENT ON COLUMN machine_stops.line_id IS 'The line that the machine stood on when it began; null: on none.';
COMMENT ON COLUMN machine_stops.until IS 'Null: still going.';
COMMENT ON COLUMN machine_stops.reason IS 'The reason it began with; where that was none, the last one given.';
COMMENT ON COLUMN machine_stops.repaired IS 'It ended because the machine ran again, not because the machine left.';
COMMENT ON COLUMN machine_stops.unconfirmed IS
    'Microseconds of it in which nothing was heard of the machine; counted once it has ended. They belong to the stop.';
COMMENT ON COLUMN machine_stops.length IS
    'Microseconds from since until until, as micros() has them: kept, because every report reads it of every stop.';

CREATE TABLE history_days (
    day       date        PRIMARY KEY,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    time_zone text        NOT NULL,
    summed_at timestamptz
);
COMMENT ON TABLE history_days IS 'The days of the plant''s clock that are over, and which of them are summed up.';
COMMENT ON COLUMN history_days.time_zone IS 'By whose midnights it begins and ends; a day of another clock is not used.';
COMMENT ON COLUMN history_days.summed_at IS 'Null: not yet. Reports read such a day from the intervals.';

CREATE TABLE changed_days (day date NOT NULL);
COMMENT ON TABLE changed_days IS
    'Days of which something came late: not used until they are summed up again. Only ever inserted into by writers, so that none'
    ' waits for another.';

CREATE TABLE machine_days (
    day          date     NOT NULL,
    machine_id   integer  NOT NULL,
    line_id      smallint NOT NULL,
    operational  bigint   NOT NULL,
    warning      bigint   NOT NULL,
    waiting      bigint   NOT NULL,
    down         bigint   NOT NULL,
    caused       bigint   NOT NULL,
    unattributed bigint   NOT NULL,
    longest_down bigint   NOT NULL,
    longest_wait bigint   NOT NULL,
    PRIMARY KEY (day, machine_id, line_id)
);
CREATE INDEX machine_days_by_machine ON machine_days (machine_id, day);
COMMENT ON TABLE machine_days IS
    'Microseconds of each machine and line on each day of history_days; what is left of the day was unknown. A cache.';
COMMENT ON COLUMN machine_days.line_id IS 'The line that the machine stood on; 0: on none.';
COMMENT ON COLUMN machine_days.warning IS 'Warning, but not waiting for a neighbour.';
COMMENT ON COLUMN machine_days.waiting IS 'Warning because starved or blocked.';
COMMENT ON COLUMN machine_days.caused IS 'How long neighbours on its line were starved or blocked because it was down.';
COMMENT ON COLUMN machine_days.unattributed IS 'The part of waiting for which no machine that was down could be found.';
COMMENT ON COLUMN machine_days.longest_down IS
    'All of the longest interval of down that ended on this day, or at its end; so that the longest of a year are found quickly.';
COMMENT ON COLUMN machine_days.longest_wait IS 'The same of waiting.';

CREATE TABLE line_hours (
    day         date     NOT NULL,
    line_id     smallint NOT NULL,
    hour        smallint NOT NULL,
    operational bigint   NOT NULL,
    warning     bigint   NOT NULL,
    down        bigint   NOT NULL,
    PRIMARY KEY (day, line_id, hour)
);
COMMENT ON TABLE line_hours IS
    'Microseconds of all machines of a line in each hour of the plant''s clock; an hour that comes twice is one. A cache.';
COMMENT ON COLUMN line_hours.line_id IS 'The line that they stood on; 0: on none.';
COMMENT ON COLUMN line_hours.warning IS 'Warning, waiting for a neighbour or not.';

CREATE TABLE history_upkeep (
    only_row        boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    forgotten_until timestamptz,
    refreshed_at    timestamptz,
    steady_since    timestamptz
);
COMMENT ON COLUMN history_upkeep.forgotten_until IS
    'Of the time before, log and intervals have lost rows: days and stops are what is known. A midnight of the plant.';
COMMENT ON COLUMN history_upkeep.steady_since IS
    'Since when the clock has gone on between two refreshes by less than a day, and not back.';
INSERT INTO history_upkeep DEFAULT VALUES;

-- A history that a session is creating for a new floor: its rows are not there yet.
CREATE TABLE history_creation (
    pid  integer PRIMARY KEY,
    lock bigint  NOT NULL DEFAULT (random() * 9e18)::bigint,
    days integer NOT NULL
);
COMMENT ON TABLE history_creation IS 'A row means nothing once its session has ended.';
COMMENT ON COLUMN history_creation.lock IS
    'An advisory lock of the session: a later session with its process id does not hold it.';
