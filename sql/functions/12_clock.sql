-- The server's clock, transaction ids as numbers and lengths in microseconds: one value each.

-- The server's clock, of what the log and the sums are made by; a function of its own, so that a test can set it.
CREATE OR REPLACE FUNCTION floor_clock() RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;

-- The time of a report: after that of the report before, also where the clock was set back by up to an hour. Until the
-- clock has caught up, the machine's time nearly stands still. After a greater step the log goes on by the clock, and
-- correct_future_history() takes back what lies in the future.
CREATE OR REPLACE FUNCTION machine_feed_time(latest timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE AS $$
    SELECT CASE WHEN latest >= c.clock AND latest <= c.clock + interval '1 hour' THEN latest + interval '1 microsecond'
                ELSE c.clock END
    FROM (SELECT floor_clock() AS clock OFFSET 0) AS c
$$;

-- Ids of transactions as plain numbers: the oldest that is still running, and the next to begin.
CREATE OR REPLACE FUNCTION oldest_xid() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint $$;

CREATE OR REPLACE FUNCTION next_xid() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint $$;

-- What a machine was, and when.
CREATE OR REPLACE FUNCTION micros(length interval) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT round(date_part('epoch', length) * 1e6)::bigint $$;
COMMENT ON FUNCTION micros IS 'Microseconds; exact below a hundred years.';
