-- The server's clock, and durations in microseconds.

-- The clock of the history and the sums; a separate function, so that tests can replace it.
CREATE OR REPLACE FUNCTION floor_clock() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;

-- The time of a report, always later than the previous report of the machine. If the clock was set back by up to an hour,
-- the time grows by a microsecond per report until the clock has caught up. After a larger step it follows the clock, and
-- correct_future_history() puts what lies in the future at now.
CREATE OR REPLACE FUNCTION machine_feed_time(latest timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN latest >= c.clock AND latest <= c.clock + interval '1 hour' THEN latest + interval '1 microsecond'
                ELSE c.clock END
    FROM (SELECT floor_clock() AS clock OFFSET 0) AS c
$$;

CREATE OR REPLACE FUNCTION micros(length interval) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(date_part('epoch', length) * 1e6)::bigint $$;
COMMENT ON FUNCTION micros IS 'A duration in microseconds; exact below a hundred years.';
