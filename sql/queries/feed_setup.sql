-- name: note_silent_feeds()$
-- Mark feeds that have fallen silent, and those that are silent no longer; how many.
SELECT note_silent_feeds();

-- name: forget_feed_minutes()!
-- What is older than anything that is shown.
DELETE FROM feed_minutes WHERE minute < clock_timestamp() - interval '25 hours';

-- name: silent_feeds()
-- Feeds that have fallen silent, the longest silent first, with the ids of the machines that they reported last.
SELECT t.feed_id, k.name, epoch_ms(t.silent_since) AS since_ms,
       ARRAY(SELECT m.machine_id FROM feeds_of_machines m WHERE m.feed_id = t.feed_id ORDER BY m.machine_id) AS machine_ids
FROM feed_totals t JOIN access_keys k ON k.key_id = t.feed_id
WHERE t.silent_since IS NOT NULL AND k.revoked_at IS NULL
ORDER BY t.silent_since, t.feed_id;

-- name: feeds()
-- The tokens that report, with what they have sent. silent_after_setting: as access_keys has it. rate: events a minute, of the
-- last 60 seconds: those of this minute, and of the last one as much as is left of it.
SELECT k.key_id AS feed_id, k.name, k.line_ids, k.machine_ids, k.made_by, k.made_at, k.expires_at,
       coalesce(k.expires_at <= now(), false) AS is_expired, k.silent_after AS silent_after_setting,
       silent_after_of(k, t.last_event_at) AS silent_after, k.announced_silent_after AS announced, t.last_event_at, t.silent_since,
       coalesce(t.accepted, 0) AS accepted, day.refused AS refused_today, day.rate
FROM access_keys k
LEFT JOIN feed_totals t ON t.feed_id = k.key_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(m.refused), 0)::bigint AS refused,
           coalesce(round(sum((m.accepted + m.refused) * greatest(0, 1 - extract(epoch FROM
               greatest(clock_timestamp() - m.minute - interval '1 minute', '0')) / 60))
               FILTER (WHERE m.minute > now() - interval '2 minutes')), 0)::bigint AS rate
    FROM feed_minutes m WHERE m.feed_id = k.key_id AND m.minute > now() - interval '24 hours') AS day
WHERE 'feed:write' = ANY (k.scopes) AND k.revoked_at IS NULL
ORDER BY name_sort_key(k.name), k.key_id;

-- name: ended_feeds()
-- Tokens that may report, are revoked or expired, and were still used after that, in the last 24 hours; the latest first.
SELECT key_id AS id, name, coalesce(revoked_at <= ended_at, false) AS is_revoked, ended_at, last_used_at
FROM access_keys CROSS JOIN LATERAL (SELECT least(revoked_at, expires_at) AS ended_at) AS e
WHERE 'feed:write' = ANY (scopes) AND ended_at < last_used_at AND last_used_at > now() - interval '24 hours'
ORDER BY last_used_at DESC, key_id LIMIT 20;

-- name: unknown_machines()
-- Names that feeds have reported in 7 days and that no machine on the floor has, the latest first. ignored_by: who does not
-- want to see it; null: nobody.
SELECT name.*, i.ignored_by
FROM (SELECT r.machine, sum(r.times)::bigint AS times, max(r.last_at) AS last_at, array_agg(k.name ORDER BY r.last_at DESC) AS feeds
      FROM feed_unknown_names r JOIN access_keys k ON k.key_id = r.feed_id
      WHERE k.revoked_at IS NULL AND r.last_at > now() - interval '7 days'
      GROUP BY r.machine) AS name
LEFT JOIN ignored_machines i ON i.machine = name.machine
WHERE NOT EXISTS (SELECT FROM machine_feed_stream f WHERE f.machine_id = machine_called(name.machine))
ORDER BY name.last_at DESC, name.machine
LIMIT 200;

-- name: machines_of_many_feeds()
-- Machines that several feeds have reported in 24 hours, with each of them, the latest first.
WITH recent AS MATERIALIZED (
    SELECT f.machine_id, f.feed_id, k.name AS feed, f.last_at
    FROM feed_machines f JOIN access_keys k ON k.key_id = f.feed_id
    WHERE k.revoked_at IS NULL AND f.last_at > now() - interval '24 hours'
), shared AS MATERIALIZED (
    SELECT machine_id, machine_name, name_sort_key(machine_name) AS sort_key FROM machines
    WHERE machine_id IN (SELECT machine_id FROM recent GROUP BY machine_id HAVING count(*) > 1)
)
SELECT machine_id, machine_name, feed_id, feed, last_at FROM shared JOIN recent USING (machine_id)
ORDER BY sort_key, machine_id, last_at DESC
LIMIT 100;

-- name: feed_tail(feed_ids)
-- The last 50 events of each of these feeds, the latest first.
SELECT feed_id, number, received_at, machine, machine_id, status, reason, at, result, message
FROM feed_tail WHERE feed_id = ANY (:feed_ids::integer[]) ORDER BY feed_id, number DESC;

-- name: feed_refusals(feed_ids)
-- What was refused of each of these feeds and why, with the last example: the latest 20 causes of 24 hours. The message of several
-- has an ellipsis for what it quotes, as that may be another text in each.
SELECT r.* FROM unnest(:feed_ids::integer[]) AS wanted (feed_id)
CROSS JOIN LATERAL (
    SELECT feed_id, machine, times, first_at, last_at, status, reason, at,
           CASE WHEN times > 1 AND cause <> message THEN regexp_replace(cause, ' (?=$|[ ,.:;)])', ' …', 'g') ELSE message END AS message
    FROM feed_refusals WHERE feed_id = wanted.feed_id AND last_at > now() - interval '24 hours'
    ORDER BY last_at DESC, cause LIMIT 20) AS r
ORDER BY r.feed_id, r.last_at DESC, r.message;

-- name: feed_to_change(feed_id)^
-- A token that reports, locked.
SELECT key_id AS feed_id, name, silent_after FROM access_keys
WHERE key_id = :feed_id AND 'feed:write' = ANY (scopes) AND revoked_at IS NULL FOR NO KEY UPDATE;

-- name: rename_feed(feed_id, name)!
UPDATE access_keys SET name = :name WHERE key_id = :feed_id;

-- name: set_feed_silent_after(feed_id, silent_after)!
UPDATE access_keys SET silent_after = :silent_after::interval WHERE key_id = :feed_id;

-- name: ignore_machine(machine, ignored_by)$
-- Ignore a name; nothing where it is ignored already.
INSERT INTO ignored_machines (machine, ignored_by) VALUES (:machine, :ignored_by) ON CONFLICT DO NOTHING RETURNING machine;

-- name: stop_ignoring_machine(machine)$
-- Show a name again; nothing where it is not ignored.
DELETE FROM ignored_machines WHERE machine = :machine RETURNING machine;
