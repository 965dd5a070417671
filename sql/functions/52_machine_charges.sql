-- Sums for reports: microseconds that neighbours waited for each machine in a period.

-- How long each machine of the floor was waited for by its neighbours in a period, and waited for nobody that was found.
CREATE OR REPLACE FUNCTION machine_charges(from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_name text, caused bigint, unattributed bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT m.machine_name, sum(part.caused)::bigint, sum(part.unattributed)::bigint
    FROM (SELECT d.machine_id, sum(d.caused) AS caused, sum(d.unattributed) AS unattributed
          FROM machine_days d
          WHERE d.day = ANY (ARRAY(SELECT s.day FROM summed_days_within(from_at, until_at) s))
          GROUP BY d.machine_id
          UNION ALL
          SELECT coalesce(w.root, w.machine_id), CASE WHEN w.root IS NOT NULL THEN micros(w.until - w.since) ELSE 0 END,
                 CASE WHEN w.root IS NULL THEN micros(w.until - w.since) ELSE 0 END
          FROM rest_of_period(from_at, until_at) rest
          CROSS JOIN LATERAL waits_between(rest.since, rest.until, now_at) w) AS part
    JOIN machines m USING (machine_id)
    GROUP BY m.machine_name
    HAVING sum(part.caused) + sum(part.unattributed) > 0
$$;
COMMENT ON FUNCTION machine_charges IS
    'Microseconds: how long neighbours waited for each machine, and each waited without anybody found to be the reason.';
