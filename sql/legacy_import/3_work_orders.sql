-- The work orders of a table that was set aside. Each is taken over with the status it has; what our table cannot hold as
-- it was (another form of id, a person without an employee record) is kept as a comment on the order.
DO $$
DECLARE
    old        regclass := to_regclass('adopted_work_orders');
    feed       regclass := to_regclass('adopted_' || 'machine_feed_stream');
    zone       text := current_setting('TimeZone');
    r          jsonb;
    machine    text;
    order_id   text;
    given       text;
    state      text;
    urgency    text;
    reported   timestamptz;
    created    timestamptz;
    ended      timestamptz;
    people     integer[];
    notes      text[];
    taken      integer := 0;
    assigned   text[] := '{}';
    assignees  integer[] := '{}';
BEGIN
    IF old IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('TimeZone', 'UTC', true), set_config('floor.person_name', 'Adoption', true),
            set_config('floor.person_email', '', true);
    FOR r IN EXECUTE format($sql$ SELECT to_jsonb(o) AS r FROM %s AS o ORDER BY to_jsonb(o) ->> 'created_at', o.id $sql$, old) LOOP
        taken := taken + 1;
        notes := '{}';
        created := coalesce(CASE WHEN r ->> 'created_at' ~ '^(19[7-9]|[2-8][0-9])[0-9]' THEN (r ->> 'created_at')::timestamptz END,
                            CASE WHEN r ->> 'timestamp' ~ '^(19[7-9]|[2-8][0-9])[0-9]' THEN (r ->> 'timestamp')::timestamptz END,
                            now());
        reported := coalesce(CASE WHEN r ->> 'timestamp' ~ '^(19[7-9]|[2-8][0-9])[0-9]' THEN (r ->> 'timestamp')::timestamptz END,
                             created);

        order_id := 'WO-' || lower(substr(btrim(r ->> 'id'), 4));
        IF order_id !~ '^WO-[0-9]{8}-[0-9a-z]{4,32}$' OR EXISTS (SELECT FROM work_orders WHERE id = order_id) THEN
            order_id := 'WO-' || to_char(created, 'YYYYMMDD') || '-' || left(md5(taken::text || (r ->> 'id')), 12);
        END IF;
        IF order_id IS DISTINCT FROM r ->> 'id' THEN
            notes := notes || format('Its id was %s.', r ->> 'id');
        END IF;

        machine := coalesce(adopted_name(r ->> 'machine_id', 200), 'Machine not given');
        IF machine ~ '^[0-9]+$' AND feed IS NOT NULL THEN
            EXECUTE format('SELECT coalesce((SELECT adopted_name(machine_name::text, 200) FROM %s WHERE machine_id::text = $1 LIMIT 1), $1)',
                           feed) INTO machine USING machine;
        END IF;
        INSERT INTO machines (machine_id, machine_name, type, position)
        SELECT (SELECT coalesce(max(machine_id), 0) + 1 FROM machines), machine, 'other', coalesce(max(position), 0) + 1
        FROM machines WHERE line_id IS NULL
        ON CONFLICT (machine_name) DO NOTHING;

        given := replace(replace(lower(btrim(r ->> 'status')), ' ', '_'), '-', '_');
        state := CASE WHEN given IN ('open', 'in_progress', 'completed', 'cancelled') THEN given
                      WHEN given IN ('complete', 'closed', 'done', 'resolved') THEN 'completed'
                      WHEN given = 'canceled' THEN 'cancelled' ELSE 'open' END;
        IF state IS DISTINCT FROM given THEN
            notes := notes || format('Its status was %s.', coalesce(quote_literal(r ->> 'status'), 'not given'));
        END IF;
        given := lower(btrim(r ->> 'priority'));
        urgency := CASE WHEN given IN ('low', 'medium', 'high', 'critical') THEN given ELSE 'medium' END;
        IF urgency IS DISTINCT FROM given THEN
            notes := notes || format('Its priority was %s.', coalesce(quote_literal(r ->> 'priority'), 'not given'));
        END IF;
        ended := coalesce(CASE WHEN r ->> 'completed_at' ~ '^(19[7-9]|[2-8][0-9])[0-9]' THEN (r ->> 'completed_at')::timestamptz END,
                          CASE WHEN r ->> 'updated_at' ~ '^(19[7-9]|[2-8][0-9])[0-9]' THEN (r ->> 'updated_at')::timestamptz END);
        IF ended IS NULL AND state IN ('completed', 'cancelled') THEN
            notes := notes || 'When it ended was not recorded: the time of the report stands for it.'::text;
        END IF;
        ended := coalesce(ended, greatest(reported, created));
        IF length(r ->> 'issue_description') > 10000 THEN
            notes := notes || format('Its description has %s characters; all of them are in %s.',
                                     length(r ->> 'issue_description'), old);
        END IF;

        INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name, timestamp, created_at, status,
                                 machine_status, started_at, completed_at, cancelled_at, cause, action_taken, cancel_reason)
        VALUES (order_id, machine, coalesce(CASE WHEN is_visible(left(r ->> 'issue_description', 10000))
                                                THEN btrim(left(r ->> 'issue_description', 10000)) END, 'Not described'),
                urgency, coalesce(adopted_name(r ->> 'reporter_name', 200), 'Not recorded'), reported, created,
                state, 'unknown', CASE WHEN state IN ('in_progress', 'completed') THEN ended END, ended, ended,
                CASE WHEN state = 'completed' THEN 'Not recorded' END,
                CASE WHEN state = 'completed' THEN 'Not recorded' END,
                CASE WHEN state = 'cancelled' THEN 'Not recorded' END);

        given := nullif(btrim(r ->> 'assignee'), '');
        people := ARRAY(SELECT id FROM employees WHERE lower(given) IN (lower(email), lower(first_name || ' ' || last_name)));
        IF cardinality(people) = 1 THEN
            assigned := assigned || order_id;
            assignees := assignees || people[1];
        ELSIF given IS NOT NULL THEN
            notes := notes || format('It was assigned to %s, who has no employee record.', left(given, 200));
        END IF;
        IF cardinality(notes) > 0 THEN
            INSERT INTO work_order_events (work_order_id, kind, note)
            VALUES (order_id, 'commented', left(array_to_string(notes, E'\n'), 10000));
        END IF;
    END LOOP;

    -- The machine's status at the time of the report is not known, and an order of somebody who has left stays theirs.
    ALTER TABLE work_orders DISABLE TRIGGER work_order_check_change;
    UPDATE work_orders SET machine_status = NULL, stop_since = NULL;
    UPDATE work_orders o SET assignee_id = e.id, assignee = e.first_name || ' ' || e.last_name
    FROM unnest(assigned, assignees) AS a (order_id, employee_id) JOIN employees e ON e.id = a.employee_id
    WHERE o.id = a.order_id;
    UPDATE employees SET role = 'technician' WHERE role = 'operator' AND id = ANY (assignees);  -- who works on orders
    ALTER TABLE work_orders ENABLE TRIGGER work_order_check_change;
    DELETE FROM work_order_sort_history;  -- of these changes no list was ever read
    PERFORM set_config('TimeZone', zone, true), set_config('floor.person_name', '', true);
END $$;
