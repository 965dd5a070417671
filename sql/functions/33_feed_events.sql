-- report_events(): many statuses and counts of a feed at once, each with a result.

-- Whether a feed's token is for this machine.
CREATE OR REPLACE FUNCTION may_report(feed access_keys, of_machine machines) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT feed.line_ids IS NULL AND feed.machine_ids IS NULL
           OR coalesce(of_machine.machine_id = ANY (feed.machine_ids), false)
           OR coalesce(of_machine.line_id = ANY (feed.line_ids), false)
$$;

-- The events with their machines, and with a result where they cannot be stored. turn: 1 for the first of its machine, 2 for
-- the next; null: it has counts and no status.
CREATE OR REPLACE FUNCTION checked_feed_events(feed access_keys, events jsonb, clock timestamptz) RETURNS feed_event[]
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT array_agg(ROW(item, machine, machine_id, CASE WHEN message IS NULL AND status IS NOT NULL THEN reported_status(status)
            ELSE status END, machine_feed_clean_text(reason, 2000), at, id, turn,
        CASE WHEN is_unknown THEN 'unknown_machine' WHEN problem IS NOT NULL THEN 'refused' END, problem)::feed_event)
    FROM (SELECT *, CASE WHEN status IS NOT NULL THEN
              row_number() OVER (PARTITION BY problem IS NULL, status IS NULL, machine_id ORDER BY at, item) END AS turn
          FROM (SELECT e.*, f.machine_id IS NULL AND e.message IS NULL AS is_unknown, CASE
                    WHEN e.message IS NOT NULL THEN e.message
                    WHEN f.machine_id IS NULL THEN format('no machine on this floor is called %s', quote_literal(left(e.machine, 200)))
                    WHEN NOT may_report(feed, m) THEN format('this token may not report %s', quote_literal(e.machine))
                    WHEN e.at IS NOT NULL THEN event_time_problem(e.at, clock) END AS problem
                FROM (SELECT e.*, machine_called(e.machine) AS machine_id
                      FROM jsonb_to_recordset(events) AS e (item integer, machine text, status text, reason text, at timestamptz,
                                                            id text, message text) OFFSET 0) AS e
                LEFT JOIN machine_feed_stream f USING (machine_id) LEFT JOIN machines m USING (machine_id)
                OFFSET 0) AS judged) AS numbered  -- OFFSET 0: each function is asked once for an event
$$;

-- Those with an id that the feed has used before are duplicates. Ids that are older than any event may be are forgotten.
-- enable_seqscan: a session that planned this while there were few ids would go on to read all of them.
CREATE OR REPLACE FUNCTION new_feed_events(of_feed integer, events feed_event[]) RETURNS feed_event[]
LANGUAGE sql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
    DELETE FROM feed_event_ids WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM feed_event_ids
        WHERE feed_id = of_feed AND received_at < (SELECT clock_timestamp()) - event_time_behind() - interval '1 day'
        ORDER BY received_at LIMIT 2 * cardinality(events)));
    WITH new AS (
        INSERT INTO feed_event_ids (feed_id, event_id)
        SELECT DISTINCT of_feed, e.id FROM unnest(events) AS e WHERE e.result IS NULL AND e.id IS NOT NULL
        ON CONFLICT DO NOTHING RETURNING event_id
    )
    SELECT array_agg(ROW(e.item, e.machine, e.machine_id, e.status, e.reason, e.at, e.id, e.turn,
        CASE WHEN e.result IS NULL AND e.id IS NOT NULL
                  AND (NOT EXISTS (SELECT FROM new WHERE new.event_id = e.id) OR e.nth > 1) THEN 'duplicate'
             ELSE e.result END, e.message)::feed_event)
    FROM (SELECT *, row_number() OVER (PARTITION BY result IS NULL, id ORDER BY item) AS nth FROM unnest(events)) AS e
$$;

-- The result of an event that is not the next status of its machine.
CREATE OR REPLACE FUNCTION late_result(f machine_feed_stream, e feed_event) RETURNS text
LANGUAGE sql SET search_path FROM CURRENT AS $$
    SELECT CASE CASE WHEN e.status = 'unknown' THEN record_lost_signal(f, e.at)
                     ELSE record_late_status(f, e.status, e.reason, e.at) END
        WHEN 'late' THEN 'late'
        WHEN 'known' THEN CASE WHEN e.status IN ('unknown', (SELECT status FROM status_intervals
                                                             WHERE machine_id = f.machine_id AND since <= e.at
                                                             ORDER BY since DESC LIMIT 1)) THEN 'duplicate' ELSE 'refused' END
        ELSE 'accepted' END
$$;

-- Stores events of different machines, those in order by one statement; the events with their results. promised: after how long
-- the next reports come at the latest.
CREATE OR REPLACE FUNCTION stored_feed_events(events feed_event[], promised interval) RETURNS feed_event[]
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    results jsonb;
BEGIN
    PERFORM set_config('floor.history_upkeep', 'yes', true);
    WITH reported AS (
        UPDATE machine_feed_stream s
        SET status = e.status, datetime = coalesce(e.at, floor_clock()), reported_at = coalesce(e.at, s.reported_at),
            silent_after = extract(epoch FROM promised),
            reason = CASE WHEN s.status = e.status THEN coalesce(e.reason, s.reason) ELSE e.reason END
        FROM unnest(events) AS e
        WHERE s.machine_id = e.machine_id AND e.status <> 'unknown'
          AND (e.at < present_since(s.machine_id, s.reported_at)) IS NOT TRUE
        RETURNING e.item, s.signal_lost_at
    )
    SELECT coalesce(jsonb_object_agg(item, CASE WHEN signal_lost_at IS NULL THEN 'accepted' ELSE 'late' END), '{}')
    INTO results FROM reported;
    PERFORM set_config('floor.history_upkeep', '', true);
    RETURN ARRAY(
        SELECT ROW(e.item, e.machine, e.machine_id, e.status, e.reason, e.at, e.id, e.turn, r.result,
                   CASE WHEN r.result = 'refused' THEN 'another status was reported for this moment before' END)::feed_event
        FROM unnest(events) AS e
        CROSS JOIN LATERAL (SELECT coalesce(results ->> e.item::text,
                                            (SELECT late_result(f, e) FROM machine_feed_stream f
                                             WHERE f.machine_id = e.machine_id)) OFFSET 0) AS r (result));
END $$;

-- Adds what machines have made to their minutes; the items of which it was stored. accepted: the events that were new.
CREATE OR REPLACE FUNCTION store_counts(events jsonb, accepted feed_event[], clock timestamptz) RETURNS integer[]
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO machine_counts AS c (machine_id, minute, good, reject, cycles)
    SELECT e.machine_id, date_trunc('minute', coalesce(e.at, clock), 'UTC'), sum(n.good), sum(n.reject), sum(n.cycles)
    FROM unnest(accepted) AS e
    JOIN jsonb_to_recordset(events) AS n (item integer, good bigint, reject bigint, cycles bigint) USING (item)
    WHERE n.good + n.reject + n.cycles > 0
    GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (machine_id, minute) DO UPDATE SET
        good = c.good + excluded.good, reject = c.reject + excluded.reject, cycles = c.cycles + excluded.cycles;
    RETURN ARRAY(SELECT item FROM unnest(accepted) JOIN jsonb_to_recordset(events) AS n (item integer, good bigint) USING (item)
                 WHERE n.good IS NOT NULL);
END $$;

-- events: objects with item (a number), machine, status, reason, at and id, of which at, reason, id and status may be null; and
-- good, reject and cycles, all three or none. at: when it happened; null: now. status: also unknown, where the feed knows that the
-- machine gives no data; null: of an event with counts. One with a message could not be read: it is refused for it, and the texts
-- are as far as they were understood. The results:
--   accepted         a change, or a repetition of the present status
--   late             put where it belongs in the past; the live status stays
--   duplicate        reported before: by its id, or the same status at the same time
--   unknown_machine  no machine on the floor has this name, or had it before
--   refused          with the reason in message
-- What one event is refused for disturbs no other. Events of one machine count in the order of their times. What a feed sends is
-- stored one request after the other, and nothing once its token is revoked or has expired: then a single row without an item.
-- promised: after how long each machine is reported again at the latest, as the feed says; null: it says nothing.
-- plan_cache_mode: otherwise each request would be planned, for the number of its events.
CREATE OR REPLACE FUNCTION report_events(of_feed integer, events jsonb, promised interval DEFAULT NULL, OUT item integer,
                                         OUT result text, OUT message text)
RETURNS SETOF record
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET plan_cache_mode = 'force_generic_plan' AS $$
DECLARE
    feed      access_keys;
    clock     timestamptz;
    parsed    feed_event[];
    new       feed_event[];
    done      feed_event[];
    this_turn feed_event[];
    counts    integer[];
    first     timestamptz;
    ahead     integer[];
BEGIN
    SELECT * INTO feed FROM access_keys WHERE key_id = of_feed AND 'feed:write' = ANY (scopes) AND revoked_at IS NULL
                                          AND (expires_at IS NULL OR expires_at > clock_timestamp()) FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::integer, NULL::text, NULL::text;
        RETURN;
    END IF;
    IF feed.announced_silent_after IS DISTINCT FROM promised THEN
        UPDATE access_keys SET announced_silent_after = promised WHERE key_id = of_feed;
    END IF;
    clock := floor_clock();  -- not before the lock
    parsed := checked_feed_events(feed, events, clock);
    IF EXISTS (SELECT FROM unnest(parsed) AS e WHERE e.id IS NOT NULL) THEN
        parsed := new_feed_events(of_feed, parsed);
    END IF;
    new := ARRAY(SELECT e FROM unnest(parsed) AS e WHERE e.result IS NULL);
    IF cardinality(new) > 1 OR new[1].at IS NOT NULL OR new[1].status = 'unknown' THEN  -- else its UPDATE is all it needs
        WITH machine AS MATERIALIZED (
            SELECT machine_id, reported_at FROM machine_feed_stream
            WHERE machine_id IN (SELECT e.machine_id FROM unnest(new) AS e WHERE e.status IS NOT NULL)
            ORDER BY machine_id FOR NO KEY UPDATE
        )
        SELECT min(e.at) FILTER (WHERE e.status <> 'unknown' AND (e.at <= m.reported_at) IS NOT TRUE),  -- late ones mark their own days
               array_agg(DISTINCT m.machine_id) FILTER (WHERE m.reported_at > clock + interval '1 hour')
        INTO first, ahead
        FROM machine m JOIN unnest(new) AS e USING (machine_id);
        IF ahead IS NOT NULL THEN
            PERFORM correct_future_history(machine_id, true) FROM unnest(ahead) AS machine_id;
        END IF;
    END IF;
    IF cardinality(parsed) = 1 AND new[1].turn = 1 THEN  -- as most requests: no others to put it in order with
        done := stored_feed_events(new, promised);
    ELSE
        done := ARRAY(SELECT e FROM unnest(parsed) AS e WHERE e.result IS NOT NULL OR e.turn IS NULL);
        FOR this_turn IN SELECT array_agg(e) FROM unnest(new) AS e WHERE e.turn IS NOT NULL GROUP BY e.turn ORDER BY e.turn LOOP
            done := done || stored_feed_events(this_turn, promised);
        END LOOP;
    END IF;
    IF first IS NOT NULL THEN
        PERFORM mark_changed_days(first, clock);  -- of a feed that was offline since yesterday
    END IF;
    IF events @? '$[*].good' THEN
        counts := store_counts(events, ARRAY(  -- one with an id that is new counts although its status was known
            SELECT e FROM unnest(done) AS e JOIN unnest(new) AS n USING (item)
            WHERE e.message IS NULL AND (e.result IS DISTINCT FROM 'duplicate' OR e.id IS NOT NULL)), clock);
        done := ARRAY(SELECT ROW(e.item, e.machine, e.machine_id, e.status, e.reason, e.at, e.id, e.turn,
            CASE WHEN e.item <> ALL (counts) OR e.result <> 'duplicate' THEN e.result END, e.message)::feed_event
            FROM unnest(done) AS e);
    END IF;
    PERFORM note_feed_events(of_feed, done);
    RETURN QUERY SELECT e.item, coalesce(e.result, 'accepted'), e.message FROM unnest(done) AS e ORDER BY e.item;
END $$;
REVOKE EXECUTE ON FUNCTION report_events FROM PUBLIC;
