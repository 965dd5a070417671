-- Feeds that report over HTTP: what they have sent, and what of it was refused. A feed is an API token (access_keys).

CREATE TYPE feed_event AS (item integer, machine text, machine_id integer, status text, reason text, at timestamptz, id text,
                           turn bigint, result text, message text);
COMMENT ON TYPE feed_event IS 'A status that a feed has sent, while it is stored.';

CREATE TABLE feed_event_ids (
    feed_id     integer NOT NULL REFERENCES access_keys ON DELETE CASCADE,
    event_id    text COLLATE "C" NOT NULL CONSTRAINT feed_event_ids_check CHECK (char_length(event_id) BETWEEN 1 AND 100),
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (feed_id, event_id)
);
CREATE INDEX feed_event_ids_by_age ON feed_event_ids (feed_id, received_at);
COMMENT ON TABLE feed_event_ids IS 'Events that are stored, so that one that is sent again is not stored twice. Kept for 8 days, a day longer than an event may be late.';

CREATE TABLE feed_totals (
    feed_id       integer PRIMARY KEY REFERENCES access_keys ON DELETE CASCADE,
    last_event_at timestamptz NOT NULL,
    accepted      bigint NOT NULL,
    refused       bigint NOT NULL
);
COMMENT ON TABLE feed_totals IS 'How many events each feed has sent, and when the last came.';

CREATE TABLE feed_refusals (
    feed_id integer NOT NULL REFERENCES access_keys ON DELETE CASCADE,
    machine text NOT NULL,
    message text NOT NULL,
    times   bigint NOT NULL,
    last_at timestamptz NOT NULL,
    status  text NOT NULL,
    reason  text,
    at      timestamptz,
    PRIMARY KEY (feed_id, machine, message)
);
COMMENT ON TABLE feed_refusals IS 'What was refused of each feed and why, with the last example. The latest 200 of a feed.';
