-- Stops: one row per entry into down until down was left.

-- The stops of one machine from a moment at which none was going, by its reports until another.
CREATE OR REPLACE FUNCTION raw_stops(of_machine text, from_at timestamptz, until_at timestamptz)
RETURNS TABLE (version bigint, since timestamptz, until timestamptz, reason text, repaired boolean)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20 AS $$
    SELECT (array_agg(down.version ORDER BY down.at, down.version))[1], min(down.at),
           (array_agg(down.next_at ORDER BY down.at DESC, down.version DESC))[1],
           coalesce((array_agg(down.reason ORDER BY down.at, down.version))[1],
                    (array_agg(down.reason ORDER BY down.at DESC, down.version DESC)
                     FILTER (WHERE down.reason IS NOT NULL))[1]),
           (array_agg(down.next_status ORDER BY down.at DESC, down.version DESC))[1] IS NOT NULL
    FROM (SELECT reported.*, count(*) FILTER (WHERE reported.begins) OVER (ORDER BY reported.at, reported.version) AS stop
          FROM (SELECT h.version, h.changed_at AS at, h.new_status AS status, h.reason,
                       h.new_status = 'down' AND lag(h.new_status) OVER w IS DISTINCT FROM 'down' AS begins,
                       lead(h.changed_at) OVER w AS next_at, lead(h.new_status) OVER w AS next_status
                FROM machine_status_history h
                WHERE h.machine_name = of_machine AND h.changed_at >= from_at AND h.changed_at <= until_at
                  AND isfinite(h.changed_at)
                WINDOW w AS (ORDER BY h.changed_at, h.version)) AS reported) AS down
    WHERE down.status = 'down'
    GROUP BY down.stop
$$;

-- From where on a machine's stops must be looked at again when something is new at a moment.
CREATE OR REPLACE FUNCTION stops_valid_until(of_machine text, new_at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce((SELECT CASE WHEN s.until IS NULL OR s.until >= new_at THEN s.since END
                     FROM (SELECT since, until FROM machine_stops WHERE machine_name = of_machine AND since < new_at
                           ORDER BY since DESC, version DESC LIMIT 1) AS s), new_at)
$$;

-- Microseconds of a period in which nothing was known of a machine. silent_since: it is silent now, since then.
CREATE OR REPLACE FUNCTION data_gap_length(of_machine text, from_at timestamptz, until_at timestamptz, silent_since timestamptz)
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(sum(micros(upper(r) - lower(r))), 0)::bigint
    FROM unnest((SELECT range_agg(tstzrange(since, until))
                 FROM (SELECT since, until FROM data_gaps
                       WHERE machine_name = of_machine AND since < until_at AND until > from_at
                       UNION ALL
                       SELECT silent_since, 'infinity' WHERE silent_since IS NOT NULL) AS found)
                * tstzmultirange(tstzrange(from_at, greatest(from_at, until_at)))) AS r
$$;

-- Machines whose stops have changed since they were last derived, and from when on.
CREATE OR REPLACE FUNCTION stops_outdated() RETURNS TABLE (machine_name text, since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
    SELECT u.machine_name, stops_valid_until(u.machine_name, min(u.at)) FROM history_pending u GROUP BY u.machine_name
$$;

-- The stops that began and ended inside a period: most of them. names null: of all machines. What is outdated is not
-- joined, because of a year there are a million stops, and few are: those since the first of them are looked up, by machine.
CREATE OR REPLACE FUNCTION stops_inside(names text[], from_at timestamptz, until_at timestamptz) RETURNS SETOF machine_stops
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT s.* FROM machine_stops s
    WHERE s.since >= from_at AND s.since < until_at AND s.until < until_at AND (names IS NULL OR s.machine_name = ANY (names))
      AND (s.since < (SELECT coalesce(min(o.since), 'infinity') FROM stops_outdated() o)
           OR s.since < coalesce(((SELECT jsonb_object_agg(o.machine_name, o.since) FROM stops_outdated() o)
                                  ->> s.machine_name)::timestamptz, 'infinity'))
$$;

-- The other stops of a period, as far as is known at now_at: those that went on at one of its ends, those that ended at
-- the very moment at which it begins (their repair belongs to it), and those of machines of which something is new.
-- down: microseconds inside the period; length: of the whole stop until now_at. Both without what is not known.
CREATE OR REPLACE FUNCTION stops_touching(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               silent bigint, down bigint, length bigint, silent_since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH outdated AS MATERIALIZED (
        SELECT * FROM stops_outdated()
    ), stop AS (
        SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.silent
        FROM machine_stops s LEFT JOIN outdated USING (machine_name)
        WHERE tstzrange(s.since, s.until, '[]') @> from_at AND s.since < from_at
          AND (names IS NULL OR s.machine_name = ANY (names)) AND (outdated.since IS NULL OR s.since < outdated.since)
        UNION ALL
        SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.silent
        FROM machine_stops s LEFT JOIN outdated USING (machine_name)
        WHERE tstzrange(s.since, s.until, '[]') @> until_at AND s.since >= from_at AND s.since < until_at
          AND (names IS NULL OR s.machine_name = ANY (names)) AND (outdated.since IS NULL OR s.since < outdated.since)
        UNION ALL
        SELECT s.version, outdated.machine_name, s.since, s.until, s.reason, s.repaired,
               data_gap_length(outdated.machine_name, s.since, least(s.until, now_at), NULL)
        FROM outdated CROSS JOIN LATERAL raw_stops(outdated.machine_name, outdated.since, 'infinity') s
        WHERE s.since < until_at AND (s.since >= from_at OR s.until IS NULL OR s.until >= from_at)
          AND (names IS NULL OR outdated.machine_name = ANY (names))
    )
    SELECT stop.version, stop.machine_name, stop.since, stop.until, stop.reason, stop.repaired, stop.silent,
           micros(least(stop.until, until_at) - greatest(stop.since, from_at))
           - CASE WHEN stop.silent = 0 AND quiet.since IS NULL THEN 0
                  ELSE data_gap_length(stop.machine_name, greatest(stop.since, from_at), least(stop.until, until_at),
                                     quiet.since) END,
           micros(least(stop.until, now_at) - stop.since)
           - CASE WHEN stop.until <= now_at OR stop.silent = 0 AND quiet.since IS NULL THEN stop.silent
                  ELSE data_gap_length(stop.machine_name, stop.since, least(stop.until, now_at), quiet.since) END,
           quiet.since
    FROM stop LEFT JOIN machines_without_data(now_at) quiet ON quiet.machine_name = stop.machine_name AND stop.until IS NULL
$$;

-- Of those, the ones that were going on in the period; in none that has no length, as one that has not begun.
CREATE OR REPLACE FUNCTION stops_across(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               silent bigint, down bigint, length bigint, silent_since timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT * FROM stops_touching(names, from_at, until_at, now_at)
    WHERE from_at < until_at AND (since >= from_at OR until IS NULL OR until > from_at)
$$;

-- Both together.
CREATE OR REPLACE FUNCTION stops_between(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT version, machine_name, since, until, reason, repaired, length, length
    FROM stops_inside(names, from_at, until_at)
    UNION ALL
    SELECT version, machine_name, since, until, reason, repaired, down, length
    FROM stops_across(names, from_at, until_at, now_at)
$$;
COMMENT ON FUNCTION stops_between IS
    'The stops that were going on in a period, right to the second. down: microseconds inside it; length: of all of it.';
