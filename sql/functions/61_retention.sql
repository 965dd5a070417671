-- Forgetting: log, intervals and counts that are old go once the first two are in the days; stops and days stay.

-- From where on each machine's intervals stay when what is before a moment is forgotten: the one that it was in then, and where that
-- is part of a stop, all of the stop. So that what was going on, and every sum from then on, stay right.
CREATE OR REPLACE FUNCTION kept_from(before timestamptz) RETURNS TABLE (machine_id integer, since timestamptz)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT m.machine_id,
           least(before,
                 (SELECT s.since FROM (SELECT since, until FROM machine_stops WHERE machine_id = m.machine_id AND since < before
                                       ORDER BY since DESC LIMIT 1) AS s WHERE s.until IS NULL OR s.until > before),
                 (SELECT i.since FROM (SELECT since, until FROM status_intervals WHERE machine_id = m.machine_id AND since < before
                                       ORDER BY since DESC LIMIT 1) AS i WHERE i.until > before))
    FROM machines m
$$;

CREATE OR REPLACE FUNCTION forget_history(before timestamptz, most bigint DEFAULT 5000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    until_at timestamptz := day_start(day_of(before, plant_zone(), plant_day_start()), plant_zone(), plant_day_start());
    summed_until timestamptz;
    amount  bigint;
    counted bigint;
    is_forgotten boolean;
BEGIN
    PERFORM FROM history_upkeep FOR UPDATE;
    summed_until := coalesce((SELECT min(since) FROM history_days WHERE day NOT IN (SELECT day FROM summed_days)),
                             (SELECT max(until) FROM history_days));
    IF until_at IS NULL OR summed_until IS NULL OR until_at > summed_until THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('history before %s cannot be forgotten: it is in the sums only up to %s',
                             coalesce(until_at::text, 'null'), coalesce(summed_until::text, 'nothing')),
            HINT = 'refresh_days() brings the sums up to date.';
    END IF;
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    WITH kept AS MATERIALIZED (
        SELECT * FROM kept_from(until_at)
    ), old_log AS (  -- as it lies on the disk
        SELECT h.version FROM machine_status_history h JOIN kept USING (machine_id)
        WHERE h.happened_at < until_at AND h.happened_at < kept.since
        ORDER BY h.version LIMIT most
    ), log AS (
        DELETE FROM machine_status_history WHERE version = ANY (ARRAY(SELECT version FROM old_log)) RETURNING 1
    ), old_interval AS (
        SELECT i.row FROM kept
        CROSS JOIN LATERAL (SELECT s.ctid AS row FROM status_intervals s
                            WHERE s.machine_id = kept.machine_id AND s.since < kept.since ORDER BY s.since LIMIT most) AS i
        LIMIT 2 * most
    ), intervals AS (
        DELETE FROM status_intervals WHERE ctid = ANY (ARRAY(SELECT old_interval.row FROM old_interval)) RETURNING 1
    ), gaps AS (
        DELETE FROM data_gaps g USING kept WHERE g.machine_id = kept.machine_id AND g.until <= kept.since RETURNING 1
    )
    SELECT (SELECT count(*) FROM log), EXISTS (SELECT FROM log) OR EXISTS (SELECT FROM intervals) OR EXISTS (SELECT FROM gaps)
    INTO amount, is_forgotten;
    DELETE FROM machine_counts WHERE ctid = ANY (ARRAY(
        SELECT c.row FROM machines m
        CROSS JOIN LATERAL (SELECT ctid AS row FROM machine_counts WHERE machine_id = m.machine_id AND minute < until_at
                            ORDER BY minute LIMIT most) AS c
        LIMIT most));
    GET DIAGNOSTICS counted = ROW_COUNT;
    PERFORM set_config('floor.history_upkeep', '', true);
    IF is_forgotten THEN
        UPDATE history_upkeep SET forgotten_until = until_at WHERE forgotten_until IS NULL OR forgotten_until < until_at;
        WITH gone AS (UPDATE history_days SET has_statuses = false WHERE until <= until_at AND has_statuses RETURNING day)
        DELETE FROM status_days WHERE day = ANY (ARRAY(SELECT day FROM gone));
    END IF;
    RETURN amount + counted;
END $$;
REVOKE EXECUTE ON FUNCTION forget_history FROM PUBLIC;
COMMENT ON FUNCTION forget_history IS
    'Deletes at most so many rows of the log, and as many counts, before a time (the start of its day by the plant''s clock). Days'
    ' before it must be summed up. Returns how many.';
