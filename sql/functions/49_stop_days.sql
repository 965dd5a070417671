-- Stops by the day on which they ended: a cache like the sums of 45_days.sql. On that day all is known of a stop; how many began in a
-- period follows from those that went on at its ends (sql/queries/stop_sums.sql).

-- The days of which stop_days is right. Unlike intervals, stops are never forgotten: those of an old day can be added up again.
CREATE OR REPLACE VIEW days_with_stops AS
SELECT d.day, d.since, d.until FROM history_days d WHERE d.has_stops AND d.day NOT IN (SELECT c.day FROM changed_days c);
COMMENT ON VIEW days_with_stops IS 'The days of which stop_days is right; those of other days are read from machine_stops.';

-- The stops that ended in a period, machine by machine: the last that had begun before it, and those that began in it. fails: it is no
-- micro-stop. names null: of all machines; of_line: of those that began on that line (0: on none).
CREATE OR REPLACE FUNCTION stops_ended(names text[], from_at timestamptz, until_at timestamptz, of_line smallint DEFAULT NULL)
RETURNS TABLE (machine_id integer, line_id smallint, fails boolean, repaired boolean, length bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000 AS $$
    SELECT s.machine_id, coalesce(s.line_id, 0::smallint), s.length >= m.micro_stop, s.repaired, s.length
    FROM machine_limits m
    CROSS JOIN LATERAL (
        SELECT e.* FROM machine_stops e
        WHERE e.machine_id = m.machine_id AND e.since < until_at AND e.until >= from_at AND e.until < until_at
          AND e.since >= coalesce((SELECT max(b.since) FROM machine_stops b WHERE b.machine_id = m.machine_id AND b.since < from_at),
                                  '-infinity')
        OFFSET 0) AS s
    WHERE (names IS NULL OR m.machine_name = ANY (names)) AND (of_line IS NULL OR coalesce(s.line_id, 0::smallint) = of_line)
$$;

-- Makes the sums of one day again.
CREATE OR REPLACE FUNCTION sum_stops(of_day history_days) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    DELETE FROM stop_days WHERE day = of_day.day;
    INSERT INTO stop_days (day, machine_id, line_id, failures, micro_stops, repairs, repair)
    SELECT of_day.day, s.machine_id, s.line_id, count(*) FILTER (WHERE s.fails), count(*) FILTER (WHERE NOT s.fails),
           count(*) FILTER (WHERE s.fails AND s.repaired), coalesce(sum(s.length) FILTER (WHERE s.fails AND s.repaired), 0)
    FROM stops_ended(NULL, of_day.since, of_day.until) s GROUP BY 2, 3 ORDER BY 2;
    UPDATE history_days SET has_stops = true WHERE day = of_day.day;
$$;

-- The stops that ended in a period, in pieces to add up.
CREATE OR REPLACE FUNCTION ended_stop_sums(names text[], from_at timestamptz, until_at timestamptz, of_line smallint DEFAULT NULL)
RETURNS TABLE (machine_id integer, failures integer, micro_stops integer, repairs integer, repair bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 30000 AS $$
    SELECT d.machine_id, d.failures, d.micro_stops, d.repairs, d.repair
    FROM stop_days d
    WHERE d.day = ANY (ARRAY(SELECT w.day FROM days_with_stops w WHERE w.since >= from_at AND w.until <= until_at))
      AND (names IS NULL OR d.machine_id IN (SELECT m.machine_id FROM machines m WHERE m.machine_name = ANY (names)))
      AND (of_line IS NULL OR d.line_id = of_line)
    UNION ALL
    SELECT s.machine_id, s.fails::int, (NOT s.fails)::int, (s.fails AND s.repaired)::int,
           CASE WHEN s.fails AND s.repaired THEN s.length ELSE 0 END
    FROM unnest(tstzmultirange(tstzrange(least(from_at, until_at), until_at))
                - coalesce((SELECT range_agg(tstzrange(w.since, w.until)) FROM days_with_stops w
                            WHERE w.since >= from_at AND w.until <= until_at), '{}')) AS rest
    CROSS JOIN LATERAL stops_ended(names, lower(rest), upper(rest), of_line) s
$$;

-- Another micro-stop limit makes failures of micro-stops, or the reverse, on every day.
CREATE OR REPLACE FUNCTION micro_stop_limit_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM mark_all_days();
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION micro_stop_limit_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER micro_stop_limit_changed AFTER UPDATE OF micro_stop ON plant_settings
    FOR EACH ROW WHEN (NEW.micro_stop <> OLD.micro_stop) EXECUTE FUNCTION micro_stop_limit_changed();
CREATE OR REPLACE TRIGGER micro_stop_limit_of_type_changed AFTER UPDATE OF micro_stop ON machine_types
    FOR EACH ROW WHEN (NEW.micro_stop IS DISTINCT FROM OLD.micro_stop) EXECUTE FUNCTION micro_stop_limit_changed();
-- And another type of a machine, if one of both has its own limit.
CREATE OR REPLACE FUNCTION machine_limit_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (SELECT FROM machine_types WHERE type IN (OLD.type, NEW.type) AND micro_stop IS NOT NULL) THEN
        PERFORM mark_all_days();
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_limit_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_limit_changed AFTER UPDATE OF type ON machines
    FOR EACH ROW WHEN (NEW.type <> OLD.type) EXECUTE FUNCTION machine_limit_changed();
