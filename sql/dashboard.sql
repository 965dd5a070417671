-- Brings the eight dashboard tables up to date by hand; the app does it every DASHBOARD_REFRESH_SECONDS.
--   psql DATABASE -v schema=manufacturing_line -f sql/dashboard.sql
-- The queries, and what each number means: sql/queries/dashboard.sql.
\set ON_ERROR_STOP on
\if :{?schema} \else \set schema manufacturing_line \endif
SET search_path = :"schema", pg_temp;
SET client_min_messages = warning;
SET jit = off;
\o /dev/null
SELECT pg_advisory_lock(7302113007);  -- one refresh at a time, by psql or an instance of the app
SELECT refresh_history();
BEGIN ISOLATION LEVEL REPEATABLE READ;
\ir queries/dashboard.sql
COMMIT;
SELECT pg_advisory_unlock(7302113007);
\o
SELECT 'The dashboard tables are as of ' || max(last_updated) FROM dashboard_executive_kpis;
