-- Makes or upgrades the floor's schema with psql alone; the app does the same automatically when it starts.
--   psql DATABASE [-v schema=manufacturing_line] [-v new_floor=demo] [-v legacy_schema=public] -f sql/admin/install.sql
-- A new schema becomes an empty plant, or with new_floor=demo a demo: thirty machines and fifteen people, simulated.
-- One transaction: the functions that tables use, the tables, the other functions, triggers and views, and what is imported.
\set ON_ERROR_STOP on
\set program 0.3.0
\if :{?schema} \else \set schema manufacturing_line \endif
\if :{?new_floor} \else \set new_floor empty \endif
\if :{?legacy_schema} \else \set legacy_schema '' \endif
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL standard_conforming_strings = on;
SET LOCAL statement_timeout = 0;
SELECT format('CREATE SCHEMA %I', :'schema') WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = :'schema') \gexec
SELECT set_config('floor.legacy_schema', :'legacy_schema', true) \g /dev/null
SET search_path = :"schema", pg_temp;  -- functions keep this path
\ir ../migrations/0000_migrations.sql
\ir ../legacy_import/1_set_aside.sql
SET LOCAL lock_timeout = '60s';
LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE;  -- an app that starts meanwhile takes turns
SELECT NOT EXISTS (SELECT FROM schema_migrations) AS is_new \gset

-- A schema that another version wrote is refused as the app does (floor/db/schema_version.py).
SELECT set_config('floor.refusal', coalesce((
    WITH known (version, sha256) AS (VALUES
        (1, '6a50425596718750c7acb99d9a14570a9c22ee48d83fc12eb88be5cf6a50ef33'),
        (2, 'c2a55a5d8e21cf477d77168a069455edea73330def721d27057dd8a740b08147'),
        (3, 'aa2eea08f2912cfab85bb57b80bf06c8e39878d5874f41c31bdb7fb742c7dee7'),
        (4, '87ce51233b900da38dac9bf1fcdf8c3017bf8537699d4ca920591339acd0a1a3'),
        (5, 'db32080ce8cc6eee5d486c22a5b6b1989794b60fe557460237d5180411e5decd'),
        (6, 'e692da98a3c5b7b831a16c5da967d46619eba61ce7a207dfa7f4c3470109a42d'),
        (7, '5f36dbbb32abe067fc05ab3307f5118bd3c6296ee0c425b0b9b4b834a12549a0'),
        (8, 'f9237b246d7177d5e0ba6dc6e38197d5ef82ae99abf2d2d432b26e5cfbde37f7'),
        (9, 'f4cb8b1133b927dc0cf51461d7d138d54bc03e235b7aa5b245bdb55c8d854752'),
        (10, '56dc0b716e3c002c1abda3a2c67a76b952f07dd50480db38ec29867b46853a35'),
        (11, '6fed2e00a109dc9f8334f0d516d192952cb37580db25690c3b6f9cc8a04bc340'),
        (12, '40254c862eb3f1ee8dae8b6f80f8b8e112ffb77d579f5eadf21dbae07be8b2fc'),
        (13, '7c4d60e6481da6d958f0090bd28c8c4c7b228c5ad77d7f28e001875882a78326'),
        (14, '8aaed4bebd7e9ce0c34f14bdde8e15cffff8f09bab10f2ad94c89c43d6133086'),
        (15, '612231bf1c35f06523d934336b45ebab94924a240e511f941c5d2c23bc1c7d0e'),
        (16, '646d61bc21b9f16685b104eece766096751558784c75ab585a4fb0aa20628c55'),
        (17, 'a926658dff7d9d2d134ce4601d55933a0c0b3c90504bea7add3d80152f05c7f2'),
        (18, '982527442db7ac9e13744ef3f65b66cdf74152b0c72a0a75ed6bdffafb713464'),
        (19, 'cc13318e1fb18690957e53aa3bbd8cbbd0ebd83819a261a9b934f5f49cf08256'),
        (20, '250849463d9300e09be8759920dc51a064a782ae6c424b275e1e25cd1d20dba8'),
        (21, 'e7a58a08cfffea4be832554a9f37204ec1ba5248be32770a9df27324aa37461d'),
        (22, '35546c35e8fbb0af860dfb18de7138f2d5c3298bda7595f5148cbcba7dc427ac'),
        (23, 'e9be8ee7053a381c919d299a1cec502d3255587f9d78c085cc2826a629bda4f0'),
        (24, '6a12623bd8fc9d29357428fe892523faa708338d64b7af6d0420ecf8ab9869d7'),
        (25, '3e0b77adaef7f8479c830f68d6d06ce7bef120a948c6ea94b5e83f78a5a6befa'),
        (26, 'a8f1a53dc62e291b10cce998f7d540caae0666379a10b8be22aef9a214982bfd'),
        (27, 'f9de96f82b65f05def462ac8e3bf5b49e4d8940c19476d7430a4fbce94e82ccc'),
        (28, 'c4f0bd987882823ab5a7b297f884acefc9ea1f9d180f24696c6173187746ae36'))
    SELECT format(CASE
            WHEN m.app_version IS NULL AND m.version = 1 THEN
                'the schema "%1$s" was written before Line Monitor 0.2.0, the first release, and no release can open it: install '
                'into a new schema, with -v legacy_schema=%1$s to copy its machines, people and work orders'
            WHEN k.version IS NULL THEN
                'the schema "%1$s" was written by Line Monitor %2$s (schema %3$s); this is %5$s, which knows schemas up to %6$s: '
                'use the install.sql of %2$s or newer, or restore a backup made by %5$s'
            ELSE
                'the schema "%1$s" has another text of migration %4$s than this program, %5$s: it was applied by Line Monitor %2$s, '
                'so use the install.sql of %2$s or newer as it was released' END,
        :'schema', coalesce(m.app_version, 'of a later version'), m.version, to_char(m.version, 'FM0000_') || m.name, :'program',
        (SELECT max(version) FROM known))
    FROM schema_migrations m LEFT JOIN known k USING (version)
    WHERE m.app_version IS NULL AND m.version = 1 OR k.version IS NULL OR m.sha256 <> k.sha256
    ORDER BY m.app_version IS NULL AND m.version = 1 DESC, k.version IS NULL DESC, m.version DESC
    LIMIT 1), ''), true) \g /dev/null
DO $$ BEGIN
    IF current_setting('floor.refusal') <> '' THEN
        RAISE object_not_in_prerequisite_state USING MESSAGE = current_setting('floor.refusal');
    END IF;
END $$;

-- Used by the tables' checks and defaults.
\ir ../functions/00_function_files.sql
CALL record_function_file('00_function_files.sql', NULL, :'program');
\ir ../functions/01_visible_text.sql
CALL record_function_file('01_visible_text.sql', NULL, :'program');
\ir ../functions/02_simulator_name.sql
CALL record_function_file('02_simulator_name.sql', NULL, :'program');
\ir ../functions/03_constants.sql
CALL record_function_file('03_constants.sql', NULL, :'program');

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 1) AS wanted \gset
\if :wanted
    \ir ../migrations/0001_floor.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (1, 'floor', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 2) AS wanted \gset
\if :wanted
    \ir ../migrations/0002_work_orders.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (2, 'work_orders', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 3) AS wanted \gset
\if :wanted
    \ir ../migrations/0003_history.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (3, 'history', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 4) AS wanted \gset
\if :wanted
    \ir ../migrations/0004_dashboard.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (4, 'dashboard', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 5) AS wanted \gset
\if :wanted
    \ir ../migrations/0005_report_settings.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (5, 'report_settings', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 6) AS wanted \gset
\if :wanted
    \ir ../migrations/0006_plant.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (6, 'plant', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 7) AS wanted \gset
\if :wanted
    \ir ../migrations/0007_areas.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (7, 'areas', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 8) AS wanted \gset
\if :wanted
    \ir ../migrations/0008_sessions.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (8, 'sessions', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 9) AS wanted \gset
\if :wanted
    \ir ../migrations/0009_access_keys.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (9, 'access_keys', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 10) AS wanted \gset
\if :wanted
    \ir ../migrations/0010_machine_icons.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (10, 'machine_icons', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 11) AS wanted \gset
\if :wanted
    \ir ../migrations/0011_sheet_imports.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (11, 'sheet_imports', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 12) AS wanted \gset
\if :wanted
    \ir ../migrations/0012_feeds.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (12, 'feeds', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 13) AS wanted \gset
\if :wanted
    \ir ../migrations/0013_plant_settings.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (13, 'plant_settings', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 14) AS wanted \gset
\if :wanted
    \ir ../migrations/0014_machine_hours.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (14, 'machine_hours', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 15) AS wanted \gset
\if :wanted
    \ir ../migrations/0015_stop_days.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (15, 'stop_days', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 16) AS wanted \gset
\if :wanted
    \ir ../migrations/0016_day_start.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (16, 'day_start', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 17) AS wanted \gset
\if :wanted
    \ir ../migrations/0017_lost_signals.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (17, 'lost_signals', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 18) AS wanted \gset
\if :wanted
    \ir ../migrations/0018_machine_counts.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (18, 'machine_counts', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 19) AS wanted \gset
\if :wanted
    \ir ../migrations/0019_display_names.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (19, 'display_names', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 20) AS wanted \gset
\if :wanted
    \ir ../migrations/0020_feed_pages.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (20, 'feed_pages', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 21) AS wanted \gset
\if :wanted
    \ir ../migrations/0021_people_tokens.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (21, 'people_tokens', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 22) AS wanted \gset
\if :wanted
    \ir ../migrations/0022_moves_while_down.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (22, 'moves_while_down', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 23) AS wanted \gset
\if :wanted
    \ir ../migrations/0023_refusals_by_cause.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (23, 'refusals_by_cause', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 24) AS wanted \gset
\if :wanted
    \ir ../migrations/0024_dashboard_days.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (24, 'dashboard_days', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 25) AS wanted \gset
\if :wanted
    \ir ../migrations/0025_status_days.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (25, 'status_days', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 26) AS wanted \gset
\if :wanted
    \ir ../migrations/0026_announced_limits.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (26, 'announced_limits', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 27) AS wanted \gset
\if :wanted
    \ir ../migrations/0027_floor_sums.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (27, 'floor_sums', :'program');
\endif

SELECT NOT EXISTS (SELECT FROM schema_migrations WHERE version = 28) AS wanted \gset
\if :wanted
    \ir ../migrations/0028_present_day.sql
    INSERT INTO schema_migrations (version, name, app_version) VALUES (28, 'present_day', :'program');
\endif

-- psql cannot tell which of these have changed, so it applies all of them.
\ir ../functions/10_announcements.sql
CALL record_function_file('10_announcements.sql', NULL, :'program');
\ir ../functions/11_plant_kind.sql
CALL record_function_file('11_plant_kind.sql', NULL, :'program');
\ir ../functions/12_clock.sql
CALL record_function_file('12_clock.sql', NULL, :'program');
\ir ../functions/13_feed_rows.sql
CALL record_function_file('13_feed_rows.sql', NULL, :'program');
\ir ../functions/14_feed_changes.sql
CALL record_function_file('14_feed_changes.sql', NULL, :'program');
\ir ../functions/15_status_history.sql
CALL record_function_file('15_status_history.sql', NULL, :'program');
\ir ../functions/16_clock_corrections.sql
CALL record_function_file('16_clock_corrections.sql', NULL, :'program');
\ir ../functions/17_machines.sql
CALL record_function_file('17_machines.sql', NULL, :'program');
\ir ../functions/18_lost_signals.sql
CALL record_function_file('18_lost_signals.sql', NULL, :'program');
\ir ../functions/18_report_status.sql
CALL record_function_file('18_report_status.sql', NULL, :'program');
\ir ../functions/19_missed_changes.sql
CALL record_function_file('19_missed_changes.sql', NULL, :'program');
\ir ../functions/20_people.sql
CALL record_function_file('20_people.sql', NULL, :'program');
\ir ../functions/21_new_work_orders.sql
CALL record_function_file('21_new_work_orders.sql', NULL, :'program');
\ir ../functions/22_work_order_changes.sql
CALL record_function_file('22_work_order_changes.sql', NULL, :'program');
\ir ../functions/23_work_order_events.sql
CALL record_function_file('23_work_order_events.sql', NULL, :'program');
\ir ../functions/24_work_order_announcements.sql
CALL record_function_file('24_work_order_announcements.sql', NULL, :'program');
\ir ../functions/25_automatic_work_orders.sql
CALL record_function_file('25_automatic_work_orders.sql', NULL, :'program');
\ir ../functions/26_simulated_orders.sql
CALL record_function_file('26_simulated_orders.sql', NULL, :'program');
\ir ../functions/27_plant_changes.sql
CALL record_function_file('27_plant_changes.sql', NULL, :'program');
\ir ../functions/28_access.sql
CALL record_function_file('28_access.sql', NULL, :'program');
\ir ../functions/29_sheet_imports.sql
CALL record_function_file('29_sheet_imports.sql', NULL, :'program');
\ir ../functions/30_text_search.sql
CALL record_function_file('30_text_search.sql', NULL, :'program');
\ir ../functions/31_work_order_texts.sql
CALL record_function_file('31_work_order_texts.sql', NULL, :'program');
\ir ../functions/32_work_order_lists.sql
CALL record_function_file('32_work_order_lists.sql', NULL, :'program');
\ir ../functions/33_feed_events.sql
CALL record_function_file('33_feed_events.sql', NULL, :'program');
\ir ../functions/34_plant_settings.sql
CALL record_function_file('34_plant_settings.sql', NULL, :'program');
\ir ../functions/35_feed_pages.sql
CALL record_function_file('35_feed_pages.sql', NULL, :'program');
\ir ../functions/36_silent_feeds.sql
CALL record_function_file('36_silent_feeds.sql', NULL, :'program');
\ir ../functions/41_intervals.sql
CALL record_function_file('41_intervals.sql', NULL, :'program');
\ir ../functions/42_stops.sql
CALL record_function_file('42_stops.sql', NULL, :'program');
\ir ../functions/43_stop_orders.sql
CALL record_function_file('43_stop_orders.sql', NULL, :'program');
\ir ../functions/44_waits.sql
CALL record_function_file('44_waits.sql', NULL, :'program');
\ir ../functions/45_day_clock.sql
CALL record_function_file('45_day_clock.sql', NULL, :'program');
\ir ../functions/45_days.sql
CALL record_function_file('45_days.sql', NULL, :'program');
\ir ../functions/46_rebuild.sql
CALL record_function_file('46_rebuild.sql', NULL, :'program');
\ir ../functions/47_parts.sql
CALL record_function_file('47_parts.sql', NULL, :'program');
\ir ../functions/48_sum_day.sql
CALL record_function_file('48_sum_day.sql', NULL, :'program');
\ir ../functions/49_status_days.sql
CALL record_function_file('49_status_days.sql', NULL, :'program');
\ir ../functions/49_stop_days.sql
CALL record_function_file('49_stop_days.sql', NULL, :'program');
\ir ../functions/50_machine_times.sql
CALL record_function_file('50_machine_times.sql', NULL, :'program');
\ir ../functions/51_hours.sql
CALL record_function_file('51_hours.sql', NULL, :'program');
\ir ../functions/52_machine_charges.sql
CALL record_function_file('52_machine_charges.sql', NULL, :'program');
\ir ../functions/53_stops_in_parts.sql
CALL record_function_file('53_stops_in_parts.sql', NULL, :'program');
\ir ../functions/54_listed_stops.sql
CALL record_function_file('54_listed_stops.sql', NULL, :'program');
\ir ../functions/60_dashboard.sql
CALL record_function_file('60_dashboard.sql', NULL, :'program');
\ir ../functions/61_retention.sql
CALL record_function_file('61_retention.sql', NULL, :'program');
\ir ../functions/62_owner_settings.sql
CALL record_function_file('62_owner_settings.sql', NULL, :'program');
\ir ../functions/63_demo.sql
CALL record_function_file('63_demo.sql', NULL, :'program');
CALL drop_removed_functions();

\if :is_new
    \ir ../legacy_import/2_machines_and_people.sql
    \ir ../legacy_import/3_work_orders.sql
\endif

SELECT NOT EXISTS (SELECT FROM plant) AS wanted \gset
\if :wanted
    SELECT set_config('floor.new_floor', :'new_floor', true);
    \ir new_floor.sql
\endif
COMMIT;
