-- What machines were, and when: reading status_intervals.

-- What a machine in warning waits for: starved (nothing comes) or blocked (nothing goes), else null. Not by a regular expression,
-- which takes fifty times as long: every interval of a report is asked.
CREATE OR REPLACE FUNCTION wait_kind(status text, reason text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN status = 'warning' THEN CASE lower(left(ltrim(reason, E' \t\n\r\f\v'), 7))
                                                 WHEN 'starved' THEN 'starved' WHEN 'blocked' THEN 'blocked' END END
$$;

-- The machines that are silent now or have no signal, and since when they are unknown for it.
CREATE OR REPLACE FUNCTION machines_without_data(now_at timestamptz)
RETURNS TABLE (machine_name text, since timestamptz, machine_id integer)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 5 AS $$
    SELECT f.machine_name, silent_since(f.reported_at, f.signal_lost_at, f.silent_after, plant.silent_after), f.machine_id
    FROM machine_feed_stream f
    CROSS JOIN (SELECT max(machine_silent_after) AS silent_after FROM plant_settings) AS plant  -- one row, which the planner knows
    WHERE silent_since(f.reported_at, f.signal_lost_at, f.silent_after, plant.silent_after) < now_at
$$;

-- Microseconds in which nothing was heard of a machine from the beginning of a stop to its end: what is unknown of it began after it.
-- One row.
CREATE OR REPLACE FUNCTION unknown_between(of_machine integer, from_at timestamptz, until_at timestamptz) RETURNS TABLE (length bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(sum(micros(until - since)), 0)::bigint
    FROM status_intervals
    WHERE machine_id = of_machine AND since >= from_at AND since < until_at AND status = 'unknown'
$$;

-- The intervals of machines that touch a period: the one that they were in when it began, and all that began in it. Of a machine
-- that is silent now, what it was ends when it fell silent, which may be before the period.
CREATE OR REPLACE FUNCTION whole_intervals(ids integer[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20000 AS $$
    SELECT i.machine_id, i.since, CASE WHEN i.until = 'infinity' THEN least(i.until, quiet.since) ELSE i.until END, i.status, i.reason
    FROM unnest(ids) AS m (id)
    LEFT JOIN machines_without_data(now_at) quiet ON quiet.machine_id = m.id  -- of each machine once, and not of each interval
    CROSS JOIN LATERAL (
        SELECT s.* FROM status_intervals s
        WHERE s.machine_id = m.id AND s.since < until_at AND s.until > from_at
          AND s.since >= coalesce((SELECT max(c.since) FROM status_intervals c
                                   WHERE c.machine_id = m.id AND c.since <= from_at), '-infinity')
        OFFSET 0) AS i  -- machine by machine by the index, whatever is guessed of the period: all that is stored may be much more
    WHERE from_at < until_at AND (i.until < 'infinity' OR quiet.since IS NULL OR quiet.since > i.since)
$$;

-- What machines were in a period, cut to it.
CREATE OR REPLACE FUNCTION intervals_of(ids integer[], from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (machine_id integer, since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 20000 AS $$
    SELECT i.machine_id, greatest(i.since, from_at), least(i.until, until_at), i.status, i.reason
    FROM whole_intervals(ids, from_at, until_at, now_at) i WHERE i.until > from_at
    UNION ALL
    SELECT quiet.machine_id, greatest(quiet.since, from_at), until_at, 'unknown', NULL
    FROM machines_without_data(now_at) quiet
    WHERE quiet.machine_id = ANY (ids) AND quiet.since < until_at AND from_at < until_at
$$;
COMMENT ON FUNCTION intervals_of IS
    'What some machines were in a period; nothing where they were not there. now_at: who is silent then is unknown.';

-- Microseconds of a period in which nothing was heard of a machine, the data gap that goes on at now_at included. One row.
CREATE OR REPLACE FUNCTION unheard_between(of_machine integer, from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (length bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT coalesce(sum(micros(i.until - i.since)), 0)::bigint
    FROM intervals_of(ARRAY[of_machine], from_at, until_at, now_at) i WHERE i.status = 'unknown'
$$;

-- The same of one machine without a gap: it is unknown where it was not there.
CREATE OR REPLACE FUNCTION gapless_intervals(of_machine integer, from_at timestamptz, until_at timestamptz, now_at timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz, status text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100 AS $$
    WITH part AS (
        SELECT i.*, lag(i.until, 1, from_at) OVER (ORDER BY i.since) AS until_before
        FROM intervals_of(ARRAY[of_machine], from_at, until_at, now_at) i
    )
    SELECT part.since, part.until, part.status, part.reason FROM part
    UNION ALL
    SELECT part.until_before, part.since, 'unknown', NULL FROM part WHERE part.until_before < part.since
    UNION ALL
    SELECT last.until, until_at, 'unknown', NULL FROM (SELECT coalesce(max(part.until), from_at) AS until FROM part) AS last
    WHERE last.until < until_at
$$;

-- The last status of a machine that is known at a moment: the interval, and when it came into this status (began), whatever reasons
-- were given and however silent it was since: where its last known status was another, or it was not there. No row: none is known.
-- A query of many machines joins it: it is planned with it, and not called for each. It reads backwards by the index and ends where
-- it finds the beginning. ORDER BY is inside: beside LIMIT, it has the planner sort all that the machine was
-- before, where the index is not in the order of the table.
CREATE OR REPLACE FUNCTION known_status_at(of_machine integer, moment timestamptz)
RETURNS TABLE (status text, reason text, version bigint, since timestamptz, until timestamptz, began timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1 AS $$
    SELECT known.status, known.reason, known.version, known.since, known.until, known.began
    FROM (SELECT i.status, i.since AS began, first_value(i.reason) OVER latest AS reason, first_value(i.version) OVER latest AS version,
                 first_value(i.since) OVER latest AS since, first_value(i.until) OVER latest AS until,
                 lead(i.status) OVER latest AS status_before, lead(i.until) OVER latest AS until_before
          FROM status_intervals i
          WHERE i.machine_id = of_machine AND i.since <= moment AND i.status <> 'unknown'
          WINDOW latest AS (ORDER BY i.since DESC)
          ORDER BY i.since DESC) AS known
    WHERE known.status_before IS DISTINCT FROM known.status
       OR known.until_before < known.began
          AND NOT EXISTS (SELECT FROM status_intervals silent WHERE silent.machine_id = of_machine
                          AND silent.since >= known.until_before AND silent.since < known.began AND silent.until = known.began)
    LIMIT 1
$$;

-- The numbers of machines by their names; null: of all there are.
CREATE OR REPLACE FUNCTION machine_ids(names text[]) RETURNS integer[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(machine_id), '{}') FROM machines WHERE names IS NULL OR machine_name = ANY (names)
$$;

-- For people: every interval of one status and reason. Ask for one machine at a time.
CREATE OR REPLACE VIEW machine_intervals AS
SELECT m.machine_name, i.status, i.reason, i.since, nullif(i.until, 'infinity') AS until
FROM status_intervals i JOIN machines m USING (machine_id);
COMMENT ON VIEW machine_intervals IS
    'One row per interval of one status and reason; no row while the machine is not there; until null: still so.';
