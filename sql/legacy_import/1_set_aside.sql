-- Tables that another line monitor left in this schema under the names of the app's tables are set aside: renamed to adopted_...,
-- with all their rows, indexes and triggers. What is in them is taken over by the files beside this one.
-- Renaming takes their owner. With another schema in the setting floor.legacy_schema its tables are copied, with the rows
-- that they have now, which takes SELECT and changes nothing in that schema.
DO $$
DECLARE
    home    oid := (SELECT oid FROM pg_namespace WHERE nspname = current_schema());
    feed    text := 'machine_feed_stream';
    needed  jsonb := jsonb_build_object(
        feed,          ARRAY['machine_id', 'machine_name', 'status'],
        'work_orders', ARRAY['id', 'machine_id', 'issue_description', 'status'],
        'employees',   ARRAY['id', 'first_name', 'last_name', 'email']);
    derived text[] := ARRAY['dashboard_current_machine_status', 'dashboard_machine_uptime_7days',
        'dashboard_problematic_machines_30days', 'dashboard_hourly_status_patterns', 'dashboard_work_order_status_summary',
        'dashboard_work_order_trends_30days', 'dashboard_executive_kpis', 'dashboard_machine_status_changes_7days'];
    old     record;
    part    record;
    source  text := nullif(current_setting('floor.legacy_schema', true), '');
    origin  oid;
BEGIN
    IF EXISTS (SELECT FROM schema_migrations) THEN
        RETURN;
    END IF;
    IF source IS NOT NULL AND source <> current_schema() THEN
        SELECT oid INTO origin FROM pg_namespace WHERE nspname = source;
        IF origin IS NULL OR NOT has_schema_privilege(origin, 'USAGE') OR EXISTS (
            SELECT FROM pg_class WHERE relnamespace = origin AND needed ? relname AND NOT has_table_privilege(oid, 'SELECT'))
        THEN
            RAISE syntax_error_or_access_rule_violation USING MESSAGE = format(
                'the tables in LEGACY_SCHEMA=%1$s cannot be read. Their owner has to run: '
                'GRANT USAGE ON SCHEMA %1$I TO %2$I; GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO %2$I;',
                source, current_user);
        END IF;
        FOR old IN
            SELECT c.oid, c.relname,
                   ARRAY(SELECT jsonb_array_elements_text(needed -> relname)) <@ ARRAY(
                       SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
                   AS is_known
            FROM pg_class c WHERE relnamespace = origin AND relkind IN ('r', 'p', 'v', 'm') AND needed ? relname
        LOOP
            IF NOT old.is_known THEN
                RAISE undefined_column USING MESSAGE = format(
                    'the table %I in LEGACY_SCHEMA=%s is not one that can be taken over: it lacks a column of %s',
                    old.relname, source, needed -> old.relname);
            END IF;
            EXECUTE format('CREATE TABLE %I AS TABLE %I.%I', left('adopted_' || old.relname, 63), source, old.relname);
        END LOOP;
        IF to_regclass('adopted_' || feed) IS NULL THEN
            RAISE undefined_table USING MESSAGE = format('there is no table %s in LEGACY_SCHEMA=%s', feed, source);
        END IF;
        RETURN;
    END IF;
    IF to_regclass(quote_ident(feed)) IS NULL THEN
        RETURN;
    END IF;
    FOR old IN
        SELECT relname FROM pg_class c
        WHERE relnamespace = home AND relkind IN ('r', 'p') AND needed ? relname
          AND NOT ARRAY(SELECT jsonb_array_elements_text(needed -> relname)) <@
                  ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
    LOOP
        RETURN;  -- not what we know: the migration will say that the name is taken
    END LOOP;
    FOR old IN
        SELECT oid, relname, relkind FROM pg_class
        WHERE relnamespace = home AND relkind IN ('r', 'p', 'v', 'm') AND (needed ? relname OR relname = ANY (derived))
    LOOP
        FOR part IN
            SELECT c.relname, c.relkind FROM pg_class c
            WHERE c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = old.oid)
               OR c.relkind = 'S' AND c.oid IN (SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass
                                                AND refobjid = old.oid AND deptype IN ('a', 'i'))
        LOOP
            EXECUTE format('ALTER %s %I RENAME TO %I', CASE part.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'INDEX' END,
                           part.relname, left('adopted_' || part.relname, 63));
        END LOOP;
        EXECUTE format('ALTER %s %I RENAME TO %I',
                       CASE old.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END,
                       old.relname, left('adopted_' || old.relname, 63));
    END LOOP;
END $$;

-- What somebody made by hand under the names of the dashboard tables is set aside with its rows: adopted_...
DO $$
DECLARE
    old record;
BEGIN
    IF EXISTS (SELECT FROM schema_migrations) THEN
        RETURN;
    END IF;
    FOR old IN
        WITH home AS (
            SELECT oid, relname, relkind FROM pg_class
            WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
        ), taken AS (
            SELECT oid, relname, relkind FROM home
            WHERE relkind IN ('r', 'p', 'v', 'm')
              AND relname IN ('dashboard_current_machine_status', 'dashboard_machine_uptime_7days',
                  'dashboard_problematic_machines_30days', 'dashboard_hourly_status_patterns',
                  'dashboard_work_order_status_summary', 'dashboard_work_order_trends_30days',
                  'dashboard_executive_kpis', 'dashboard_machine_status_changes_7days')
        )
        SELECT relname, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
        FROM taken
        UNION ALL
        SELECT home.relname, 'INDEX' FROM taken JOIN pg_index ON indrelid = taken.oid JOIN home ON home.oid = indexrelid
    LOOP
        EXECUTE format('ALTER %s %I RENAME TO %I', old.kind, old.relname, left('adopted_' || old.relname, 63));
    END LOOP;
END $$;
