-- When the days of the plant's clock and their hours begin.

CREATE OR REPLACE FUNCTION plant_zone() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT time_zone FROM plant_settings $$;
CREATE OR REPLACE FUNCTION plant_day_start() RETURNS time
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT day_start FROM plant_settings $$;

-- The only two places that know where a day begins: when, and which day a moment is in. A day begins at a local time.
-- Where the clocks skip it, the day begins when that much time has passed as if they had not; where they show it twice, the first
-- counts (AT TIME ZONE takes the second). floor/core/plant_calendar.py has the same rule.
CREATE OR REPLACE FUNCTION day_start(day timestamp, zone text, start time) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN earlier.at AT TIME ZONE zone = day + start THEN earlier.at ELSE later.at END
    FROM (SELECT (day + start) AT TIME ZONE zone AS at) AS later
    CROSS JOIN LATERAL (SELECT CASE WHEN isfinite(later.at) THEN later.at - interval '3 hours' END AS at) AS before
    CROSS JOIN LATERAL (SELECT (day + start - (before.at AT TIME ZONE zone - before.at AT TIME ZONE 'UTC')) AT TIME ZONE 'UTC' AS at)
        AS earlier
$$;
CREATE OR REPLACE FUNCTION day_of(moment timestamptz, zone text, start time) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN moment < day_start(local.day, zone, start) THEN local.day - 1
                WHEN moment >= day_start(local.day + 1, zone, start) THEN local.day + 1
                ELSE local.day END
    FROM (SELECT (moment AT TIME ZONE zone)::date AS day) AS local
$$;

-- The days from one to another: what asks about many moments compares them with these, instead of asking day_of() for each.
CREATE OR REPLACE FUNCTION days_from(first_day date, last_day date, zone text, start time)
RETURNS TABLE (day date, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 40 AS $$
    SELECT day::date, day_start(day, zone, start), day_start(day + interval '1 day', zone, start)
    FROM generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') AS day
$$;

-- A period in pieces of whole quarters of an hour: every time zone's hours are made of them.
CREATE OR REPLACE FUNCTION quarters_of(from_at timestamptz, until_at timestamptz) RETURNS TABLE (since timestamptz, length bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 4 AS $$
    SELECT q.since, micros(least(until_at, q.since + interval '15 minutes') - greatest(from_at, q.since))
    FROM generate_series(utc_bin('15 minutes', from_at), until_at - interval '1 microsecond', '15 minutes') AS q (since)
$$;

-- When the hours of a period begin by a clock and, last, its end. An hour that the clock shows twice is two.
CREATE OR REPLACE FUNCTION hour_cuts(from_at timestamptz, until_at timestamptz, zone text) RETURNS timestamptz[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT array_agg(hour.since ORDER BY hour.since) || until_at
    FROM (SELECT greatest(min(q.since), from_at) AS since
          FROM quarters_of(from_at, until_at) q
          CROSS JOIN LATERAL (SELECT q.since AT TIME ZONE zone AS at) AS local
          GROUP BY date_trunc('hour', local.at), local.at - q.since AT TIME ZONE 'UTC') AS hour
$$;

-- When the hour of the plant's clock, or its day, began that a moment is in.
CREATE OR REPLACE FUNCTION last_full_hour(moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT hour.cuts[cardinality(hour.cuts) - 1]
    FROM (SELECT hour_cuts(day_start(day_of(moment, time_zone, day_start), time_zone, day_start), moment + interval '1 microsecond',
                           time_zone) AS cuts
          FROM plant_settings OFFSET 0) AS hour
$$;
