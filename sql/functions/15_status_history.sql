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

CREATE OR REPLACE FUNCTION deleted_history_problem() RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT format('history before %s was deleted: an earlier status cannot be added',
                  to_char(forgotten_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'))
    FROM history_upkeep
$$;

-- Refuse reports of a time whose history was deleted, as they would make the daily sums wrong.
CREATE OR REPLACE FUNCTION machine_status_history_is_forgotten() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.happened_at < (SELECT forgotten_until FROM history_upkeep) THEN
        RAISE check_violation USING MESSAGE = deleted_history_problem();
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER machine_status_history_is_forgotten BEFORE INSERT ON machine_status_history
    FOR EACH ROW WHEN (NEW.happened_at < now() - interval '1 day')
    EXECUTE FUNCTION machine_status_history_is_forgotten();
