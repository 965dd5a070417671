-- A feed that repeats the statuses of its machines says after how long without a report one of them is silent, as gateways do: so
-- a machine is not shown as live because MACHINE_SILENT_AFTER was not set.

ALTER TABLE access_keys ADD COLUMN announced_silent_after interval
    CHECK (announced_silent_after BETWEEN '10 seconds' AND '1 day');
COMMENT ON COLUMN access_keys.announced_silent_after IS
    'What the feed says itself (header Silent-After of its last request); null: nothing. silent_after, which a supervisor sets, comes first.';

ALTER TABLE machine_feed_stream ADD COLUMN silent_after integer;
COMMENT ON COLUMN machine_feed_stream.silent_after IS
    'Seconds after which its feed has promised the next report; null: it has not. plant_settings.machine_silent_after counts too.';

DROP FUNCTION IF EXISTS report_events(integer, jsonb) CASCADE;
DROP FUNCTION IF EXISTS stored_feed_events(feed_event[]) CASCADE;
DROP FUNCTION IF EXISTS silent_since(timestamptz, timestamptz, interval) CASCADE;
