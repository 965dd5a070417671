-- Sums for reports: microseconds of machines and lines in a period, from days that are summed up and, for the rest, from intervals.

-- By machine and the line that it stood on then (0: on none). What is missing to the length of the period is unknown.
CREATE OR REPLACE FUNCTION line_times(ids integer[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, line_id smallint, operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT part.machine_id, part.line_id, sum(part.operational)::bigint, sum(part.warning)::bigint, sum(part.waiting)::bigint,
           sum(part.down)::bigint
    FROM (SELECT d.machine_id, d.line_id, sum(d.operational) AS operational, sum(d.warning) AS warning,
                 sum(d.waiting) AS waiting, sum(d.down) AS down
          FROM machine_days d
          WHERE d.day = ANY (ARRAY(SELECT s.day FROM summed_days_within(from_at, until_at) s)) AND d.machine_id = ANY (ids)
          GROUP BY d.machine_id, d.line_id
          UNION ALL
          SELECT p.machine_id, p.line_id, CASE WHEN p.status = 'operational' THEN p.length ELSE 0 END,
                 CASE WHEN p.status = 'warning' AND NOT p.waits THEN p.length ELSE 0 END,
                 CASE WHEN p.status = 'warning' AND p.waits THEN p.length ELSE 0 END,
                 CASE WHEN p.status = 'down' THEN p.length ELSE 0 END
          FROM rest_of_period(from_at, until_at) rest
          CROSS JOIN LATERAL placed_intervals(ids, rest.since, rest.until, now_at) p
          WHERE p.status <> 'unknown') AS part
    GROUP BY part.machine_id, part.line_id
$$;
COMMENT ON FUNCTION line_times IS
    'Microseconds of some machines in a period, by the line that they stood on then (0: on none); what is missing is unknown.';

CREATE OR REPLACE FUNCTION machine_times(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                         of_line smallint DEFAULT NULL)
RETURNS TABLE (machine_name text, operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT m.machine_name, sum(t.operational)::bigint, sum(t.warning)::bigint, sum(t.waiting)::bigint, sum(t.down)::bigint
    FROM line_times(machine_ids(names), from_at, until_at, now_at) t JOIN machines m USING (machine_id)
    WHERE of_line IS NULL OR t.line_id = of_line
    GROUP BY m.machine_name
$$;
COMMENT ON FUNCTION machine_times IS
    'Microseconds of some machines in a period, right to the second; what is missing to its length is unknown. of_line: while they'
    ' stood on that line.';
