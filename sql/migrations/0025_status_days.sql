-- What each machine was on each day that is over, so that the floor at a moment need not be looked up machine by machine
-- (49_status_days.sql). Days that were summed up before have none: the job sums them up again.

ALTER TABLE history_days ADD COLUMN has_statuses boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN history_days.has_statuses IS 'Whether status_days has what each machine was on it.';

CREATE TABLE status_days (
    day        date          NOT NULL,
    machine_id integer       NOT NULL,
    since      timestamptz[] NOT NULL,
    status     "char"[]      NOT NULL,
    reason     text[]        NOT NULL,
    version    bigint[]      NOT NULL,
    began      timestamptz[] NOT NULL,
    PRIMARY KEY (day, machine_id)
);
COMMENT ON TABLE status_days IS
    'What each machine was on each day of history_days, in order: first what it was when the day began, then each change. A cache.';
COMMENT ON COLUMN status_days.since IS 'From when on it was so, until the next or the end of the day; of the first, it may be before the day.';
COMMENT ON COLUMN status_days.status IS 'operational, warning, down or unknown by its first letter; null: it was not there.';
COMMENT ON COLUMN status_days.version IS 'Of the last interval that was not unknown.';
COMMENT ON COLUMN status_days.began IS
    'When it came into this status, whatever reasons were given since; of unknown, when the interval before it began.';
