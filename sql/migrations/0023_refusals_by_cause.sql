-- What was refused of a feed is counted by its cause, and names that no machine has by name. What was kept before had not all
-- names, so that its counts are not taken over.

CREATE TABLE feed_unknown_names (
    feed_id integer NOT NULL REFERENCES access_keys ON DELETE CASCADE,
    machine text NOT NULL,
    times   bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (feed_id, machine)
);
COMMENT ON TABLE feed_unknown_names IS 'Names that each feed has reported and that no machine had: the latest 200.';
INSERT INTO feed_unknown_names SELECT feed_id, machine, sum(times), max(last_at) FROM feed_refusals WHERE is_unknown GROUP BY 1, 2;

DELETE FROM feed_refusals;
ALTER TABLE feed_refusals
    DROP CONSTRAINT feed_refusals_pkey,
    DROP COLUMN is_unknown,
    ADD COLUMN cause text NOT NULL,
    ADD COLUMN first_at timestamptz NOT NULL,
    ADD PRIMARY KEY (feed_id, cause);
COMMENT ON TABLE feed_refusals IS 'What was refused of each feed and why, with the last example. The latest 200 causes of a feed.';
COMMENT ON COLUMN feed_refusals.cause IS 'The message without the texts that it quotes, such as unknown names.';
COMMENT ON COLUMN feed_refusals.first_at IS 'Since when it is counted.';
