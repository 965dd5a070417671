-- Sums for reports: microseconds in each hour of a clock.

-- Some machines while they stood on a line (0: on none; null: on any), straight from their intervals, by any clock.
CREATE OR REPLACE FUNCTION hours_in_intervals(ids integer[], of_line smallint, from_at timestamptz, until_at timestamptz,
                                              now_at timestamptz, zone text, start time)
RETURNS TABLE (day date, hour smallint, operational bigint, warning bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH clock AS MATERIALIZED (  -- when each hour begins, and of which day and hour it is: worked out once, and not for each interval
        SELECT array_agg(d.cuts[n] ORDER BY d.cuts[n]) AS starts, array_agg(d.day ORDER BY d.cuts[n]) AS days,
               array_agg(extract(hour FROM d.cuts[n] AT TIME ZONE zone)::smallint ORDER BY d.cuts[n]) AS hours
        FROM (SELECT d.day, hour_cuts(d.since, d.until, zone) AS cuts
              FROM days_from(day_of(from_at, zone, start), day_of(until_at, zone, start), zone, start) d
              OFFSET 0) AS d  -- each day's once
        CROSS JOIN LATERAL generate_series(1, cardinality(d.cuts) - 1) AS n
    )
    SELECT clock.days[n], clock.hours[n],
           coalesce(sum(part.length) FILTER (WHERE p.status = 'operational'), 0)::bigint,
           coalesce(sum(part.length) FILTER (WHERE p.status = 'warning'), 0)::bigint,
           coalesce(sum(part.length) FILTER (WHERE p.status = 'down'), 0)::bigint
    FROM clock
    CROSS JOIN placed_intervals(ids, from_at, until_at, now_at) p
    CROSS JOIN LATERAL generate_series(width_bucket(p.since, clock.starts),
                                       width_bucket(p.until - interval '1 microsecond', clock.starts)) AS n
    CROSS JOIN LATERAL (SELECT micros(least(p.until, clock.starts[n + 1]) - greatest(p.since, clock.starts[n])) AS length) AS part
    WHERE p.status <> 'unknown' AND (of_line IS NULL OR p.line_id = of_line)
    GROUP BY 1, 2
$$;

-- All machines that stood on a line (0: on none; null: on any), by the hours of the plant's clock, in the parts of a period. line_hours
-- adds up an hour that the clock shows twice in a day, also where the day begins within an hour: of one that is only in
-- part in a part, the intervals are read.
CREATE OR REPLACE FUNCTION hours_of_line(of_line smallint, starts timestamptz[], untils timestamptz[], now_at timestamptz)
RETURNS TABLE (day date, hour smallint, operational bigint, warning bigint, down bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH piece AS MATERIALIZED (
        SELECT h.part, h.day, extract(hour FROM h.hours[n] AT TIME ZONE (SELECT plant_zone()))::smallint AS hour,
               n >= h.first AND n < h.last AS is_inside, h.hours[n] AS since, h.hours[n + 1] AS until
        FROM hours_of_parts(starts, untils) h CROSS JOIN LATERAL generate_series(1, cardinality(h.hours) - 1) AS n
    ), found AS MATERIALIZED (
        SELECT p.part, p.day, p.hour, bool_and(p.is_inside) AS is_whole FROM piece p GROUP BY 1, 2, 3
    ), rest AS (
        SELECT r.since, r.until FROM rest_of_parts(starts, untils) r
        UNION ALL
        SELECT p.since, p.until FROM piece p JOIN found USING (part, day, hour) WHERE p.is_inside AND NOT found.is_whole
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
                                                    (SELECT plant_zone()), (SELECT plant_day_start())) p  -- once
$$;
