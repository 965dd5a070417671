-- machine_status_history and data_gaps are append-only.

CREATE OR REPLACE FUNCTION history_is_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' AND is_history_upkeep() THEN
        RETURN NULL;  -- inside forget_history() or correct_future_history()
    END IF;
    RAISE insufficient_privilege USING
        MESSAGE = format('%s is append-only: %s is refused', TG_TABLE_NAME, lower(TG_OP)),
        HINT = 'A wrong status is corrected by writing the right one to machine_feed_stream.';
END $$;
CREATE OR REPLACE TRIGGER machine_status_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON machine_status_history
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();
CREATE OR REPLACE TRIGGER data_gaps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON data_gaps
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_append_only();

-- Refuse reports of a time whose history was deleted, as they would make the daily sums wrong.
CREATE OR REPLACE FUNCTION machine_status_history_is_forgotten() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.happened_at < (SELECT forgotten_until FROM history_upkeep) THEN
        RAISE check_violation USING
            MESSAGE = format('history before %s was deleted: a status at %s cannot be added',
                             (SELECT forgotten_until FROM history_upkeep), NEW.happened_at);
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER machine_status_history_is_forgotten BEFORE INSERT ON machine_status_history
    FOR EACH ROW WHEN (NEW.happened_at < now() - interval '1 day')
    EXECUTE FUNCTION machine_status_history_is_forgotten();
