-- A login for one feed, with limits, so that a feed that hangs or leaves a transaction open delays the others by seconds.
-- Run by an administrator who may make roles; it may be run again, also for a login that is there:
--   psql DATABASE -v login=gateway_1 [-v schema=manufacturing_line] -f sql/admin/feed_login.sql -c '\password gateway_1'
\set ON_ERROR_STOP on
\if :{?login} \else
    DO $$ BEGIN RAISE 'which login? psql DATABASE -v login=gateway_1 -f sql/admin/feed_login.sql'; END $$;
\endif
\ir session.sql
BEGIN;
\ir feed_writer.sql
SELECT format('CREATE ROLE %I LOGIN', :'login')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'login') \gexec
GRANT floor_feed_writer TO :"login";
ALTER ROLE :"login" CONNECTION LIMIT 10;
ALTER ROLE :"login" SET statement_timeout = '10s';
ALTER ROLE :"login" SET lock_timeout = '5s';
ALTER ROLE :"login" SET idle_in_transaction_session_timeout = '10s';
SELECT :SERVER_VERSION_NUM >= 170000 AS has_transaction_timeout \gset
\if :has_transaction_timeout
    ALTER ROLE :"login" SET transaction_timeout = '30s';
\endif
COMMIT;
