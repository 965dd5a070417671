-- Brings the eight dashboard tables up to date by hand; the app does it every DASHBOARD_REFRESH_SECONDS.
--   psql DATABASE -v schema=manufacturing_line -f sql/admin/dashboard.sql
-- The queries, and what each number means: sql/queries/dashboard.sql.
\set ON_ERROR_STOP on
\ir session.sql
SET jit = off;
\o /dev/null
SELECT history_state() = 'creating' AS creating \gset
\if :creating \o \echo 'A history is being created: the dashboard tables stay empty until it is there.' \q \endif
SELECT refresh_days();
BEGIN ISOLATION LEVEL REPEATABLE READ;
LOCK TABLE dashboard_executive_kpis IN SHARE ROW EXCLUSIVE MODE;  -- one refresh at a time, by psql or the app
\ir ../queries/dashboard.sql
COMMIT;
\o
SELECT 'The dashboard tables are as of ' || max(last_updated) FROM dashboard_executive_kpis;
