-- name: count_intervals(name, start, until, now)$
-- How many intervals one machine has in a period.
SELECT count(*)
FROM gapless_intervals(machine_called(:name::text), :start::timestamptz, :until::timestamptz, :now::timestamptz);
