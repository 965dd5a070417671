-- name: count_intervals(name, start, until, now)$
-- How many intervals one machine has in a period.
SELECT count(*)
FROM gapless_intervals(machine_called(:name::text), :start::timestamptz, :until::timestamptz, :now::timestamptz);

-- name: machine_counts(name, start, until, skip, most)
-- What one machine made in each minute that began in a period, in order.
SELECT minute, good, reject, cycles FROM machine_counts
WHERE machine_id = machine_called(:name::text) AND minute >= :start::timestamptz AND minute < :until::timestamptz
ORDER BY minute LIMIT :most::bigint OFFSET :skip::bigint;

-- name: count_machine_counts(name, start, until)$
-- How many of these minutes there are.
SELECT count(*) FROM machine_counts
WHERE machine_id = machine_called(:name::text) AND minute >= :start::timestamptz AND minute < :until::timestamptz;
