-- name: report_events(feed_id, events)
-- Store events of a feed, as sql/functions/33_feed_events.sql describes them; the result of each; one row without an item: the
-- token no longer reports.
SELECT item, result, message FROM report_events(:feed_id::integer, :events::jsonb);

-- name: announce_silent_after(feed_id, silent_after)!
-- After how long without an event a feed says that it is silent; null: it says nothing.
UPDATE access_keys SET announced_silent_after = :silent_after::interval
WHERE key_id = :feed_id::integer AND announced_silent_after IS DISTINCT FROM :silent_after::interval;
