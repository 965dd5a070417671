-- name: lock_dashboard()!
-- One refresh at a time, by psql or an instance of the app; refused where another is at it. Before anything is read, so
-- that what is read is what the other one left. Only who may write the table can lock it so.
LOCK TABLE dashboard_executive_kpis IN SHARE ROW EXCLUSIVE MODE NOWAIT;

-- name: forget_history(keep, most)$
-- Delete at most so many rows of the history that are older than that; how many. None in the first day after the clock
-- has leapt: one that is wrongly years ahead would delete everything.
SELECT CASE WHEN (SELECT steady_since < now() - interval '1 day' FROM history_upkeep)
            THEN forget_history(now() - :keep::interval, :most::bigint) ELSE 0 END;
