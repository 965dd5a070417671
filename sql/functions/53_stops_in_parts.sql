-- The stops in the parts of a period (47_parts.sql): in all of it, which is one part, or in some of its hours, such as all late shifts.

-- When parts begin and end, in turn. Of constants, as the program's queries have them, it is computed once.
CREATE OR REPLACE FUNCTION edges_of_parts(starts timestamptz[], untils timestamptz[]) RETURNS timestamptz[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(edge ORDER BY part.number, edge)
    FROM unnest(starts, untils) WITH ORDINALITY AS part (since, until, number)
    CROSS JOIN LATERAL unnest(ARRAY[part.since, part.until]) AS edge
$$;

-- Whether a moment is in one of the parts: after as many beginnings and ends, in one look.
CREATE OR REPLACE FUNCTION is_in_parts(moment timestamptz, starts timestamptz[], untils timestamptz[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT width_bucket(moment, edges_of_parts(starts, untils)) % 2 = 1 $$;

-- For each part the microseconds of all parts before it. Of constants, as the program's queries have them, it is computed once.
CREATE OR REPLACE FUNCTION micros_before_parts(starts timestamptz[], untils timestamptz[]) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_agg(part.before ORDER BY part.number)
    FROM (SELECT p.number, coalesce(sum(micros(p.until - p.since)) OVER (ORDER BY p.number ROWS UNBOUNDED PRECEDING EXCLUDE CURRENT ROW),
                                    0)::bigint AS before
          FROM unnest(starts, untils) WITH ORDINALITY AS p (since, until, number)) AS part
$$;

-- Microseconds of the parts before a moment. part: the last that had begun by then; 0: none had.
CREATE OR REPLACE FUNCTION micros_of_parts(moment timestamptz, part integer, starts timestamptz[], untils timestamptz[]) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce((micros_before_parts(starts, untils))[part] + micros(least(moment, untils[part]) - starts[part]), 0)
$$;

-- Microseconds of a stop in which nothing was heard of its machine, in some parts. plpgsql: few stops have any, and planned with the
-- query it would look too expensive for all else.
CREATE OR REPLACE FUNCTION unheard_in_parts(of_machine integer, from_at timestamptz, until_at timestamptz, starts timestamptz[],
                                            untils timestamptz[], now_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT sum(u.length) FROM unnest(starts, untils) AS part (since, until)
            CROSS JOIN LATERAL unheard_between(of_machine, greatest(from_at, part.since), least(until_at, part.until), now_at) u);
END $$;

-- The stops that were going on in one of the parts (from starts to untils: apart from each other and in order), and those that ended at
-- the very moment at which a part begins. down: microseconds inside the parts that are known; length: of the whole stop until now_at.
-- fails: it is no micro-stop; began: in a part; carried_in: it went on when a part began, and began in none; ended: in a part, because
-- the machine ran again; goes_on, for going_on microseconds: at the end of the last part. names null: of all machines; of_reason null:
-- of any reason, empty: without one; of_line: of those that began on that line (0: on none). at_ends false: the many that began and ended
-- between the start of the first part and the end of the last; true: the few others; null: both. So that a query adds up or sorts the
-- many, by several processes, before it looks at the few.
CREATE OR REPLACE FUNCTION stops_in_parts(names text[], starts timestamptz[], untils timestamptz[], now_at timestamptz, of_reason text,
                                          of_line smallint, at_ends boolean)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               carried_in boolean, ended boolean, goes_on boolean, going_on bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.unconfirmed, s.fails, s.line_id,
           true, false, s.repaired, false, NULL::bigint
    FROM stops_inside(names, starts[1], untils[1], of_line) s
    WHERE at_ends IS NOT TRUE AND cardinality(starts) = 1 AND (of_reason IS NULL OR coalesce(s.reason, '') = of_reason)
    UNION ALL
    SELECT s.version, m.machine_name, s.since, s.until, s.reason, s.repaired,
           CASE WHEN s.began AND s.until <= untils[s.first] THEN s.length - s.unconfirmed
                ELSE micros_of_parts(s.until, s.last, starts, untils) - micros_of_parts(s.since, s.first, starts, untils)
                     - CASE WHEN s.unconfirmed = 0 THEN 0
                            ELSE unheard_in_parts(s.machine_id, s.since, s.until, starts[greatest(s.first, 1):s.last],
                                                  untils[greatest(s.first, 1):s.last], now_at) END
           END,
           s.length, s.unconfirmed, s.length >= m.micro_stop, s.line_id, s.began, NOT s.began AND s.goes_into, s.ended, s.goes_on,
           CASE WHEN s.goes_on THEN micros(untils[cardinality(starts)] - s.since) END
    FROM (SELECT p.*, p.repaired AND p.until < untils[p.last] AS ended,
                 (p.began OR p.goes_into) AND (p.until < untils[cardinality(starts)]) IS NOT TRUE AS goes_on
          FROM (SELECT stop.*, stop.first > 0 AND stop.since < untils[stop.first] AS began,
                       stop.first < stop.last AND (stop.first + 1 < stop.last OR (stop.until > starts[stop.last]) IS NOT FALSE)
                           AS goes_into  -- a part that began after it
                FROM (SELECT found.*, CASE WHEN found.until < starts[found.first + 1] THEN found.first
                                           ELSE width_bucket(coalesce(found.until, 'infinity'), starts) END AS last
                      FROM (SELECT either.*, width_bucket(either.since, starts) AS first  -- the last part that had begun; 0: none had
                            FROM (SELECT i.version, i.machine_id, i.since, i.until, i.reason, i.repaired, i.length, i.unconfirmed,
                                         i.line_id
                                  FROM machine_stops i
                                  WHERE at_ends IS NOT TRUE AND cardinality(starts) > 1 AND i.since >= starts[1]
                                    AND i.since < untils[cardinality(starts)] AND i.until < untils[cardinality(starts)]
                                    AND (names IS NULL OR i.machine_id = ANY ((SELECT machine_ids(names))::integer[]))
                                    AND (of_line IS NULL OR coalesce(i.line_id, 0::smallint) = of_line)
                                  UNION ALL
                                  SELECT t.version, t.machine_id, t.since, t.until, t.reason, t.repaired, t.length, t.unconfirmed,
                                         t.line_id
                                  FROM stops_touching(names, starts[1], untils[cardinality(starts)], now_at, of_line) t
                                  WHERE at_ends IS NOT FALSE AND starts[1] < untils[1]) AS either
                            WHERE of_reason IS NULL OR coalesce(either.reason, '') = of_reason
                            OFFSET '0') AS found  -- each is computed once; '0' as in machine_limits
                      OFFSET '0') AS stop
                WHERE stop.last > 0 AND (stop.first < stop.last OR stop.since < untils[stop.first])
                OFFSET '0') AS p) AS s
    LEFT JOIN machine_limits m USING (machine_id)  -- of the few that are left
    WHERE s.began OR s.goes_into OR s.ended
$$;
COMMENT ON FUNCTION stops_in_parts IS
    'The stops in the parts of a period, such as in all late shifts, and of one reason, each with its time in these parts.';
