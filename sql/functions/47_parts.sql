-- What answers for the parts of a period, such as for all its late shifts: whole days, hours of other days, and the intervals for what
-- is left. Parts are from starts to untils, in order and apart from each other; they are counted from 1.

-- Days that are summed up and lie wholly in a part.
CREATE OR REPLACE FUNCTION days_of_parts(starts timestamptz[], untils timestamptz[])
RETURNS TABLE (part integer, day date, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30 AS $$
    SELECT found.part, d.day, d.since, d.until
    FROM summed_days d CROSS JOIN LATERAL (SELECT width_bucket(d.since, starts) AS part) AS found
    WHERE d.since >= starts[1] AND d.until <= untils[found.part]
$$;

-- Hours of the other days, one after the other, that lie wholly in a part: from the moment numbered first to the one numbered last.
CREATE OR REPLACE FUNCTION hours_of_parts(starts timestamptz[], untils timestamptz[])
RETURNS TABLE (part integer, day date, first integer, last integer, hours timestamptz[])
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30 AS $$
    SELECT n.part, d.day, edge.first, edge.last, d.hours
    FROM summed_days d
    CROSS JOIN LATERAL generate_series(greatest(width_bucket(d.since, starts), 1),
                                       width_bucket(d.until - interval '1 microsecond', starts)) AS n (part)
    CROSS JOIN LATERAL (SELECT greatest(starts[n.part], d.since) AS since, least(untils[n.part], d.until) AS until) AS common
    CROSS JOIN LATERAL (SELECT width_bucket(common.since, d.hours) AS before) AS found
    CROSS JOIN LATERAL (SELECT found.before + CASE WHEN d.hours[found.before] < common.since THEN 1 ELSE 0 END AS first,
                               width_bucket(common.until, d.hours) AS last) AS edge
    WHERE (starts[n.part] > d.since OR untils[n.part] < d.until) AND edge.first < edge.last
    OFFSET '0'  -- each is computed once, and not for each machine; '0' as in machine_limits
$$;

-- What is left of the parts beside both.
CREATE OR REPLACE FUNCTION rest_of_parts(starts timestamptz[], untils timestamptz[])
RETURNS TABLE (part integer, since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
    SELECT p.part::integer, lower(rest), upper(rest)
    FROM unnest(starts, untils) WITH ORDINALITY AS p (since, until, part)
    LEFT JOIN (SELECT s.part, range_agg(tstzrange(s.since, s.until)) AS summed
               FROM (SELECT d.part, d.since, d.until FROM days_of_parts(starts, untils) d
                     UNION ALL
                     SELECT h.part, h.hours[h.first], h.hours[h.last] FROM hours_of_parts(starts, untils) h) AS s
               GROUP BY s.part) AS known ON known.part = p.part
    CROSS JOIN LATERAL unnest(tstzmultirange(tstzrange(least(p.since, p.until), p.until)) - coalesce(known.summed, '{}')) AS rest
$$;

-- The same of a period as a whole, of which only whole days are summed up.
CREATE OR REPLACE FUNCTION rest_of_days(from_at timestamptz, until_at timestamptz)
RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 2 AS $$
    SELECT lower(rest), upper(rest)
    FROM unnest(tstzmultirange(tstzrange(least(from_at, until_at), until_at))
                - coalesce((SELECT range_agg(tstzrange(d.since, d.until)) FROM days_of_parts(ARRAY[from_at], ARRAY[until_at]) d),
                           '{}')) AS rest
$$;
