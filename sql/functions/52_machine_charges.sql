-- Sums for reports: microseconds that neighbours waited for each machine in the parts of a period (47_parts.sql).

-- How long each machine of the floor was waited for by its neighbours, and waited for nobody that was found. of_line: while it counted
-- on that line (0: on none; null: on any).
CREATE OR REPLACE FUNCTION machine_charges(starts timestamptz[], untils timestamptz[], now_at timestamptz,
                                           of_line smallint DEFAULT NULL)
RETURNS TABLE (machine_name text, caused bigint, unattributed bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT m.machine_name, charge.caused::bigint, charge.unattributed::bigint
    FROM (SELECT part.machine_id, sum(part.caused) AS caused, sum(part.unattributed) AS unattributed
          FROM (SELECT d.machine_id, d.line_id, d.caused, d.unattributed
                FROM days_of_parts(starts, untils) c JOIN machine_days d USING (day)
                WHERE d.day = ANY (ARRAY(SELECT day FROM days_of_parts(starts, untils)))  -- by the index
                UNION ALL
                SELECT h.machine_id, h.line_id, h.caused[c.last] - h.caused[c.first], h.unattributed[c.last] - h.unattributed[c.first]
                FROM hours_of_parts(starts, untils) c JOIN machine_hours h USING (day)
                WHERE h.day = ANY (ARRAY(SELECT day FROM hours_of_parts(starts, untils)))
                UNION ALL
                SELECT coalesce(w.root, w.machine_id), w.line_id, CASE WHEN w.root IS NOT NULL THEN micros(w.until - w.since) ELSE 0 END,
                       CASE WHEN w.root IS NULL THEN micros(w.until - w.since) ELSE 0 END
                FROM rest_of_parts(starts, untils) rest
                CROSS JOIN LATERAL waits_between(rest.since, rest.until, now_at) w) AS part
          WHERE of_line IS NULL OR part.line_id = of_line
          GROUP BY part.machine_id) AS charge
    JOIN machines m USING (machine_id)
    WHERE charge.caused + charge.unattributed > 0
$$;
COMMENT ON FUNCTION machine_charges(timestamptz[], timestamptz[], timestamptz, smallint) IS
    'Microseconds: how long neighbours waited for each machine, and each waited without anybody found to be the reason.';
