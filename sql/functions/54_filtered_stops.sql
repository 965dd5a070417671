-- The stops of some hours of a period, such as those of all late shifts, and of one reason.

-- The stops of a period that were going on in one of its parts (from starts to untils, apart from each other and in order), and
-- those that ended at the very moment at which a part begins. down: microseconds inside the parts that are known; length: of the
-- whole stop until now_at. began: in a part; carried_in: it went on when a part began, and began in none; ended: in a part, because
-- the machine ran again; goes_on, for going_on microseconds: at the end of the last part. names null: of all machines; of_reason null: of any reason, empty: without one.
CREATE OR REPLACE FUNCTION filtered_stops(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                          of_reason text, starts timestamptz[], untils timestamptz[],
                                          of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, began boolean, carried_in boolean, ended boolean, goes_on boolean, going_on bigint)
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
    SELECT p.version, p.machine_name, p.since, p.until, p.reason, p.repaired, spent.down, p.length, p.began,
           NOT p.began AND NOT isempty(p.inside), p.ended, p.lasts AND (p.began OR NOT isempty(p.inside)),
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

-- The stops of a period as listed_stops() has them, of one reason, and of some hours of the period only (starts null: of all);
-- of_kpi as there.
CREATE OR REPLACE FUNCTION chosen_stops(names text[], from_at timestamptz, until_at timestamptz, now_at timestamptz,
                                        micro_stop bigint, of_kpi text, of_reason text, starts timestamptz[],
                                        untils timestamptz[], of_line smallint DEFAULT NULL)
RETURNS TABLE (version bigint, machine_name text, since timestamptz, until timestamptz, reason text, repaired boolean,
               down bigint, length bigint, began boolean, fails boolean, counted boolean, amount bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000 AS $$
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.began, s.fails, s.counted,
           s.amount
    FROM listed_stops(names, from_at, until_at, now_at, micro_stop, of_kpi, of_line) s
    WHERE starts IS NULL AND (of_reason IS NULL OR coalesce(s.reason, '') = of_reason)
    UNION ALL
    SELECT s.version, s.machine_name, s.since, s.until, s.reason, s.repaired, s.down, s.length, s.began,
           s.length >= micro_stop,
           CASE of_kpi WHEN 'down' THEN true WHEN 'stops' THEN s.began WHEN 'carried_in' THEN NOT s.began
                WHEN 'micro_stops' THEN s.began AND s.length < micro_stop
                WHEN 'failures' THEN s.began AND s.length >= micro_stop WHEN 'mttr' THEN s.ended AND s.length >= micro_stop
                WHEN 'repair' THEN s.ended AND s.length >= micro_stop AND o.started_at IS NOT NULL
                WHEN 'response' THEN s.began AND s.length >= micro_stop AND o.acknowledged_at IS NOT NULL
                ELSE s.length >= micro_stop END,
           CASE of_kpi WHEN 'mttr' THEN s.length
                WHEN 'repair'
                    THEN micros(s.until - least(s.until, greatest(s.since, o.created_at, o.acknowledged_at, o.started_at)))
                WHEN 'response' THEN micros(greatest(s.since, least(o.acknowledged_at, s.until)) - s.since)
                ELSE s.down END
    FROM filtered_stops(names, from_at, until_at, now_at, of_reason, starts, untils, of_line) s
    LEFT JOIN LATERAL orders_of_stop(s.machine_name, s.since) o ON of_kpi IN ('repair', 'response')
    WHERE starts IS NOT NULL AND (s.began OR s.carried_in OR of_kpi IN ('mttr', 'repair'))
$$;
COMMENT ON FUNCTION chosen_stops IS
    'The stops of a period, of one reason and some of its hours, and whether and with how many microseconds each counts.';
