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

-- All machines that stood on a line (0: on none; null: on any), by the hours of the plant's clock.
CREATE OR REPLACE FUNCTION hours_of_line(of_line smallint, from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (day date, hour smallint, operational bigint, warning bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT h.day, h.hour, sum(h.operational)::bigint, sum(h.warning)::bigint, sum(h.down)::bigint
    FROM line_hours h
    WHERE h.day = ANY (ARRAY(SELECT s.day FROM summed_days_within(from_at, until_at) s))
      AND (of_line IS NULL OR h.line_id = of_line)
    GROUP BY h.day, h.hour
    UNION ALL
    SELECT p.day, p.hour, p.operational, p.warning, p.down
    FROM rest_of_period(from_at, until_at) rest
    CROSS JOIN LATERAL hours_in_intervals(machine_ids(NULL), of_line, rest.since, rest.until, now_at,
                                          (SELECT plant_zone())) p  -- once, not for each interval
$$;
