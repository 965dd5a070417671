-- name: count_intervals(name, start, until, now)$
-- How many intervals one machine has in a period.
SELECT count(*)
FROM status_intervals(ARRAY[:name::text], ARRAY[:start::timestamptz], ARRAY[:until::timestamptz], :now::timestamptz);
