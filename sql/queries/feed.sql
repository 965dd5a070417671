-- name: lock_feed(feed_id)^
-- A token that may report, locked: what a feed sends is stored one request after the other, and none after it was revoked.
SELECT key_id FROM access_keys WHERE key_id = :feed_id AND 'feed:write' = ANY (scopes) AND revoked_at IS NULL
AND (expires_at IS NULL OR expires_at > clock_timestamp()) FOR NO KEY UPDATE;

-- name: report_events(feed_id, events)
-- Store events of a feed, as sql/functions/33_feed_events.sql describes them; the result of each.
SELECT item, result, message FROM report_events(:feed_id::integer, :events::jsonb);

-- name: note_unreadable_events(feed_id, events)!
-- Count events that could not be read.
SELECT note_unreadable_events(:feed_id::integer, :events::jsonb);
