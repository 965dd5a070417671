-- name: largest_intervals(names, start, until, now, kpi, skip, most)
-- What some machines were in a period: first what lowers a share (of uptime_share, availability or coverage), then what raises it,
-- then what it does not count, each the longest first. Of waiting: only when they waited.
SELECT machine_name, since, until, status, reason, waits
FROM (SELECT m.machine_name, s.*, wait_kind(s.status, s.reason) IS NOT NULL AS waits
      FROM machines m
      CROSS JOIN LATERAL gapless_intervals(m.machine_id, :start::timestamptz, :until::timestamptz, :now::timestamptz) s
      WHERE m.machine_name = ANY (:names::text[])) AS s
WHERE waits OR :kpi::text <> 'waiting'
ORDER BY CASE WHEN :kpi = 'coverage' THEN CASE WHEN status = 'unknown' THEN 0 ELSE 1 END
              WHEN status = 'unknown' THEN 2 WHEN status = 'down' OR (waits AND :kpi = 'availability') THEN 0 ELSE 1 END,
         until - since DESC, since, machine_name COLLATE "C" LIMIT :most OFFSET :skip;

-- name: largest_losses(names, start, until, now, kpi, skip, most)
-- What largest_intervals begins with, of uptime_share, availability or waiting: the losses, the longest first. Only the days are read in
-- which one as long as the last of the page ended. Fewer than most: the rest of the page is not among the losses. names null: all machines.
WITH day AS MATERIALIZED (
    SELECT day, since, until, micros(since - :start) AS elapsed  -- of the window, before the day
    FROM days_of_parts(ARRAY[:start::timestamptz], ARRAY[:until::timestamptz])
), whole AS NOT MATERIALIZED (  -- is_inside: the longest began in the window
    SELECT d.machine_id, day.since, day.until, loss.length, loss.length <= day.elapsed AS is_inside
    FROM machine_days d JOIN day USING (day)
    CROSS JOIN LATERAL (SELECT CASE :kpi::text WHEN 'availability' THEN greatest(d.longest_down, d.longest_wait)
                                    WHEN 'waiting' THEN d.longest_wait ELSE d.longest_down END AS length) AS loss
    WHERE (:names::text[] IS NULL OR d.machine_id = ANY ((SELECT machine_ids(:names))::integer[])) AND loss.length > 0
), recent AS (  -- of the last day: as many of them as a page has bound where the page ends
    SELECT length FROM whole WHERE since = (SELECT max(since) FROM day) AND is_inside
    ORDER BY length DESC LIMIT 1 OFFSET :skip::bigint + :most::bigint - 1
), part AS MATERIALIZED (
    SELECT * FROM whole WHERE NOT is_inside OR length >= coalesce((SELECT length FROM recent), 0)
), last AS (  -- at least so long is the last of the page
    SELECT length FROM part WHERE is_inside ORDER BY length DESC LIMIT 1 OFFSET :skip + :most - 1
), candidate AS (
    SELECT machine_id, since, until FROM part WHERE NOT is_inside OR length >= coalesce((SELECT length FROM last), 0)
    UNION ALL  -- what no day has, and what goes on at one of the ends; mostly these overlap, and are looked up once
    SELECT m.id, lower(rest), upper(rest)
    FROM unnest(machine_ids(:names)) AS m (id)
    CROSS JOIN unnest((SELECT range_agg(tstzrange(piece.since, piece.until))
                       FROM (SELECT * FROM rest_of_days(:start, :until)
                             UNION ALL VALUES (:start, :start + interval '1 microsecond'),
                                              (:until - interval '1 microsecond', :until)) AS piece (since, until))) AS rest
), loss AS (
    SELECT DISTINCT i.machine_id, greatest(i.since, :start) AS since, least(i.until, :until) AS until, i.status, i.reason
    FROM candidate c CROSS JOIN LATERAL whole_intervals(ARRAY[c.machine_id], c.since, c.until, :now::timestamptz) i
    WHERE i.until > :start AND i.since < :until AND :start < :until
      AND (i.status = 'down' AND :kpi <> 'waiting'
           OR :kpi IN ('availability', 'waiting') AND wait_kind(i.status, i.reason) IS NOT NULL)
)
SELECT m.machine_name, loss.since, loss.until, loss.status, loss.reason, loss.status = 'warning' AS waits
FROM loss JOIN machines m USING (machine_id)
WHERE micros(loss.until - loss.since) >= coalesce((SELECT length FROM last), 0)
ORDER BY loss.until - loss.since DESC, loss.since, m.machine_name COLLATE "C" LIMIT :most OFFSET :skip;
