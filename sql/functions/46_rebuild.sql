-- Deriving intervals and stops from the log, for a log that was filled without the triggers: a history that was loaded or created.

-- Days are listed and summed up after it (refresh_days); until then reports read them from the intervals. What was forgotten stays
-- as it is in days and stops.
CREATE OR REPLACE FUNCTION rebuild_history() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET work_mem = '512MB' SET jit = off AS $$
DECLARE
    forgotten timestamptz := coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity');
    gap       data_gaps;
BEGIN
    LOCK TABLE machine_feed_stream, machine_status_history, data_gaps IN SHARE ROW EXCLUSIVE MODE;
    TRUNCATE status_intervals;
    ALTER TABLE status_intervals DROP CONSTRAINT status_intervals_pkey;  -- made once in the end, which takes half the time
    DELETE FROM history_days WHERE until > forgotten;
    INSERT INTO status_intervals (machine_id, since, until, status, reason, version)
    SELECT machine_id, happened_at, until, new_status, reason, version
    FROM (SELECT machine_id, happened_at, new_status, reason, version,
                 lead(happened_at, 1, 'infinity') OVER (PARTITION BY machine_id ORDER BY happened_at, version) AS until
          FROM machine_status_history) AS reported
    WHERE happened_at < until AND new_status IS NOT NULL;
    ALTER TABLE status_intervals ADD PRIMARY KEY (machine_id, since);
    FOR gap IN SELECT * FROM data_gaps ORDER BY machine_id, since LOOP
        PERFORM cut_out_gap(gap);
    END LOOP;
    ANALYZE status_intervals;
    IF forgotten > '-infinity' THEN
        DELETE FROM machine_stops WHERE until IS NULL OR until > forgotten;
        PERFORM add_stops(machine_id, '-infinity', 'infinity') FROM machines;
    ELSE
        TRUNCATE machine_stops;
        ALTER TABLE machine_stops DROP CONSTRAINT machine_stops_pkey;
        DROP INDEX machine_stops_by_machine, machine_stops_by_time;
        PERFORM add_stops(machine_id, '-infinity', 'infinity') FROM machines;
        ALTER TABLE machine_stops ADD PRIMARY KEY (version);
        CREATE UNIQUE INDEX machine_stops_by_machine ON machine_stops (machine_id, since);
        CREATE INDEX machine_stops_by_time ON machine_stops (since);
    END IF;
    ANALYZE machine_stops;
    -- After a load, half of the index's ranges were found for any moment. Unlike REINDEX, this lets people read meanwhile.
    PERFORM brin_desummarize_range('machine_status_history_by_time', block)
    FROM generate_series(0, pg_relation_size('machine_status_history') / current_setting('block_size')::bigint, 16) AS block;
    PERFORM brin_summarize_new_values('machine_status_history_by_time');
    PERFORM list_days();
END $$;
REVOKE EXECUTE ON FUNCTION rebuild_history FROM PUBLIC;
COMMENT ON FUNCTION rebuild_history IS 'Derives all intervals and stops again from the log and its gaps; writers wait meanwhile.';

-- Makes unknown what lies inside a gap; the interval that it ends in goes on after it.
CREATE OR REPLACE FUNCTION cut_out_gap(gap data_gaps) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO status_intervals (machine_id, since, until, status, reason, version)
    SELECT machine_id, gap.until, until, status, reason, gap.version FROM status_intervals
    WHERE machine_id = gap.machine_id AND since < gap.until AND until > gap.until
    ORDER BY since DESC LIMIT 1;
    DELETE FROM status_intervals WHERE machine_id = gap.machine_id AND since >= gap.since AND since < gap.until;
    UPDATE status_intervals SET until = gap.since
    WHERE machine_id = gap.machine_id AND since < gap.since AND until > gap.since;
    INSERT INTO status_intervals (machine_id, since, until, status, version)
    VALUES (gap.machine_id, gap.since, gap.until, 'unknown', gap.version);
$$;
