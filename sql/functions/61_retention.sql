-- Forgetting: history that is old goes once it is in the sums; stops, sums and waits stay.

-- Each machine keeps the status it was in at that time, from the row that it began with, so that a stop that was going
-- on, the present state of a machine that has been well for years, and every sum from then on stay right.
CREATE OR REPLACE FUNCTION forget_history(before timestamptz, most bigint DEFAULT 5000) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    until_at timestamptz := date_trunc('day', before, 'UTC');
    summed_until timestamptz;
    amount bigint;
BEGIN
    SELECT rolled_until INTO summed_until FROM history_progress FOR UPDATE;
    IF summed_until IS NOT NULL THEN
        summed_until := least(summed_until, (SELECT min(at) FROM history_pending));
    END IF;
    IF until_at IS NULL OR summed_until IS NULL OR until_at > summed_until THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('history before %s cannot be forgotten: it is in the sums only up to %s',
                             coalesce(until_at::text, 'null'), coalesce(summed_until::text, 'nothing')),
            HINT = 'refresh_history() brings the sums up to date.';
    END IF;
    PERFORM set_config('floor.forgetting', 'yes', true);
    WITH kept AS MATERIALIZED (
        SELECT m.machine_name, last_old.changed_at, last_old.version,
               (SELECT count(*) FROM machine_status_history
                WHERE machine_name = m.machine_name AND changed_at < until_at
                  AND changed_at >= coalesce(last_old.changed_at, '-infinity')) AS amount
        FROM history_machines m
        CROSS JOIN LATERAL (
            SELECT changed_at, version, new_status FROM machine_status_history
            WHERE machine_name = m.machine_name AND changed_at < until_at AND changed_at > '-infinity'
            ORDER BY changed_at DESC, version DESC LIMIT 1) AS carried
        LEFT JOIN LATERAL (
            SELECT changed_at, version FROM machine_status_history
            WHERE machine_name = m.machine_name AND changed_at <= carried.changed_at AND changed_at > '-infinity'
              AND new_status IS DISTINCT FROM carried.new_status
            ORDER BY changed_at DESC, version DESC LIMIT 1) AS last_old ON true
        WHERE m.first_at < until_at
    ), oldest AS (  -- as they lie on the disk, and enough of them to find others than those that are kept
        SELECT machine_name, changed_at, version FROM machine_status_history
        WHERE changed_at < until_at AND changed_at > '-infinity'
        ORDER BY version LIMIT most + (SELECT sum(kept.amount) FROM kept)
    )
    DELETE FROM machine_status_history
    WHERE version = ANY (ARRAY(
        SELECT oldest.version FROM oldest JOIN kept USING (machine_name)
        WHERE (oldest.changed_at, oldest.version) <= (kept.changed_at, kept.version) LIMIT most));
    GET DIAGNOSTICS amount = ROW_COUNT;
    PERFORM set_config('floor.forgetting', '', true);
    IF amount > 0 THEN
        UPDATE history_progress SET forgotten_until = until_at
        WHERE forgotten_until IS NULL OR forgotten_until < until_at;
        DELETE FROM status_checkpoints WHERE at < until_at;
    END IF;
    RETURN amount;
END $$;
REVOKE EXECUTE ON FUNCTION forget_history FROM PUBLIC;
COMMENT ON FUNCTION forget_history IS
    'Deletes at most so many rows of the history before a time (its UTC midnight), which must be in the sums.';
