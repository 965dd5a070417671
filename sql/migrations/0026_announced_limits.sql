-- A feed that repeats itself says after how long without an event it has fallen silent, as gateways do: so a new one that
-- stops is noticed at once, and not only after an hour. Its machines have no signal then.

ALTER TABLE access_keys ADD COLUMN announced_silent_after interval
    CHECK (announced_silent_after BETWEEN '10 seconds' AND '1 day');
COMMENT ON COLUMN access_keys.announced_silent_after IS
    'What the feed says itself (header Silent-After of its last request); null: nothing. silent_after, which a supervisor sets, comes first.';

ALTER TABLE feed_machines ADD COLUMN lost_at timestamptz;
COMMENT ON COLUMN feed_machines.lost_at IS 'From when on the machine had no signal since the feed was silent; null: it has one.';
CREATE INDEX feed_machines_lost ON feed_machines (feed_id) WHERE lost_at IS NOT NULL;
