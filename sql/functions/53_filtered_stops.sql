-- The stops of some hours of a period, such as those of all late shifts, and of one reason.

-- Microseconds of a stop in which nothing was heard of its machine, in some parts. plpgsql: few stops have any, and planned with the
-- query it would look too expensive for all else.
CREATE OR REPLACE FUNCTION unheard_in_parts(of_machine integer, from_at timestamptz, until_at timestamptz, starts timestamptz[],
                                            untils timestamptz[], now_at timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT sum(u.length) FROM unnest(starts, untils) AS part (since, until)
            CROSS JOIN LATERAL unheard_between(of_machine, greatest(from_at, part.since), least(until_at, part.until), now_at) u);
END $$;

-- The stops of a period that were going on in one of its parts (from starts to untils: none is empty, they are apart from each other
-- and in order), and those that ended at the very moment at which a part begins. down: microseconds inside the parts that are known;
-- length: of the whole stop until now_at. fails: it is no micro-stop; began: in a part; carried_in: it went on when a part began, and
-- began in none; ended: in a part, because the machine ran again; goes_on, for going_on microseconds: at the end of the last part.
-- names null: of all machines; of_reason null: of any reason, empty: without one.
-- First those that do not begin and end inside one part: few, of which the time inside has to be worked out.
CREATE OR REPLACE FUNCTION stops_across_parts(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                              of_reason text, starts timestamptz[], untils timestamptz[],
                                              of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               carried_in boolean, ended boolean, goes_on boolean, going_on bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    WITH placed AS (  -- the last part that had begun when it began, and when it ended; 0: none had
        SELECT stop.*, width_bucket(stop.since, starts) AS first, width_bucket(coalesce(stop.until, 'infinity'), starts) AS last,
               untils[cardinality(untils)] AS end_at
        FROM (SELECT * FROM stops_inside(names, from_at, until_at, of_line) s
              WHERE (s.until < untils[width_bucket(s.since, starts)]) IS NOT TRUE  -- in one part
                AND NOT (s.since >= untils[width_bucket(s.since, starts)]  -- between two
                         AND s.until < starts[width_bucket(s.since, starts) + 1])
              UNION ALL
              SELECT * FROM stops_touching(names, from_at, until_at, now_at, of_line)) AS stop
        WHERE (of_reason IS NULL OR coalesce(stop.reason, '') = of_reason) AND from_at < until_at AND cardinality(starts) > 0
        OFFSET 0  -- each is computed once
    ), spent AS (
        SELECT placed.*, first > 0 AND since < untils[first] AS began, repaired AND last > 0 AND until < untils[last] AS ended,
               since < end_at AND (until IS NULL OR until >= end_at) AS lasts,
               CASE WHEN first = last THEN micros(greatest(least(until, untils[last]), since) - since)
                    ELSE (SELECT sum(micros(greatest(least(placed.until, part.until) - greatest(placed.since, part.since), '0')))
                          FROM unnest(starts[greatest(first, 1):last], untils[greatest(first, 1):last]) AS part (since, until))
                    END AS inside
        FROM placed
        WHERE last > 0
        OFFSET 0
    )
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired,
           (s.inside - CASE WHEN s.unconfirmed = 0 OR s.inside = 0 THEN 0
                            ELSE unheard_in_parts(s.machine_id, s.since, s.until, starts[greatest(s.first, 1):s.last],
                                                  untils[greatest(s.first, 1):s.last], now_at) END)::bigint,
           s.length, s.unconfirmed, s.fails, s.line_id, s.began, NOT s.began AND s.inside > 0, s.ended,
           s.lasts AND (s.began OR s.inside > 0),
           CASE WHEN s.lasts THEN micros(s.end_at - s.since) END
    FROM spent s
    WHERE s.began OR s.ended OR s.inside > 0
$$;

-- And with those that do: most, and quickly found.
CREATE OR REPLACE FUNCTION filtered_stops(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                          of_reason text, starts timestamptz[], untils timestamptz[],
                                          of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               carried_in boolean, ended boolean, goes_on boolean, going_on bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.unconfirmed, s.fails, s.line_id,
           true, false, s.repaired, false, NULL::bigint
    FROM stops_inside(names, from_at, until_at, of_line) s
    WHERE s.until < untils[width_bucket(s.since, starts)] AND (of_reason IS NULL OR coalesce(s.reason, '') = of_reason)
      AND from_at < until_at
    UNION ALL
    SELECT * FROM stops_across_parts(names, from_at, until_at, now_at, of_reason, starts, untils, of_line)
$$;
COMMENT ON FUNCTION filtered_stops IS
    'The stops of some hours of a period, such as of all late shifts, and of one reason, each with its time in these hours.';
