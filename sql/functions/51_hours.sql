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
-- adds up an hour that a clock shows twice, so that only whole days have it.
CREATE OR REPLACE FUNCTION hours_of_line(of_line smallint, starts timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (day date, hour smallint, operational bigint, warning bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH plant AS (
        SELECT plant_zone() AS zone
    ), hours AS MATERIALIZED (
        SELECT * FROM hours_of_parts(starts, untils)
    ), once AS (
        SELECT hours.day, extract(hour FROM hours.hours[n] AT TIME ZONE plant.zone)::smallint AS hour
        FROM plant, hours, generate_series(hours.first, hours.last - 1) AS n
        WHERE cardinality(hours.hours) <= 25
    ), rest AS (
        SELECT r.since, r.until FROM rest_of_parts(starts, untils) r
        UNION ALL
        SELECT hours.hours[hours.first], hours.hours[hours.last] FROM hours WHERE cardinality(hours.hours) > 25
    )
    SELECT h.day, h.hour, h.operational, h.warning, h.down
    FROM line_hours h
    WHERE h.day = ANY (ARRAY(SELECT d.day FROM days_of_parts(starts, untils) d)) AND (of_line IS NULL OR h.line_id = of_line)
    UNION ALL
    SELECT h.day, h.hour, h.operational, h.warning, h.down
    FROM once JOIN line_hours h USING (day, hour) WHERE of_line IS NULL OR h.line_id = of_line
    UNION ALL
    SELECT p.day, p.hour, p.operational, p.warning, p.down
    FROM rest CROSS JOIN LATERAL hours_in_intervals(machine_ids(NULL), of_line, rest.since, rest.until, now_at,
                                                    (SELECT plant.zone FROM plant)) p
$$;
