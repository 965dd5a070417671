-- Stops: one row per entry into down until down was left, whatever reasons were given and however silent it was meanwhile.

-- Derives the stops of a machine again from its intervals, as far as they touch a period: from the last interval before it that
-- is neither down nor unknown to the first after it. In a report's transaction the triggers keep them; this is for what comes late
-- and for a clock that was set back.
CREATE OR REPLACE FUNCTION derive_stops(of_machine integer, from_at timestamptz, until_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    first timestamptz := coalesce((SELECT until FROM status_intervals
                                   WHERE machine_id = of_machine AND since < from_at AND until <= from_at
                                     AND status NOT IN ('down', 'unknown') ORDER BY since DESC LIMIT 1), '-infinity');
    last  timestamptz := coalesce((SELECT since FROM status_intervals
                                   WHERE machine_id = of_machine AND since >= until_at AND status NOT IN ('down', 'unknown')
                                   ORDER BY since LIMIT 1), 'infinity');
    stops machine_stops[] := ARRAY(SELECT s FROM machine_stops s
                                   WHERE s.machine_id = of_machine AND s.since >= first AND s.since < last);
BEGIN
    DELETE FROM machine_stops WHERE machine_id = of_machine AND since >= first AND since < last
       AND (until IS NULL OR until > coalesce((SELECT forgotten_until FROM history_upkeep), '-infinity'));
    PERFORM add_stops(of_machine, first, last);
    PERFORM move_orders(of_machine, first, last);
    -- a stop counts on the day on which it ends; until then, the line on which its machine counts depends on it after a move
    PERFORM mark_changed_days(coalesce(move.first_at, each.until), coalesce(each.until, 'infinity'))
    FROM (SELECT since, until FROM unnest(stops)
          UNION
          SELECT since, until FROM machine_stops WHERE machine_id = of_machine AND since >= first AND since < last) AS each
    CROSS JOIN LATERAL (SELECT min(p.since) AS first_at FROM machine_placements p
                        WHERE p.machine_id = of_machine AND p.since > each.since
                          AND (each.until IS NULL OR p.since < each.until)) AS move
    WHERE coalesce(move.first_at, each.until) IS NOT NULL;
END $$;

-- Gives the stop that goes on at a moment its reason, where another was reported late for a part of it.
CREATE OR REPLACE FUNCTION explain_stop(of_machine integer, moment timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    ended_at timestamptz;
BEGIN
    UPDATE machine_stops s SET reason = given.reason
    FROM (SELECT stop.version, coalesce(began.reason, last.reason) AS reason
          FROM (SELECT * FROM machine_stops WHERE machine_id = of_machine AND since <= moment ORDER BY since DESC LIMIT 1) AS stop
          JOIN status_intervals began ON began.machine_id = stop.machine_id AND began.since = stop.since
          LEFT JOIN LATERAL (SELECT i.reason FROM status_intervals i
                             WHERE i.machine_id = stop.machine_id AND i.since >= stop.since
                               AND i.since < coalesce(stop.until, 'infinity') AND i.reason IS NOT NULL
                             ORDER BY i.since DESC LIMIT 1) AS last ON began.reason IS NULL
          WHERE stop.until IS NULL OR stop.until > moment) AS given
    WHERE s.version = given.version AND s.reason IS DISTINCT FROM given.reason
    RETURNING s.until INTO ended_at;
    IF ended_at IS NOT NULL THEN
        PERFORM mark_changed_days(ended_at, ended_at);  -- on which it counts with its reason
    END IF;
END $$;

-- The stops of a machine in a period, which begins and ends where nothing goes on that is down or unknown.
CREATE OR REPLACE FUNCTION add_stops(of_machine integer, from_at timestamptz, until_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO machine_stops (version, machine_id, line_id, since, until, reason, repaired, unconfirmed)
    SELECT s.version, s.machine_id, p.line_id, s.since, nullif(s.until, 'infinity'), s.reason, s.repaired, s.unconfirmed
    FROM stops_in_intervals(of_machine, from_at, until_at) s
    JOIN machine_placements p ON p.machine_id = s.machine_id AND p.since <= s.since AND p.until > s.since
    ON CONFLICT DO NOTHING;  -- one of which only the end is still here
END $$;

-- Orders of a stop that began earlier than was known go with it.
CREATE OR REPLACE FUNCTION move_orders(of_machine integer, from_at timestamptz, until_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    UPDATE work_orders o SET stop_since = s.since
    FROM machine_stops s JOIN machines m USING (machine_id)
    WHERE s.machine_id = of_machine AND s.since >= from_at AND s.since < until_at AND o.machine_id = m.machine_name
      AND o.stop_since > s.since AND o.stop_since <= coalesce(s.until, 'infinity')
      AND NOT EXISTS (SELECT FROM machine_stops x WHERE x.machine_id = s.machine_id AND x.since = o.stop_since)
      AND NOT EXISTS (SELECT FROM work_orders x WHERE x.machine_id = o.machine_id AND x.stop_since = s.since);
    PERFORM set_config('floor.history_upkeep', '', true);
END $$;

-- The stops that intervals mean: what follows without a gap while nothing but down is known. Of a machine that went on being
-- down after it had left and come back, two.
CREATE OR REPLACE FUNCTION stops_in_intervals(of_machine integer, from_at timestamptz, until_at timestamptz)
RETURNS TABLE (version bigint, machine_id integer, since timestamptz, until timestamptz, reason text, repaired boolean,
               unconfirmed bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH part AS (
        SELECT i.*, lag(i.until) OVER (PARTITION BY i.machine_id ORDER BY i.since) IS DISTINCT FROM i.since AS is_first
        FROM status_intervals i
        WHERE i.machine_id = of_machine AND i.since >= from_at AND i.since <= until_at AND i.status IN ('down', 'unknown')
    ), island AS (  -- down and unknown, one after the other
        SELECT part.*, count(*) FILTER (WHERE is_first) OVER (PARTITION BY machine_id ORDER BY since) AS number
        FROM part
    ), stop AS (
        SELECT island.*, min(since) FILTER (WHERE status = 'down') OVER (PARTITION BY machine_id, number) AS began
        FROM island
    ), whole AS (
        SELECT min(version) FILTER (WHERE since = began) AS version, machine_id, began, max(until) AS until,
               coalesce(min(reason) FILTER (WHERE since = began),
                        (array_agg(reason ORDER BY since DESC) FILTER (WHERE reason IS NOT NULL))[1]) AS reason,
               coalesce(sum(micros(until - since)) FILTER (WHERE status = 'unknown'), 0) AS unconfirmed
        FROM stop WHERE since >= began GROUP BY machine_id, number, began
    )
    SELECT whole.version, whole.machine_id, began, whole.until, whole.reason, next.since IS NOT NULL,
           CASE WHEN whole.until = 'infinity' THEN 0 ELSE whole.unconfirmed END::bigint
    FROM whole LEFT JOIN status_intervals next ON next.machine_id = whole.machine_id AND next.since = whole.until
$$;

-- The lines on which machines count in reports, and when: those that they stood on, but one that is moved while it is down counts
-- where the stop began until that ends. So a stop and its time count on one line, and the figures of all lines are the floor's.
CREATE OR REPLACE VIEW counted_placements AS
SELECT *
FROM (SELECT p.machine_id, p.line_id,
             CASE WHEN isfinite(p.since) THEN greatest(p.since, (
                 SELECT coalesce(s.until, 'infinity') FROM machine_stops s
                 WHERE s.machine_id = p.machine_id AND s.since < p.since ORDER BY s.since DESC LIMIT 1)) ELSE p.since END AS since,
             CASE WHEN isfinite(p.until) THEN greatest(p.until, (
                 SELECT coalesce(s.until, 'infinity') FROM machine_stops s
                 WHERE s.machine_id = p.machine_id AND s.since < p.until ORDER BY s.since DESC LIMIT 1)) ELSE p.until END AS until
      FROM machine_placements p
      OFFSET '0') AS counted  -- each is computed once; '0' as in machine_limits
WHERE since < until;
COMMENT ON VIEW counted_placements IS
    'On which line each machine counts in reports, and when: as machine_placements, but a move counts from the end of a stop.';

-- Machines with the length (microseconds) below which a stop of theirs is a micro-stop: that of their type, otherwise of the plant.
CREATE OR REPLACE VIEW machine_limits AS
SELECT m.machine_id, m.machine_name, micros(coalesce(max(kind.micro_stop), max(plant.micro_stop))) AS micro_stop
FROM machines m
LEFT JOIN machine_types kind USING (type)
CROSS JOIN (SELECT max(micro_stop) AS micro_stop FROM plant_settings) AS plant  -- one row, which the planner knows
GROUP BY m.machine_id  -- so that the planner knows that there is one of each, and leaves out a LEFT JOIN of which no column is used
OFFSET '0';  -- computed for each machine, and not for each stop; not 0, with which the planner takes one process
COMMENT ON VIEW machine_limits IS 'A stop of a machine that lasts less than micro_stop (microseconds) is a micro-stop.';

-- The stops that began and ended inside a period: most of them. names null: of all machines; of_line: only those that began while
-- the machine stood on that line (0: on none). down: microseconds of it that are known; length: of all of it, for a data gap does not shorten
-- a stop; unconfirmed: those of data gaps; fails: it is no micro-stop; line_id:
-- where the machine stood when it began.
CREATE OR REPLACE FUNCTION stops_inside(names text[], from_at timestamptz, until_at timestamptz, of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, machine_id integer, fails boolean, line_id smallint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT s.version, m.machine_name, s.since, s.until, s.reason, s.repaired, s.length - s.unconfirmed, s.length, s.unconfirmed,
           s.machine_id, s.length >= m.micro_stop, s.line_id
    FROM machine_stops s LEFT JOIN machine_limits m USING (machine_id)
    WHERE s.since >= from_at AND s.since < until_at AND s.until < until_at AND (names IS NULL OR m.machine_name = ANY (names))
      AND (of_line IS NULL OR coalesce(s.line_id, 0::smallint) = of_line)
$$;

-- The other stops of a period: those that went on at one of its ends, and those that ended at the very moment at which it
-- begins (their repair belongs to it). down: microseconds of it inside the period that are known; length: of the whole stop until
-- now_at.
CREATE OR REPLACE FUNCTION stops_touching(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                          of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, machine_id integer, fails boolean, line_id smallint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT s.version, m.machine_name, s.since, s.until, s.reason, s.repaired,
           micros(least(s.until, until_at) - greatest(s.since, from_at))
           - (SELECT u.length FROM unheard_between(s.machine_id, greatest(s.since, from_at), least(s.until, until_at), now_at) u),
           micros(least(s.until, now_at) - s.since),
           CASE WHEN s.until <= now_at THEN s.unconfirmed
                ELSE (SELECT u.length FROM unheard_between(s.machine_id, s.since, now_at, now_at) u) END,
           s.machine_id, micros(least(s.until, now_at) - s.since) >= m.micro_stop, s.line_id
    FROM machine_limits m
    CROSS JOIN LATERAL (
        (SELECT b.* FROM machine_stops b WHERE b.machine_id = m.machine_id AND b.since < from_at
         ORDER BY b.since DESC LIMIT 1)
        UNION ALL
        (SELECT b.* FROM machine_stops b WHERE b.machine_id = m.machine_id AND b.since >= from_at AND b.since < until_at
         ORDER BY b.since DESC LIMIT 1)) AS s
    WHERE (names IS NULL OR m.machine_name = ANY (names)) AND (of_line IS NULL OR coalesce(s.line_id, 0::smallint) = of_line)
      AND CASE WHEN s.since < from_at THEN s.until IS NULL OR s.until >= from_at ELSE s.until IS NULL OR s.until >= until_at END
$$;

-- Of those, the ones that were going on in the period; in none that has no length, as one that has not begun.
CREATE OR REPLACE FUNCTION stops_across(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                        of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, machine_id integer, fails boolean, line_id smallint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT * FROM stops_touching(names, from_at, until_at, now_at, of_line)
    WHERE from_at < until_at AND (since >= from_at OR until IS NULL OR until > from_at)
$$;

-- Both together.
CREATE OR REPLACE FUNCTION stops_between(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                         of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, machine_id integer, fails boolean, line_id smallint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 100000 AS $$
    SELECT * FROM stops_inside(names, from_at, until_at, of_line)
    UNION ALL
    SELECT * FROM stops_across(names, from_at, until_at, now_at, of_line)
$$;
COMMENT ON FUNCTION stops_between IS
    'The stops that were going on in a period, right to the second. down: microseconds inside it that are known; length: of all of'
    ' it, of which unconfirmed were silent; fails: it is no micro-stop; of_line: of those that began on that line.';
