-- Makes or upgrades the floor's schema with psql alone; the app does the same by itself when it starts.
--   psql DATABASE [-v schema=manufacturing_line] [-v new_floor=demo] [-v legacy_schema=public] -f sql/install.sql
-- A new schema becomes an empty plant, or with new_floor=demo a demo: thirty machines and fifteen people, simulated.
\set ON_ERROR_STOP on
\if :{?schema} \else \set schema manufacturing_line \endif
\if :{?new_floor} \else \set new_floor empty \endif
\if :{?legacy_schema} \else \set legacy_schema '' \endif
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL standard_conforming_strings = on;
SET LOCAL statement_timeout = 0;
SELECT format('CREATE SCHEMA %I', :'schema') WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = :'schema') \gexec
SELECT set_config('floor.legacy_schema', :'legacy_schema', true) \g /dev/null
SET search_path = :"schema";
\ir migrations/0000_migrations.sql
\ir adoption/0000_migrations.sql
SET LOCAL lock_timeout = '60s';
LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE;  -- an app that starts meanwhile takes turns

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 1) AS wanted \gset
\if :wanted
    \ir migrations/0001_floor.sql
    INSERT INTO schema_migrations (version, name) VALUES (1, 'floor');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 2) AS wanted \gset
\if :wanted
    \ir migrations/0002_plant.sql
    \ir adoption/0002_plant.sql
    INSERT INTO schema_migrations (version, name) VALUES (2, 'plant');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 3) AS wanted \gset
\if :wanted
    \ir migrations/0003_work_orders.sql
    \ir adoption/0003_work_orders.sql
    INSERT INTO schema_migrations (version, name) VALUES (3, 'work_orders');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 4) AS wanted \gset
\if :wanted
    \ir migrations/0004_history.sql
    INSERT INTO schema_migrations (version, name) VALUES (4, 'history');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 5) AS wanted \gset
\if :wanted
    \ir migrations/0005_dashboard.sql
    INSERT INTO schema_migrations (version, name) VALUES (5, 'dashboard');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 6) AS wanted \gset
\if :wanted
    \ir migrations/0006_lists.sql
    INSERT INTO schema_migrations (version, name) VALUES (6, 'lists');
\endif

SELECT NOT EXISTS (SELECT FROM plant) AS wanted \gset
\if :wanted
    SELECT set_config('floor.new_floor', :'new_floor', true);
    \ir new_floor.sql
\endif
COMMIT;
