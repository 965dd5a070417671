-- A small plant with everything that a later version has to open. python -m tests.releases fills a new database with it.
-- Times are before now, as report_status() takes them; nothing in it names a person, a host or a path.
SET search_path = manufacturing_line;

INSERT INTO production_lines (line_id, code, name, position, cost_per_hour) VALUES
    (1, '01', 'Press shop', 1, 250), (2, '02', 'Assembly', 2, NULL);
INSERT INTO employees (first_name, last_name, email, department, role, active) VALUES
    ('First', 'Supervisor', 'supervisor@example.com', 'Maintenance', 'supervisor', true),
    ('First', 'Technician', 'technician@example.com', 'Maintenance', 'technician', true),
    ('Second', 'Technician', 'second.technician@example.com', 'Maintenance', 'technician', true),
    ('First', 'Operator', 'operator@example.com', 'Operations', 'operator', true);
UPDATE plant_settings SET machine_silent_after = '5 hours', micro_stop = '6 minutes', currency = 'EUR',
    time_zone = 'Europe/Berlin';
INSERT INTO machine_types (type, micro_stop) VALUES ('press', '10 minutes');
INSERT INTO setting_changes (changed_by, setting, old_value, new_value) VALUES
    ('First Supervisor', 'micro-stop limit', '5 min', '6 min'), ('First Supervisor', 'currency', NULL, 'EUR');
UPDATE work_order_priorities SET due_within = '2 hours' WHERE priority = 'critical';

INSERT INTO machine_feed_stream (machine_name, type) VALUES
    ('Press_01_01', 'press'), ('Press_01_02', 'press'), ('Robot_02_01', 'robotic_arm'), ('Robot_02_02', 'robotic_arm'),
    ('Saw_01_01', 'saw'), ('Größe 5 µm', 'gauge');

-- Six days of reports every three hours, with stops that are longer for each machine; one of them is silent for half a day.
DO $$
DECLARE
    now_ timestamptz := date_trunc('second', clock_timestamp());
    hour integer;
    m    integer;
    name text;
BEGIN
    FOR hour IN REVERSE 144..3 BY 3 LOOP
        FOR m, name IN SELECT row_number() OVER (ORDER BY machine_id), machine_name FROM machine_feed_stream
                       WHERE machine_name <> 'Größe 5 µm' ORDER BY machine_id LOOP
            CONTINUE WHEN m = 4 AND hour BETWEEN 60 AND 71;
            PERFORM report_status(name, 'operational', NULL, now_ - make_interval(hours => hour));
            IF hour / 3 % (m + 2) = 0 THEN
                PERFORM report_status(name, 'down', (ARRAY['Hydraulic leak', 'Jam, "so" \ and <b>', NULL])[1 + hour / 3 % 3],
                                      now_ - make_interval(hours => hour - 1));
                PERFORM report_status(name, 'operational', NULL,
                                      now_ - make_interval(hours => hour - 1, mins => -4 * m, secs => -hour));
            ELSIF hour / 3 % 5 = 0 THEN
                PERFORM report_status(name, 'warning', 'Starved', now_ - make_interval(hours => hour - 2));
            END IF;
        END LOOP;
    END LOOP;
    -- late: into a running interval, before a stop, and twice
    PERFORM report_status('Press_01_01', 'warning', 'Reading from a buffer', now_ - interval '50 hours 10 minutes');
    PERFORM report_status('Press_01_02', 'down', 'Power', now_ - interval '26 hours');
    PERFORM report_status('Press_01_02', 'operational', NULL, now_ - interval '25 hours 20 minutes');
    PERFORM report_status('Robot_02_02', 'warning', 'Heard after all', now_ - interval '65 hours');
END $$;

-- A rename, a move, one that left, and one that came back.
UPDATE machines SET machine_name = 'Press_01_03' WHERE machine_name = 'Press_01_02';
UPDATE machines SET line_id = 2, position = 9 WHERE machine_name = 'Robot_02_02';
UPDATE machines SET line_id = 1, position = 3 WHERE machine_name = 'Robot_02_02';
DELETE FROM machine_feed_stream WHERE machine_name IN ('Saw_01_01', 'Robot_02_01');
INSERT INTO machine_feed_stream (machine_name, type) VALUES ('Robot_02_01', 'robotic_arm');
UPDATE machine_feed_stream SET status = 'down', reason = 'Servo drive alarm' WHERE machine_name = 'Press_01_01';
UPDATE machine_feed_stream SET status = 'operational' WHERE machine_name = 'Robot_02_01';

-- Orders in each status, with comments, a checklist and a picture.
SELECT set_config('floor.person_name', 'First Technician', false), set_config('floor.person_email', 'technician@example.com', false);
INSERT INTO work_orders (id, machine_id, issue_description, priority, reporter_name, assignee_id) VALUES
    ('WO-20261129-open', 'Press_01_01', 'Öl, "so" \ and <b>: the servo drive stops', 'critical', 'First Operator', NULL),
    ('WO-20261129-busy', 'Press_01_03', 'Hydraulic leak below the clamp', 'high', 'First Operator', 2),
    ('WO-20261129-held', 'Robot_02_02', 'Dress pack is worn', 'medium', 'First Technician', 2),
    ('WO-20261129-done', 'Robot_02_01', 'Gripper drops parts', 'medium', 'First Operator', 3),
    ('WO-20261129-none', 'Saw_01_01', 'Blade is blunt', 'low', 'First Operator', NULL);
UPDATE work_orders SET status = 'in_progress' WHERE id IN ('WO-20261129-busy', 'WO-20261129-done');
UPDATE work_orders SET status = 'on_hold', hold_reason = 'parts' WHERE id = 'WO-20261129-held';
UPDATE work_orders SET status = 'completed', cause = 'Seal worn', action_taken = 'Seal replaced' WHERE id = 'WO-20261129-done';
UPDATE work_orders SET status = 'cancelled', cancel_reason = 'The machine was scrapped' WHERE id = 'WO-20261129-none';
UPDATE work_orders SET issue_description = 'Hydraulic leak below the clamp, left side' WHERE id = 'WO-20261129-busy';
INSERT INTO work_order_events (work_order_id, kind, note, client_reference) VALUES
    ('WO-20261129-busy', 'commented', E'Two lines:\n- seal ordered', 'comment-1'),
    ('WO-20261129-open', 'commented', 'Straße 7, 5 µm', NULL);
INSERT INTO work_order_checklist (work_order_id, text, done_at, done_by) VALUES
    ('WO-20261129-busy', 'Lock out', now(), 'First Technician'), ('WO-20261129-busy', 'Drain the oil', NULL, NULL);
INSERT INTO work_order_attachments (work_order_id, file_name, media_type, content, thumbnail, added_by)
VALUES ('WO-20261129-busy', 'leak.png', 'image/png', decode(:'picture', 'base64'), decode(:'picture', 'base64'), 'First Technician');
UPDATE employees SET active = false WHERE id = 3;
SELECT refresh_days();
