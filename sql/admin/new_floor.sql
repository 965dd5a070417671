-- What a floor becomes once its schema is complete: a demo or an empty plant. The app and sql/admin/install.sql run this once, in
-- one transaction, where the table plant has no row; the setting floor.new_floor says demo or empty.
-- A floor that was taken over from another line monitor is a plant, unless its machines are exactly those of the demo.

CREATE VIEW demo_lines (line_id, code, name, position) AS VALUES
    (1::smallint, '01', 'Transmission Line', 1::smallint),
    (2::smallint, '02', 'Engine Line',       2::smallint),
    (3::smallint, '03', 'Exterior Line',     3::smallint),
    (4::smallint, '04', 'Interior Line',     4::smallint);

CREATE VIEW demo_machines (machine_id, machine_name, type) AS VALUES
    ( 1, 'Source_Sorter_01_01',    'sorter'),
    ( 2, 'Robotic_Arm_01_01',      'robotic_arm'),
    ( 3, 'Injection_Molder_01_01', 'injection_molder'),
    ( 4, 'Valve_01_01',            'valve'),
    ( 5, 'Injection_Molder_01_02', 'injection_molder'),
    ( 6, 'Robotic_Arm_01_02',      'robotic_arm'),
    ( 7, 'Painter_01_02',          'painter'),
    ( 8, 'Robotic_Arm_01_03',      'robotic_arm'),
    ( 9, 'Sorter_01_01',           'sorter'),
    (10, 'Injection_Molder_02_01', 'injection_molder'),
    (11, 'Valve_02_01',            'valve'),
    (12, 'Injection_Molder_02_02', 'injection_molder'),
    (13, 'Robotic_Arm_02_01',      'robotic_arm'),
    (14, 'Painter_02_01',          'painter'),
    (15, 'Robotic_Arm_02_02',      'robotic_arm'),
    (16, 'Sorter_02_01',           'sorter'),
    (17, 'Sorter_03_01',           'sorter'),
    (18, 'Robotic_Arm_03_01',      'robotic_arm'),
    (19, 'Injection_Molder_03_01', 'injection_molder'),
    (20, 'Valve_03_01',            'valve'),
    (21, 'Injection_Molder_03_02', 'injection_molder'),
    (22, 'Robotic_Arm_03_02',      'robotic_arm'),
    (23, 'Painter_03_01',          'painter'),
    (24, 'Robotic_Arm_03_03',      'robotic_arm'),
    (25, 'Injection_Molder_03_03', 'injection_molder'),
    (26, 'Injection_Molder_04_01', 'injection_molder'),
    (27, 'Valve_04_01',            'valve'),
    (28, 'Robotic_Arm_04_01',      'robotic_arm'),
    (29, 'Painter_04_01',          'painter'),
    (30, 'Sorter_04_01',           'sorter');

DO $$
DECLARE
    wanted text := current_setting('floor.new_floor', true);
BEGIN
    IF wanted IS NULL OR wanted NOT IN ('demo', 'empty') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('new_floor=%s cannot be used: it must be demo or empty', coalesce(wanted, ''));
    END IF;
    IF EXISTS (SELECT FROM machine_feed_stream) OR EXISTS (SELECT FROM work_orders) OR EXISTS (SELECT FROM employees) THEN
        INSERT INTO production_lines (line_id, code, name, position)
        SELECT l.line_id, l.code, l.name, l.position FROM demo_lines l
        WHERE EXISTS (SELECT FROM machine_feed_stream f WHERE substring(f.machine_name FROM '_([0-9]{2})_[0-9]+$') = l.code)
          AND NOT EXISTS (SELECT FROM production_lines);
        UPDATE machines m SET line_id = placed.line_id, position = placed.position
        FROM (SELECT f.machine_name, l.line_id, row_number() OVER (
                         PARTITION BY l.line_id ORDER BY d.machine_id NULLS LAST, f.machine_id) AS position
              FROM machine_feed_stream f
              JOIN production_lines l ON l.code = substring(f.machine_name FROM '_([0-9]{2})_[0-9]+$')
              LEFT JOIN demo_machines d USING (machine_name)) AS placed
        WHERE m.machine_name = placed.machine_name AND m.line_id IS NULL;
        UPDATE machine_feed_stream f SET type = d.type FROM demo_machines d
        WHERE d.machine_name = f.machine_name AND f.type = 'other';
        INSERT INTO plant (kind)
        SELECT CASE WHEN NOT EXISTS (SELECT machine_name FROM machine_feed_stream
                                     EXCEPT SELECT machine_name FROM demo_machines)
                     AND NOT EXISTS (SELECT machine_name FROM demo_machines
                                     EXCEPT SELECT machine_name FROM machine_feed_stream) THEN 'demo' ELSE 'plant' END;
    ELSIF wanted = 'empty' THEN
        INSERT INTO plant (kind) VALUES ('plant');
    ELSE
        INSERT INTO plant (kind) VALUES ('demo');
        INSERT INTO production_lines (line_id, code, name, position) SELECT line_id, code, name, position FROM demo_lines;
        INSERT INTO machine_feed_stream (machine_id, machine_name, type)
        SELECT machine_id, machine_name, type FROM demo_machines ORDER BY machine_id;
        INSERT INTO employees (first_name, last_name, email, department, role) VALUES
            ('Mike',    'Johnson',   'mike.johnson@example.com',      'Maintenance',     'supervisor'),
            ('Lisa',    'Garcia',    'lisa.garcia@example.com',       'Maintenance',     'technician'),
            ('Tom',     'Kowalski',  'tom.kowalski@example.com',      'Maintenance',     'technician'),
            ('Aisha',   'Rahman',    'aisha.rahman@example.com',      'Maintenance',     'technician'),
            ('Ben',     'Okafor',    'ben.okafor@example.com',        'Maintenance',     'technician'),
            ('Sarah',   'Lindqvist', 'sarah.lindqvist@example.com',   'Quality Control', 'operator'),
            ('David',   'Chen',      'david.chen@example.com',        'Quality Control', 'operator'),
            ('Maria',   'Santos',    'maria.santos@example.com',      'Quality Control', 'operator'),
            ('James',   'Wilson',    'james.wilson@example.com',      'Operations',      'supervisor'),
            ('Elena',   'Petrova',   'elena.petrova@example.com',     'Operations',      'operator'),
            ('Carlos',  'Mendez',    'carlos.mendez@example.com',     'Operations',      'operator'),
            ('Grace',   'Kim',       'grace.kim@example.com',         'Operations',      'operator'),
            ('Robert',  'Novak',     'robert.novak@example.com',      'Engineering',     'technician'),
            ('Priya',   'Sharma',    'priya.sharma@example.com',      'Engineering',     'technician'),
            ('Jonas',   'Weber',     'jonas.weber@example.com',       'Engineering',     'technician');
    END IF;
    TRUNCATE setting_changes;  -- how a floor begins is no change
END $$;

DROP VIEW demo_machines, demo_lines;
