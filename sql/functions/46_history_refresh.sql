-- Bringing what is derived from the history up to date: reads on, rolls up, step by step.

-- Stops of some machines, again from the moment at which something is new, by the reports until the lasts (null: all).
CREATE OR REPLACE FUNCTION history_update_stops(names text[], news timestamptz[], lasts timestamptz[] DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    froms timestamptz[];
BEGIN
    INSERT INTO history_machines AS m
    SELECT new.name, new.new_at, coalesce(new.last_at, 'infinity')
    FROM unnest(names, news, coalesce(lasts, array_fill(NULL::timestamptz, ARRAY[cardinality(names)])))
        AS new (name, new_at, last_at)
    ON CONFLICT (machine_name) DO UPDATE SET first_at = least(m.first_at, excluded.first_at),
                                             last_at = greatest(m.last_at, excluded.last_at);
    SELECT array_agg(stops_valid_until(name, new_at) ORDER BY number) INTO froms
    FROM unnest(names, news) WITH ORDINALITY AS new (name, new_at, number);
    DELETE FROM machine_stops s USING unnest(names, froms) AS n (name, from_at)
    WHERE s.machine_name = n.name AND s.since >= n.from_at;
    INSERT INTO machine_stops (version, machine_name, since, until, reason, repaired, silent, length)
    SELECT stop.*, micros(stop.until - stop.since) - stop.silent
    FROM (SELECT s.version, n.name, s.since, s.until, s.reason, s.repaired,
                 CASE WHEN EXISTS (SELECT FROM data_gaps q WHERE q.machine_name = n.name)
                      THEN data_gap_length(n.name, s.since, coalesce(s.until, 'infinity'), NULL) ELSE 0 END AS silent
          FROM unnest(names, froms) AS n (name, from_at) JOIN history_machines m ON m.machine_name = n.name
          CROSS JOIN LATERAL raw_stops(n.name, n.from_at, m.last_at) s
          ORDER BY s.since) AS stop;  -- reports read them by time, and so they lie side by side
END $$;

-- Reads on in the history, at most so many rows; returns how many.
CREATE OR REPLACE FUNCTION history_ingest(most bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    was history_progress;
    goal history_progress;
    settled bigint := oldest_xid();
    amount bigint;
    names text[]; news timestamptz[]; lasts timestamptz[];
    late_names text[]; late_news timestamptz[]; late_untils timestamptz[];
    late_lines smallint[];
    late_from timestamptz;
BEGIN
    SELECT * INTO was FROM history_progress;
    IF was.xid > next_xid() THEN  -- another server than the one that counted so far
        PERFORM history_rebuild();
        SELECT * INTO was FROM history_progress;
    END IF;
    goal := was;
    IF was.loaded < was.life_version THEN
        goal.loaded := coalesce((SELECT version FROM machine_status_history
                                 WHERE version > was.loaded AND version <= was.life_version
                                 ORDER BY version OFFSET most - 1 LIMIT 1), was.life_version);
    ELSE
        SELECT xid, version INTO goal.xid, goal.version FROM machine_status_history
        WHERE (xid, version) > (was.xid, was.version) AND xid < settled ORDER BY xid, version OFFSET most - 1 LIMIT 1;
        IF NOT FOUND THEN
            goal.xid := greatest(settled, was.xid);
            goal.version := CASE WHEN goal.xid = was.xid THEN was.version ELSE 0 END;
        END IF;
    END IF;
    SELECT array_agg(new.machine_name), array_agg(new.at), array_agg(new.last), coalesce(sum(new.rows), 0)
    INTO names, news, lasts, amount
    FROM (SELECT found.machine_name, min(found.at) AS at, max(found.at) AS last, count(*) AS rows
          FROM (SELECT machine_name, changed_at AS at, version, xid FROM machine_status_history
                WHERE version > was.loaded AND version <= goal.loaded
                UNION ALL
                SELECT machine_name, since, version, xid FROM data_gaps
                WHERE version > was.loaded AND version <= goal.loaded
                UNION ALL
                SELECT machine_name, changed_at, version, xid FROM machine_status_history
                WHERE (xid, version) > (was.xid, was.version) AND (xid, version) <= (goal.xid, goal.version)
                  AND (version > was.foreign_version OR xid < was.life_xid)
                UNION ALL
                SELECT machine_name, since, version, xid FROM data_gaps
                WHERE (xid, version) > (was.xid, was.version) AND (xid, version) <= (goal.xid, goal.version)
                  AND (version > was.foreign_version OR xid < was.life_xid)) AS found
          WHERE isfinite(found.at)
          GROUP BY found.machine_name) AS new;

    -- what is new inside the time that is rolled up is taken back as it was known before, and added as it is known now
    SELECT array_agg(name), array_agg(new_at), array_agg(was.rolled_until), min(new_at)
    INTO late_names, late_news, late_untils, late_from
    FROM unnest(names, news) AS new (name, new_at) WHERE new_at < was.rolled_until;
    IF late_names IS NOT NULL THEN
        SELECT coalesce(array_agg(DISTINCT line_id), '{}') INTO late_lines FROM machines
        WHERE machine_name = ANY (late_names) AND line_id IS NOT NULL;
        PERFORM history_add_times(late_names, late_news, late_untils, -1);
        PERFORM history_remove_waits(late_from, late_lines);
    END IF;
    UPDATE history_progress SET loaded = goal.loaded, xid = goal.xid, version = goal.version
    WHERE (loaded, xid, version) <> (goal.loaded, goal.xid, goal.version);
    IF names IS NOT NULL THEN
        PERFORM history_update_stops(names, news, lasts);
    END IF;
    IF late_names IS NOT NULL THEN
        PERFORM history_add_times(late_names, late_news, late_untils, 1);
        PERFORM history_add_waits(late_from, was.rolled_until, late_lines);
    END IF;
    RETURN CASE WHEN goal.loaded > was.loaded THEN greatest(amount, 1) ELSE amount END;
END $$;

-- Rolls up the next interval of full hours that are over and read to the last row; returns how many.
CREATE OR REPLACE FUNCTION history_rollup(now_at timestamptz) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    from_at timestamptz;
    until_at timestamptz;
    machines bigint;
    oldest timestamptz;
BEGIN
    SELECT count(*), min(first_at) INTO machines, oldest FROM history_machines;
    SELECT coalesce(rolled_until, date_trunc('hour', oldest, 'UTC')) INTO from_at FROM history_progress;
    -- rows whose transactions have not ended may be a moment older than what was read: a minute lets most of them in
    until_at := least(date_trunc('hour', least(now_at - interval '1 minute', (SELECT min(at) FROM history_pending)), 'UTC'),
                      utc_bin('24 hours', from_at) + greatest(1, 2000 / nullif(machines, 0)) * interval '24 hours');
    IF until_at > from_at THEN
        PERFORM history_add_times(array_agg(machine_name), array_agg(from_at), array_agg(until_at), 1)
        FROM history_machines WHERE first_at < until_at;
        PERFORM history_add_waits(from_at, until_at, NULL);
        UPDATE history_progress SET rolled_until = until_at;
        RETURN extract(epoch FROM until_at - from_at)::bigint / 3600;
    END IF;
    RETURN 0;
END $$;

-- What a clock that was ahead has left behind, once it has been set back (clock_corrections, correct_future_history()).
CREATE OR REPLACE FUNCTION history_correct_clock() RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    future timestamptz := floor_clock() + interval '1 hour';
    corrected timestamptz;
BEGIN
    PERFORM correct_future_history(found.machine_name, true)
    FROM (SELECT machine_name FROM machine_status_history WHERE changed_at > future AND changed_at < 'infinity'
          UNION
          SELECT machine_name FROM machine_feed_stream WHERE greatest(reported_at, status_since) > future) AS found;
    SELECT least(min(at), CASE WHEN (SELECT rolled_until FROM history_progress) > future THEN floor_clock() END)
    INTO corrected FROM clock_corrections WHERE NOT derived;
    IF corrected IS NOT NULL THEN
        UPDATE clock_corrections SET derived = true WHERE NOT derived;
        PERFORM history_rebuild_from(corrected);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION refresh_history(most bigint DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    done bigint := 0;
    step bigint;
    state_before text;
BEGIN
    PERFORM FROM history_progress FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    state_before := history_state();
    PERFORM history_correct_clock();
    LOOP
        step := history_ingest(coalesce(most, 500000));
        IF step = 0 THEN
            step := history_rollup(floor_clock());
        END IF;
        done := done + step;
        EXIT WHEN step = 0 OR most IS NOT NULL;
    END LOOP;
    UPDATE history_progress p
    SET refreshed_at = c.clock,
        steady_since = CASE WHEN c.clock >= p.refreshed_at AND c.clock < p.refreshed_at + interval '1 day'
                            THEN coalesce(p.steady_since, c.clock) ELSE c.clock END
    FROM (SELECT floor_clock() AS clock OFFSET 0) AS c;
    IF state_before <> history_state() THEN
        UPDATE production_lines SET position = position WHERE false;  -- has the app read the floor again
    END IF;
    RETURN done;
END $$;
COMMENT ON FUNCTION refresh_history IS
    'Brings up to date what is derived from the history. Returns how much there was to do (rows read, hours rolled up; 0:'
    ' nothing is left), null while somebody else is at it. most: take one step of at most so many rows, the next call goes on.';
