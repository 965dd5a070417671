-- A role for a feed (a PLC gateway, an MES): it can say what a machine's status is, and nothing else.
-- Run once by an administrator in the floor's schema; it may be run again. A feed's own login joins it by
-- feed_login.sql, which also sets the limits that only a login can have.
DO $$
BEGIN
    CREATE ROLE floor_feed_writer NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$ BEGIN EXECUTE format('GRANT USAGE ON SCHEMA %I TO floor_feed_writer', current_schema()); END $$;
GRANT SELECT, UPDATE (status, reason, datetime) ON machine_feed_stream TO floor_feed_writer;
