-- Sums of the hours of days that are over, so that a report about a shift need not read the intervals (45_days.sql). Days that were
-- summed up before have none: the job sums them up again.

ALTER TABLE history_days ADD COLUMN hours timestamptz[];
COMMENT ON COLUMN history_days.hours IS
    'When its hours begin by the plant''s clock and, last, its end: 25 moments as a rule. Null: machine_hours has nothing of it.';

CREATE TABLE machine_hours (
    day          date     NOT NULL,
    machine_id   integer  NOT NULL,
    line_id      smallint NOT NULL,
    operational  bigint[] NOT NULL,
    warning      bigint[] NOT NULL,
    waiting      bigint[] NOT NULL,
    down         bigint[] NOT NULL,
    caused       bigint[] NOT NULL,
    unattributed bigint[] NOT NULL,
    PRIMARY KEY (day, machine_id, line_id)
);
COMMENT ON TABLE machine_hours IS
    'What machine_days has, up to each moment of history_days.hours, in microseconds from the beginning of the day: of the time from'
    ' the 7th to the 15th, machine_hours.down[15] - machine_hours.down[7] was down. A cache.';

-- Now of the parts of a period instead of the whole.
DROP FUNCTION IF EXISTS machine_times(text[], timestamptz, timestamptz, timestamptz, smallint) CASCADE;
DROP FUNCTION IF EXISTS machine_charges(timestamptz, timestamptz, timestamptz) CASCADE;
