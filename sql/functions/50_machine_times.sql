-- Sums for reports: microseconds of machines in the parts of a period (47_parts.sql).

-- Beside whole days and hours, straight from the intervals, with the part of each. names null: of all machines. Here and below, line_id is
-- the line that the machine stood on then (0: on none), and what is missing to the length of a part is unknown.
CREATE OR REPLACE FUNCTION rest_times(names text[], starts timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (part integer, machine_id integer, line_id smallint, operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT rest.part, p.machine_id, p.line_id, CASE WHEN p.status = 'operational' THEN p.length ELSE 0 END,
           CASE WHEN p.status = 'warning' AND NOT p.waits THEN p.length ELSE 0 END,
           CASE WHEN p.status = 'warning' AND p.waits THEN p.length ELSE 0 END,
           CASE WHEN p.status = 'down' THEN p.length ELSE 0 END
    FROM rest_of_parts(starts, untils) rest
    CROSS JOIN LATERAL placed_intervals(machine_ids(names), rest.since, rest.until, now_at) p
    WHERE p.status <> 'unknown'
$$;

-- All, in pieces.
CREATE OR REPLACE FUNCTION times_in_parts(names text[], starts timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (part integer, machine_id integer, line_id smallint, operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT c.part, d.machine_id, d.line_id, d.operational, d.warning, d.waiting, d.down
    FROM days_of_parts(starts, untils) c JOIN machine_days d USING (day)
    WHERE d.day = ANY (ARRAY(SELECT day FROM days_of_parts(starts, untils)))  -- by the index, whatever is guessed of the parts
      AND (names IS NULL OR d.machine_id IN (SELECT m.machine_id FROM machines m WHERE m.machine_name = ANY (names)))
    UNION ALL
    SELECT c.part, h.machine_id, h.line_id, h.operational[c.last] - h.operational[c.first], h.warning[c.last] - h.warning[c.first],
           h.waiting[c.last] - h.waiting[c.first], h.down[c.last] - h.down[c.first]
    FROM hours_of_parts(starts, untils) c JOIN machine_hours h USING (day)
    WHERE h.day = ANY (ARRAY(SELECT day FROM hours_of_parts(starts, untils)))
      AND (names IS NULL OR h.machine_id IN (SELECT m.machine_id FROM machines m WHERE m.machine_name = ANY (names)))
    UNION ALL
    SELECT * FROM rest_times(names, starts, untils, now_at)
$$;

-- Of each machine together: the days and the hours are added up one by one, which takes a third of the time for a year.
CREATE OR REPLACE FUNCTION machine_times(names text[], starts timestamptz[], untils timestamptz[], now_at timestamptz,
                                         of_line smallint DEFAULT NULL)
RETURNS TABLE (machine_name text, operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT m.machine_name, t.operational::bigint, t.warning::bigint, t.waiting::bigint, t.down::bigint
    FROM (SELECT p.machine_id, sum(p.operational) AS operational, sum(p.warning) AS warning, sum(p.waiting) AS waiting,
                 sum(p.down) AS down
          FROM (SELECT d.machine_id, sum(d.operational) AS operational, sum(d.warning) AS warning, sum(d.waiting) AS waiting,
                       sum(d.down) AS down
                FROM machine_days d
                WHERE d.day = ANY (ARRAY(SELECT day FROM days_of_parts(starts, untils)))
                  AND (names IS NULL OR d.machine_id IN (SELECT n.machine_id FROM machines n WHERE n.machine_name = ANY (names)))
                  AND (of_line IS NULL OR d.line_id = of_line)
                GROUP BY d.machine_id
                UNION ALL
                SELECT h.machine_id, sum(h.operational[c.last] - h.operational[c.first]), sum(h.warning[c.last] - h.warning[c.first]),
                       sum(h.waiting[c.last] - h.waiting[c.first]), sum(h.down[c.last] - h.down[c.first])
                FROM hours_of_parts(starts, untils) c JOIN machine_hours h USING (day)
                WHERE CASE WHEN cardinality(starts) = 1 THEN h.day = ANY (ARRAY(SELECT day FROM hours_of_parts(starts, untils)))
                           ELSE h.day >= (starts[1] AT TIME ZONE 'UTC')::date - 2  -- as many as the planner expects, by several processes
                                AND h.day <= (untils[cardinality(untils)] AT TIME ZONE 'UTC')::date + 1 END
                  AND (names IS NULL OR h.machine_id IN (SELECT n.machine_id FROM machines n WHERE n.machine_name = ANY (names)))
                  AND (of_line IS NULL OR h.line_id = of_line)
                GROUP BY h.machine_id
                UNION ALL
                SELECT r.machine_id, r.operational, r.warning, r.waiting, r.down
                FROM rest_times(names, starts, untils, now_at) r WHERE of_line IS NULL OR r.line_id = of_line) AS p
          GROUP BY p.machine_id) AS t
    JOIN machines m USING (machine_id)
$$;
COMMENT ON FUNCTION machine_times IS
    'Microseconds of some machines (null: of all) in the parts of a period, right to the second; what is missing to their length is'
    ' unknown. of_line: while they stood on that line (0: on none).';

-- Of all machines together, from the sums of whole days.
CREATE OR REPLACE FUNCTION floor_times(starts timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (operational bigint, warning bigint, waiting bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(sum(t.operational), 0)::bigint, coalesce(sum(t.warning), 0)::bigint, coalesce(sum(t.waiting), 0)::bigint,
           coalesce(sum(t.down), 0)::bigint
    FROM (SELECT d.operational[cardinality(d.operational)], d.warning[cardinality(d.warning)], d.waiting[cardinality(d.waiting)],
                 d.down[cardinality(d.down)]
          FROM days_of_parts(starts, untils) c JOIN history_days d USING (day)
          UNION ALL
          SELECT d.operational[c.last] - d.operational[c.first], d.warning[c.last] - d.warning[c.first],
                 d.waiting[c.last] - d.waiting[c.first], d.down[c.last] - d.down[c.first]
          FROM hours_of_parts(starts, untils) c JOIN history_days d USING (day)
          UNION ALL
          SELECT r.operational, r.warning, r.waiting, r.down FROM rest_times(NULL, starts, untils, now_at) r
         ) AS t (operational, warning, waiting, down)
$$;
COMMENT ON FUNCTION floor_times IS 'machine_times of all machines together.';
