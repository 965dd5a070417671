-- What machines have made, as their feeds count it.

CREATE TABLE machine_counts (
    machine_id integer     NOT NULL REFERENCES machines,
    minute     timestamptz NOT NULL CHECK (minute = date_trunc('minute', minute, 'UTC')),
    good       bigint      NOT NULL CHECK (good >= 0),
    reject     bigint      NOT NULL CHECK (reject >= 0),
    cycles     bigint      NOT NULL CHECK (cycles >= 0),
    PRIMARY KEY (machine_id, minute)
);
COMMENT ON TABLE machine_counts IS 'How many parts each machine made in each minute in which its feed counted any.';
COMMENT ON COLUMN machine_counts.minute IS 'When it began.';
COMMENT ON COLUMN machine_counts.good IS 'Parts that were good.';
COMMENT ON COLUMN machine_counts.reject IS 'Parts that were rejected.';
COMMENT ON COLUMN machine_counts.cycles IS 'Cycles of the machine, whatever they made.';

ALTER TABLE feed_refusals ALTER COLUMN status DROP NOT NULL;  -- an event may have counts alone
