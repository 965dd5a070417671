-- What machines were, and when: one row per interval of one status and reason.

-- What a machine in warning waits for: starved (nothing comes) or blocked (nothing goes), else null.
CREATE OR REPLACE FUNCTION wait_kind(status text, reason text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN status <> 'warning' THEN NULL
                WHEN reason ~* '^[[:space:]]*starved' THEN 'starved' WHEN reason ~* '^[[:space:]]*blocked' THEN 'blocked' END
$$;

-- The last change of a machine up to a moment, and when the status that it brought began: from there back to the change
-- that brought it.
CREATE OR REPLACE FUNCTION status_at(of_machine text, moment timestamptz)
RETURNS TABLE (status text, reason text, version bigint, reported_at timestamptz, began timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT change.status, change.reason, change.version, change.reported_at, change.changed_at
    FROM (SELECT h.changed_at, h.new_status,
                 first_value(h.new_status) OVER back AS status, first_value(h.reason) OVER back AS reason,
                 first_value(h.version) OVER back AS version, first_value(h.changed_at) OVER back AS reported_at,
                 lead(h.new_status) OVER back AS status_before, lead(h.version) OVER back AS version_before
          FROM machine_status_history h
          WHERE h.machine_name = of_machine AND h.changed_at <= moment AND h.changed_at > '-infinity'
          WINDOW back AS (ORDER BY h.changed_at DESC, h.version DESC)) AS change
    WHERE change.status_before IS DISTINCT FROM change.new_status OR change.version_before IS NULL LIMIT 1
$$;

-- The mark before a moment from which one can read on, null where that would be far.
CREATE OR REPLACE FUNCTION checkpoint_before(moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT mark.at
    FROM history_progress p, utc_bin(checkpoint_step(), least(moment, p.rolled_until)) AS mark (at)
    WHERE p.rolled_until IS NOT NULL AND mark.at > moment - interval '12 hours'
      AND mark.at >= coalesce(p.forgotten_until, '-infinity')
$$;

-- One machine from its state at from_at until until_at, without a gap: unknown where it was not there. as_read leaves out
-- what refresh_history() has not read. Data gaps are not cut out: status_intervals() does it.
CREATE OR REPLACE FUNCTION raw_intervals(of_machine text, from_at timestamptz, until_at timestamptz, as_read boolean)
RETURNS TABLE (since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50 AS $$
    SELECT greatest(reported.at, from_at), coalesce(lead(reported.at) OVER (ORDER BY reported.at, reported.version), until_at),
           CASE WHEN reported.status IN ('operational', 'warning', 'down') THEN reported.status ELSE 'unknown' END,
           CASE WHEN reported.status IN ('operational', 'warning', 'down') THEN reported.reason END
    FROM (SELECT '-infinity'::timestamptz AS at, -1::bigint AS version, NULL::text AS status, NULL::text AS reason
          UNION ALL
          (SELECT h.changed_at, h.version, h.new_status, h.reason
           FROM history_progress p, machine_status_history h
           WHERE h.machine_name = of_machine AND h.changed_at <= from_at AND h.changed_at > '-infinity'
             AND (NOT as_read OR history_is_ingested(h.xid, h.version, p))
           ORDER BY h.changed_at DESC, h.version DESC LIMIT 1)
          UNION ALL
          SELECT h.changed_at, h.version, h.new_status, h.reason
          FROM history_progress p, machine_status_history h
          WHERE h.machine_name = of_machine AND h.changed_at > from_at AND h.changed_at < until_at
            AND (NOT as_read OR history_is_ingested(h.xid, h.version, p))) AS reported
$$;

-- The machines that are silent now, and since when they are unknown for it.
CREATE OR REPLACE FUNCTION machines_without_data(now_at timestamptz) RETURNS TABLE (machine_name text, since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 AS $$
    SELECT f.machine_name, f.reported_at + (SELECT machine_silent_after FROM plant_settings)
    FROM machine_feed_stream f
    WHERE f.reported_at + (SELECT machine_silent_after FROM plant_settings) < now_at
$$;

-- Data gaps in a period, without overlaps; now_at: the one that is going on too (null: only those that were read).
CREATE OR REPLACE FUNCTION data_gaps_between(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, silent tstzmultirange)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT found.machine_name, range_agg(tstzrange(found.since, found.until))
    FROM (SELECT s.machine_name, s.since, s.until FROM history_progress p, data_gaps s
          WHERE s.since < until_at AND s.until > from_at
            AND (now_at IS NOT NULL OR history_is_ingested(s.xid, s.version, p))
          UNION ALL
          SELECT q.machine_name, q.since, now_at FROM machines_without_data(now_at) q) AS found
    GROUP BY found.machine_name
$$;

-- Machines, each over its own period, cut into what they were without a gap. now_at null: only what was read.
CREATE OR REPLACE FUNCTION status_intervals(names text[], froms timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 50000 AS $$
    WITH period AS (
        SELECT p.machine_name, p.since, p.until, q.silent
        FROM unnest(names, froms, untils) AS p (machine_name, since, until)
        LEFT JOIN data_gaps_between((SELECT min(f) FROM unnest(froms) f), (SELECT max(u) FROM unnest(untils) u), now_at) q
            USING (machine_name)
        WHERE p.since < p.until
    ), reported AS (
        SELECT period.machine_name, period.silent, s.since, s.until, s.status, s.reason
        FROM period CROSS JOIN LATERAL raw_intervals(period.machine_name, period.since, period.until, now_at IS NULL) s
        WHERE s.since < s.until
    )
    SELECT reported.machine_name, reported.since, reported.until, reported.status, reported.reason FROM reported WHERE reported.silent IS NULL
    UNION ALL
    SELECT reported.machine_name, lower(known), upper(known), reported.status, reported.reason
    FROM reported, unnest(tstzmultirange(tstzrange(reported.since, reported.until)) - reported.silent) AS known
    WHERE reported.silent IS NOT NULL
    UNION ALL
    SELECT period.machine_name, lower(unknown), upper(unknown), 'unknown', NULL
    FROM period, unnest(tstzmultirange(tstzrange(period.since, period.until)) * period.silent) AS unknown
    WHERE period.silent IS NOT NULL
$$;
COMMENT ON FUNCTION status_intervals IS
    'What machines were, from their state at the begin of each period to its end, without a gap: unknown where not known.';

-- What is known of some machines in a period that is the same for all. Of a good part of the floor it is read as it lies on the
-- disk, from the mark before the period on; machine by machine where there is no mark, and of machines that were silent or of
-- which something from before the mark came late.
CREATE OR REPLACE FUNCTION known_intervals(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH mark AS MATERIALIZED (
        SELECT checkpoint_before(from_at) AS at WHERE 4 * cardinality(names) > (SELECT count(*) FROM history_machines)
    ), apart AS MATERIALIZED (
        SELECT n AS machine_name FROM unnest(names) n WHERE (SELECT at FROM mark) IS NULL
        UNION SELECT u.machine_name FROM history_pending u WHERE u.at < (SELECT at FROM mark)
        UNION SELECT q.machine_name FROM data_gaps_between(from_at, until_at, now_at) q
    )
    SELECT reported.machine_name, reported.since, reported.until, reported.status, reported.reason
    FROM (SELECT change.machine_name, change.status, change.reason, greatest(change.at, from_at) AS since,
                 coalesce(lead(change.at) OVER (PARTITION BY change.machine_name ORDER BY change.at, change.version),
                          until_at) AS until
          FROM (SELECT m.machine_name, m.reported_at AS at, m.version, m.status, m.reason
                FROM status_checkpoints m WHERE m.at = (SELECT at FROM mark)
                UNION ALL
                SELECT h.machine_name, h.changed_at, h.version, h.new_status, h.reason
                FROM machine_status_history h
                WHERE h.changed_at >= (SELECT at FROM mark) AND h.changed_at < until_at) AS change
          WHERE change.machine_name = ANY (names) AND change.machine_name NOT IN (SELECT machine_name FROM apart)) AS reported
    WHERE reported.since < reported.until AND reported.status IN ('operational', 'warning', 'down')
    UNION ALL
    SELECT s.machine_name, s.since, s.until, s.status, s.reason
    FROM (SELECT array_agg(n) AS names, array_agg(from_at) AS froms, array_agg(until_at) AS untils
          FROM unnest(names) n WHERE n IN (SELECT machine_name FROM apart)) AS one
    CROSS JOIN LATERAL status_intervals(one.names, one.froms, one.untils, now_at) s
    WHERE s.status <> 'unknown'
$$;

-- For people: every interval of one status and reason, always up to date. Ask for one machine at a time.
CREATE OR REPLACE VIEW machine_intervals AS
SELECT machine_name, status, reason, changed_at AS since,
       lead(changed_at) OVER (PARTITION BY machine_name ORDER BY changed_at, version) AS until
FROM (SELECT machine_name, new_status AS status, reason, changed_at, version,
             lag(new_status) OVER w AS status_before, lag(reason) OVER w AS reason_before,
             row_number() OVER w AS number
      FROM machine_status_history
      WINDOW w AS (PARTITION BY machine_name ORDER BY changed_at, version)) AS reported
WHERE number = 1 OR (status, reason) IS DISTINCT FROM (status_before, reason_before);
COMMENT ON VIEW machine_intervals IS
    'One row per interval of one status and reason; status null: the machine is not there; until null: still so.';
