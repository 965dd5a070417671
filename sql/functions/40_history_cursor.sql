-- How far the history has been read: what is new to what is derived from it, by machine.

-- 'creating': what reports show is not there yet; 'processing': it is, but is not summed up, so that reports are slow
-- and the dashboard tables old; else 'ready'. That the last day is not summed up is ordinary after a pause.
CREATE OR REPLACE FUNCTION history_state() RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN EXISTS (SELECT FROM history_creation c
                     WHERE c.pid = ANY (ARRAY(SELECT l.pid FROM pg_locks l
                                              WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
                                                AND (l.classid::bigint << 32 | l.objid::bigint) = c.lock)))
        THEN 'creating'
        WHEN coalesce((SELECT rolled_until FROM history_progress),
                      (SELECT changed_at FROM machine_status_history WHERE isfinite(changed_at) ORDER BY version LIMIT 1))
             < clock_timestamp() - interval '1 day' THEN 'processing'
        ELSE 'ready' END
$$;

CREATE OR REPLACE FUNCTION history_is_ingested(row_xid bigint, row_version bigint, p history_progress) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT NOT (row_version > p.loaded AND row_version <= p.life_version)
       AND NOT ((row_xid, row_version) > (p.xid, p.version) AND (row_version > p.foreign_version OR row_xid < p.life_xid))
$$;

-- What refresh_history() has not read yet, and from when on it matters to which machine. The cursor's values are written
-- into the statement, so that it is planned knowing how few rows lie beyond them.
CREATE OR REPLACE FUNCTION find_pending_history() RETURNS TABLE (machine_name text, at timestamptz)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path FROM CURRENT AS $$
DECLARE
    p history_progress;
BEGIN
    SELECT * INTO p FROM history_progress;
    RETURN QUERY EXECUTE format($query$
        SELECT machine_name, changed_at FROM machine_status_history
        WHERE version > %1$L AND version <= %2$L AND isfinite(changed_at)
        UNION ALL
        SELECT machine_name, since FROM data_gaps WHERE version > %1$L AND version <= %2$L
        UNION ALL
        SELECT machine_name, changed_at FROM machine_status_history
        WHERE (xid, version) > (%3$L::bigint, %4$L::bigint) AND xid < %5$L::bigint
          AND (version > %6$L OR xid < %7$L) AND isfinite(changed_at)
        UNION ALL
        SELECT machine_name, since FROM data_gaps
        WHERE (xid, version) > (%3$L::bigint, %4$L::bigint) AND xid < %5$L::bigint AND (version > %6$L OR xid < %7$L)$query$,
        p.loaded, p.life_version, p.xid, p.version, next_xid(), p.foreign_version, p.life_xid);
END $$;

CREATE OR REPLACE VIEW history_pending AS SELECT * FROM find_pending_history();
