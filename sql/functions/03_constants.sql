-- Constants that several files use, each named once: one value each. They are inlined, and so cost nothing.

-- The times that an order or a notification can hold: what most languages can, and never infinity.
CREATE OR REPLACE FUNCTION earliest_time() RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT timestamptz '1970-01-01 00:00+00' $$;
CREATE OR REPLACE FUNCTION latest_time() RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT timestamptz '9999-01-01 00:00+00' $$;

-- Bytes of a notification: PostgreSQL refuses 8,000, and the writer's own statement with it.
CREATE OR REPLACE FUNCTION announcement_limit() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT 7800 $$;

-- How far ahead of the server's clock, and how old, the time of an event may be (report_status).
CREATE OR REPLACE FUNCTION event_time_ahead() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT interval '2 minutes' $$;
CREATE OR REPLACE FUNCTION event_time_behind() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT interval '7 days' $$;

-- What comes later than this into a full hour that is over is late: its day, which may be summed up, is marked (45_days.sql).
CREATE OR REPLACE FUNCTION late_after() RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT interval '5 minutes' $$;

-- From when periods are counted that divide time evenly.
CREATE OR REPLACE FUNCTION time_origin() RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT timestamptz '2000-01-01 00:00+00' $$;

-- When the quarter of an hour, the day, ... of UTC began that a moment is in.
CREATE OR REPLACE FUNCTION utc_bin(step interval, moment timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT date_bin(step, moment, time_origin()) $$;

-- Without use for so long, the name that somebody picked at a station falls back.
CREATE OR REPLACE FUNCTION station_idle() RETURNS interval LANGUAGE sql IMMUTABLE AS $$ SELECT interval '10 minutes' $$;
