-- A role for a feed (a PLC gateway, an MES): it can say what a machine's status is, and nothing else.
-- Run once by an administrator; it may be run again:
--   psql DATABASE [-v schema=manufacturing_line] -f sql/admin/feed_writer.sql
-- A feed's own login joins it by feed_login.sql, which also sets the limits that only a login can have.
\set ON_ERROR_STOP on
\ir session.sql
DO $$
BEGIN
    CREATE ROLE floor_feed_writer NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

GRANT USAGE ON SCHEMA :"schema" TO floor_feed_writer;
GRANT SELECT, UPDATE (status, reason, datetime) ON machine_feed_stream TO floor_feed_writer;
GRANT EXECUTE ON FUNCTION report_status TO floor_feed_writer;
