-- What only the owner of the tables can do, for an owner that no person signs in as (on Databricks, the app).

-- Gives these roles what sql/admin/feed_writer.sql gives, and takes it from those that are no longer named. Returns the roles that
-- do not exist.
CREATE OR REPLACE FUNCTION grant_feed_writers(wanted text[]) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    writer text;
BEGIN
    LOCK TABLE feed_writers IN SHARE ROW EXCLUSIVE MODE;  -- two that grant at once fail
    FOR writer IN DELETE FROM feed_writers WHERE role_name <> ALL (wanted) RETURNING role_name LOOP
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = writer) THEN
            EXECUTE format('REVOKE SELECT, UPDATE (status, reason, datetime) ON machine_feed_stream FROM %I', writer);
            EXECUTE format('REVOKE EXECUTE ON FUNCTION report_status FROM %I', writer);
            EXECUTE format('REVOKE USAGE ON SCHEMA %I FROM %I', current_schema(), writer);
        END IF;
    END LOOP;
    FOR writer IN SELECT unnest(wanted) LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = writer) THEN
            RETURN NEXT writer;
        ELSE
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), writer);
            EXECUTE format('GRANT SELECT, UPDATE (status, reason, datetime) ON machine_feed_stream TO %I', writer);
            EXECUTE format('GRANT EXECUTE ON FUNCTION report_status TO %I', writer);
            INSERT INTO feed_writers VALUES (writer) ON CONFLICT DO NOTHING;
        END IF;
    END LOOP;
END $$;

-- Lakebase feeds the changes of tables with replica identity FULL to Delta tables, where their columns have plain types.
-- Returns the tables whose identity it changed; an update writes a little more while it is FULL.
CREATE OR REPLACE FUNCTION set_change_data_feed(wanted boolean) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    fed text;
BEGIN
    FOR fed IN
        SELECT relname FROM pg_class
        WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
          AND relname IN ('production_lines', 'machines', 'machine_feed_stream', 'machine_status_history',
              'status_intervals', 'data_gaps', 'machine_stops', 'machine_placements', 'machine_days', 'line_hours', 'stop_days',
              'machine_counts', 'employees', 'work_orders', 'work_order_events', 'work_order_checklist')
          AND (relreplident = 'f') <> wanted
    LOOP
        EXECUTE format('ALTER TABLE %I REPLICA IDENTITY %s', fed, CASE WHEN wanted THEN 'FULL' ELSE 'DEFAULT' END);
        RETURN NEXT fed;
    END LOOP;
END $$;
