-- name: try_to_refresh_dashboard()$
-- Whether it is this transaction's turn: one refresh at a time, by psql or an instance of the app.
SELECT pg_try_advisory_xact_lock(7302113007);

-- name: set_plant_clock(time_zone, micro_stop)!
-- By which clock days and hours are counted, and how short a stop is a micro-stop.
UPDATE plant_settings SET time_zone = :time_zone::text, micro_stop = :micro_stop::interval
WHERE (time_zone, micro_stop) IS DISTINCT FROM (:time_zone::text, :micro_stop::interval);

-- name: forget_history(keep, most)$
-- Delete at most so many rows of the history that are older than that; how many.
SELECT forget_history(now() - :keep::interval, :most::bigint);
