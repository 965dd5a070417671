-- A feed that repeats itself says after how long without an event it has fallen silent, as gateways do: so a new one that
-- stops is noticed at once, and not only after an hour.

ALTER TABLE access_keys ADD COLUMN announced_silent_after interval
    CHECK (announced_silent_after BETWEEN '10 seconds' AND '1 day');
COMMENT ON COLUMN access_keys.announced_silent_after IS
    'What the feed says itself (header Silent-After of its last request); null: nothing. silent_after, which a supervisor sets, comes first.';
