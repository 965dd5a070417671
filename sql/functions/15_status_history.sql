-- machine_status_history and data_gaps are append-only.

CREATE OR REPLACE FUNCTION machine_status_history_is_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- any login can set the setting, but only forget_history(), which sets it too, runs as the owner
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'machine_status_history'
       AND current_setting('floor.forgetting', true) = 'yes'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NULL;
    END IF;
    IF TG_OP IN ('UPDATE', 'DELETE') AND current_setting('floor.correcting_clock', true) = 'yes'
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RETURN NULL;  -- inside correct_future_history()
    END IF;
    RAISE insufficient_privilege USING
        MESSAGE = format('%s is append-only: %s is refused', TG_TABLE_NAME, lower(TG_OP)),
        HINT = 'A wrong status is corrected by writing the right one to machine_feed_stream.';
END $$;
CREATE OR REPLACE TRIGGER machine_status_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON machine_status_history
    FOR EACH STATEMENT EXECUTE FUNCTION machine_status_history_is_append_only();
CREATE OR REPLACE TRIGGER data_gaps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON data_gaps
    FOR EACH STATEMENT EXECUTE FUNCTION machine_status_history_is_append_only();

-- Refuse reports of a time whose history was deleted, as they would make the daily sums wrong.
CREATE OR REPLACE FUNCTION machine_status_history_is_forgotten() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.changed_at < (SELECT forgotten_until FROM history_progress) THEN
        RAISE check_violation USING
            MESSAGE = format('history before %s was deleted: a status at %s cannot be added',
                             (SELECT forgotten_until FROM history_progress), NEW.changed_at);
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER machine_status_history_is_forgotten BEFORE INSERT ON machine_status_history
    FOR EACH ROW WHEN (NEW.changed_at < now() - interval '1 day' AND NEW.changed_at > '-infinity')
    EXECUTE FUNCTION machine_status_history_is_forgotten();
