-- Sums for reports: microseconds in each hour of a clock.

-- Some machines while they stood on a line (0: on none; null: on any), straight from their intervals, by any clock.
CREATE OR REPLACE FUNCTION hours_in_intervals(ids integer[], of_line smallint, from_at timestamptz, until_at timestamptz,
                                              now_at timestamptz, zone text)
RETURNS TABLE (day date, hour smallint, operational bigint, warning bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT local.at::date, extract(hour FROM local.at)::smallint,
           coalesce(sum(q.length) FILTER (WHERE p.status = 'operational'), 0)::bigint,
           coalesce(sum(q.length) FILTER (WHERE p.status = 'warning'), 0)::bigint,
           coalesce(sum(q.length) FILTER (WHERE p.status = 'down'), 0)::bigint
    FROM placed_intervals(ids, from_at, until_at, now_at) p
    CROSS JOIN LATERAL quarters_of(p.since, p.until) q
    CROSS JOIN LATERAL (SELECT q.since AT TIME ZONE zone AS at) AS local
    WHERE p.status <> 'unknown' AND (of_line IS NULL OR p.line_id = of_line)
    GROUP BY 1, 2
$$;

-- All machines that stood on a line (0: on none; null: on any), by the hours of the plant's clock, in the parts of a period. line_hours
-- adds up an hour that the clock shows twice: of one that is only in part in a part, the intervals are read.
CREATE OR REPLACE FUNCTION hours_of_line(of_line smallint, starts timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (day date, hour smallint, operational bigint, warning bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH found AS MATERIALIZED (
        SELECT h.part, h.day, extract(hour FROM h.hours[n] AT TIME ZONE (SELECT plant_zone()))::smallint AS hour,
               bool_and(n >= h.first AND n < h.last) AS is_whole,
               min(h.hours[n]) FILTER (WHERE n >= h.first AND n < h.last) AS since,
               max(h.hours[n + 1]) FILTER (WHERE n >= h.first AND n < h.last) AS until
        FROM hours_of_parts(starts, untils) h CROSS JOIN LATERAL generate_series(1, cardinality(h.hours) - 1) AS n
        GROUP BY 1, 2, 3
    ), rest AS (
        SELECT r.since, r.until FROM rest_of_parts(starts, untils) r
        UNION ALL
        SELECT found.since, found.until FROM found WHERE NOT found.is_whole AND found.since IS NOT NULL
    )
    SELECT h.day, h.hour, h.operational, h.warning, h.down
    FROM line_hours h
    WHERE h.day = ANY (ARRAY(SELECT d.day FROM days_of_parts(starts, untils) d)) AND (of_line IS NULL OR h.line_id = of_line)
    UNION ALL
    SELECT h.day, h.hour, h.operational, h.warning, h.down
    FROM found JOIN line_hours h USING (day, hour)
    WHERE found.is_whole AND h.day = ANY (ARRAY(SELECT f.day FROM found f)) AND (of_line IS NULL OR h.line_id = of_line)
    UNION ALL
    SELECT p.day, p.hour, p.operational, p.warning, p.down
    FROM rest CROSS JOIN LATERAL hours_in_intervals(machine_ids(NULL), of_line, rest.since, rest.until, now_at,
                                                    (SELECT plant_zone())) p  -- once, not for each interval
$$;
