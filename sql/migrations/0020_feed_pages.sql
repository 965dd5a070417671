-- What /setup/feeds shows of feeds besides their totals, and when a feed counts as silent.

ALTER TABLE access_keys
    ADD COLUMN silent_after interval CONSTRAINT access_keys_silent_after_check CHECK (silent_after BETWEEN '0' AND '30 days');
COMMENT ON COLUMN access_keys.silent_after IS
    'A token that reports nothing for longer is a silent feed. 0: never silent. Null: as note_silent_feeds() says.';

ALTER TABLE feed_totals ADD COLUMN silent_since timestamptz;
COMMENT ON COLUMN feed_totals.silent_since IS 'When the last event came of a feed that has fallen silent; null: it has not.';

ALTER TABLE feed_refusals ADD COLUMN is_unknown boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN feed_refusals.is_unknown IS 'Whether no machine had this name.';
UPDATE feed_refusals SET is_unknown = message LIKE 'no machine on this floor is called %';

CREATE TABLE feed_minutes (
    feed_id  integer NOT NULL REFERENCES access_keys ON DELETE CASCADE,
    minute   timestamptz NOT NULL,
    accepted bigint NOT NULL,
    refused  bigint NOT NULL,
    PRIMARY KEY (feed_id, minute)
);
CREATE INDEX feed_minutes_by_age ON feed_minutes (minute);
COMMENT ON TABLE feed_minutes IS 'How many events each feed has sent in each minute of the last 25 hours.';

-- Without a reference to machines, whose ids are used again only after a demo: it is emptied then.
CREATE TABLE feed_machines (
    machine_id integer NOT NULL,
    feed_id    integer NOT NULL REFERENCES access_keys ON DELETE CASCADE,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (machine_id, feed_id)
);
COMMENT ON TABLE feed_machines IS 'When each feed last reported each machine. Written at most every 10 seconds.';

CREATE UNLOGGED TABLE feed_tail (
    feed_id     integer NOT NULL,
    slot        smallint NOT NULL,
    number      bigint NOT NULL,
    received_at timestamptz NOT NULL,
    machine     text NOT NULL,
    machine_id  integer,
    status      text,
    reason      text,
    at          timestamptz,
    result      text NOT NULL,
    message     text,
    PRIMARY KEY (feed_id, slot)
) WITH (fillfactor = 50);
COMMENT ON TABLE feed_tail IS 'The last 50 events of each feed: a new one takes the slot of the oldest. Empty after a crash.';
COMMENT ON COLUMN feed_tail.number IS 'Counts the events of a feed.';

CREATE TABLE ignored_machines (
    machine    text COLLATE "C" PRIMARY KEY CONSTRAINT ignored_machines_check CHECK (char_length(machine) BETWEEN 1 AND 200),
    ignored_by text NOT NULL,
    ignored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE ignored_machines IS 'Names that feeds report and that supervisors do not want as machines.';
