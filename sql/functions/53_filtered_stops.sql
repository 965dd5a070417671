-- The stops of some hours of a period, such as those of all late shifts, and of one reason.

-- The stops of a period that were going on in one of its parts (from starts to untils, apart from each other and in order), and
-- those that ended at the very moment at which a part begins. down: microseconds inside the parts that are known; length: of the
-- whole stop until now_at. fails: it is no micro-stop; began: in a part; carried_in: it went on when a part began, and began in
-- none; ended: in a part, because the machine ran again; goes_on, for going_on microseconds: at the end of the last part. names
-- null: of all machines; of_reason null: of any reason, empty: without one.
CREATE OR REPLACE FUNCTION filtered_stops(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                          of_reason text, starts timestamptz[], untils timestamptz[],
                                          of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, unconfirmed bigint, fails boolean, line_id smallint, began boolean,
               carried_in boolean, ended boolean, goes_on boolean, going_on bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    WITH part AS MATERIALIZED (
        SELECT range_agg(tstzrange(p.since, p.until)) AS hours, max(p.until) AS last
        FROM unnest(starts, untils) AS p (since, until) WHERE p.since < p.until
    ), stop AS (
        SELECT * FROM stops_inside(names, from_at, until_at, of_line)
        UNION ALL
        SELECT * FROM stops_touching(names, from_at, until_at, now_at, of_line)
    ), placed AS (
        SELECT stop.*, part.last, tstzmultirange(tstzrange(stop.since, stop.until)) * part.hours AS inside,
               part.hours @> stop.since AS began, stop.repaired AND part.hours @> stop.until AS ended,
               stop.since < part.last AND (stop.until IS NULL OR stop.until >= part.last) AS lasts
        FROM stop CROSS JOIN part
        WHERE (of_reason IS NULL OR coalesce(stop.reason, '') = of_reason) AND part.hours IS NOT NULL
    )
    SELECT p.version, p.machine_name, p.since, p.until, p.reason, p.repaired, spent.down, p.length, p.unconfirmed,
           p.fails, p.line_id, p.began, NOT p.began AND NOT isempty(p.inside), p.ended, p.lasts AND (p.began OR NOT isempty(p.inside)),
           CASE WHEN p.lasts THEN micros(p.last - p.since) END
    FROM placed p
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(micros(upper(hour) - lower(hour)) - CASE WHEN p.unconfirmed > 0
                   THEN unheard_length(p.machine_id, lower(hour), upper(hour), now_at) ELSE 0 END), 0)::bigint AS down
        FROM unnest(p.inside) AS hour) AS spent
    WHERE p.began OR p.ended OR NOT isempty(p.inside)
$$;
COMMENT ON FUNCTION filtered_stops IS
    'The stops of some hours of a period, such as of all late shifts, and of one reason, each with its time in these hours.';
