-- Everything that the app's login needs, where somebody else made the schema; run by who owns it, or an administrator:
--   psql DATABASE -v app=LOGIN [-v schema=manufacturing_line] [-v hand_over=1] -f sql/admin/grants.sql
-- LOGIN on Databricks: the client id of the app's service principal. It may be run again, and has to be after an upgrade
-- by psql. With hand_over=1 the schema becomes the app's own, so that it can also bring it up to date automatically. That takes
-- a superuser, or a member of LOGIN; on Lakebase nobody is either: there the schema stays yours, or the app makes another.
\set ON_ERROR_STOP on
\if :{?app} \else
    DO $$ BEGIN RAISE 'set app to the login: psql DATABASE -v app=LOGIN -f sql/admin/grants.sql'; END $$;
\endif
\if :{?hand_over} \else \set hand_over 0 \endif
\ir session.sql
BEGIN;
SELECT format('GRANT %s ON DATABASE %I TO %I', privilege, current_database(), :'app')
FROM unnest(ARRAY['CONNECT', 'CREATE']) AS privilege
WHERE NOT has_database_privilege(:'app', current_database(), privilege) \gexec
GRANT USAGE, CREATE ON SCHEMA :"schema" TO :"app";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA :"schema" TO :"app";
GRANT USAGE ON ALL SEQUENCES IN SCHEMA :"schema" TO :"app";
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', oid::regprocedure, :'app')
FROM pg_proc WHERE pronamespace = quote_ident(:'schema')::regnamespace AND proname IN ('forget_history', 'remove_demo',
                                                                 'correct_future_history', 'rebuild_history', 'report_status',
                                                                 'report_events') \gexec
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES IN SCHEMA :"schema" GRANT USAGE ON SEQUENCES TO :"app";

-- A sequence that belongs to a column goes with its table.
\if :hand_over
    SELECT pg_has_role(current_user, :'app', CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER'
                                                  ELSE 'SET' END) AS can_hand_over \gset
    \if :can_hand_over \else
        SELECT set_config('floor.app', :'app', true) \g /dev/null
        DO $$ BEGIN RAISE insufficient_privilege USING
            MESSAGE = format('%I cannot give the schema to %I: it is neither a superuser nor a member of that role',
                             current_user, current_setting('floor.app')),
            HINT = 'Leave out hand_over: the app works with a schema that is yours, and you upgrade it by install.sql and '
                   'grants.sql. Tables of another line monitor are copied by the app itself: LEGACY_SCHEMA.'; END $$;
    \endif
    SELECT format('ALTER %s %I.%I OWNER TO %I',
                  CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
                  :'schema', relname, :'app')
    FROM pg_class
    WHERE relnamespace = quote_ident(:'schema')::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                                              AND relkind = 'S' AND deptype IN ('a', 'i')) \gexec
    SELECT format('ALTER TYPE %I.%I OWNER TO %I', :'schema', relname, :'app')
    FROM pg_class WHERE relnamespace = quote_ident(:'schema')::regnamespace AND relkind = 'c' \gexec
    SELECT format('ALTER ROUTINE %s OWNER TO %I', oid::regprocedure, :'app')
    FROM pg_proc WHERE pronamespace = quote_ident(:'schema')::regnamespace \gexec
    ALTER SCHEMA :"schema" OWNER TO :"app";
\endif
COMMIT;
