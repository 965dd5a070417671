-- Sums of the stops of days that are over, so that the KPIs of a long window need not read each stop (49_stop_days.sql). Days that were
-- summed up before have none: the job makes them.

ALTER TABLE history_days ADD COLUMN has_stops boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN history_days.has_stops IS 'Whether stop_days has the stops that ended on it.';

CREATE TABLE stop_days (
    day         date     NOT NULL,
    machine_id  integer  NOT NULL,
    line_id     smallint NOT NULL,
    failures    integer  NOT NULL,
    micro_stops integer  NOT NULL,
    repairs     integer  NOT NULL,
    repair      bigint   NOT NULL,
    PRIMARY KEY (day, machine_id, line_id)
);
COMMENT ON TABLE stop_days IS 'The stops of each machine that ended on each day of history_days. A cache.';
COMMENT ON COLUMN stop_days.line_id IS 'The line that the machine stood on when they began; 0: on none.';
COMMENT ON COLUMN stop_days.repairs IS 'The failures that ended because the machine ran again.';
COMMENT ON COLUMN stop_days.repair IS 'The length of these, in microseconds.';
