-- name: report_events(feed_id, events, silent_after)
-- Store events of a feed, as sql/functions/33_feed_events.sql describes them; the result of each; one row without an item: the
-- token no longer reports.
SELECT item, result, message FROM report_events(:feed_id::integer, :events::jsonb, :silent_after::interval);
