-- name: lock_plant()!
-- For the one who changes the plant, until the transaction ends.
SELECT FROM plant_settings FOR UPDATE;

-- name: production_lines()
-- Every line in its order, with the number of its machines.
SELECT line_id, code, name, area, position, setup_version AS version,
       (SELECT count(*) FROM machines m WHERE m.line_id = l.line_id AND m.retired_at IS NULL) AS machines
FROM production_lines l ORDER BY position, line_id;

-- name: production_line(line_id)^
-- One line.
SELECT line_id, code, name, area, position, setup_version AS version,
       (SELECT count(*) FROM machines m WHERE m.line_id = l.line_id AND m.retired_at IS NULL) AS machines
FROM production_lines l WHERE line_id = :line_id;

-- name: add_line(name, code, area, line_id)$
-- A line at the end; its number. A number that a line had before is not used again, because the past refers to it; line_id: that
-- of a deleted line that comes back, null: a new one. code null: the next number.
INSERT INTO production_lines (line_id, code, name, area, position)
SELECT coalesce(:line_id::smallint, greatest((SELECT max(line_id) FROM production_lines),
                                             (SELECT max(line_id) FROM machine_placements), 0) + 1),
       coalesce(:code::text, (SELECT to_char(coalesce(max(code::integer), 0) + 1, 'FM9900') FROM production_lines
                              WHERE code ~ '^[0-9]{1,6}$')),
       :name::text, :area::text, (SELECT coalesce(max(position), 0) + 1 FROM production_lines)
RETURNING line_id;

-- name: edit_line(line_id, name, code, area)!
UPDATE production_lines SET name = :name, code = :code, area = :area WHERE line_id = :line_id;

-- name: rename_area(area, name)!
-- Of all its lines.
UPDATE production_lines SET area = :name::text WHERE area = :area::text;

-- name: place_area(area, place)$
-- At a place in the order of the areas, from 1.
SELECT place_area(:area::text, :place::integer);

-- name: place_line(line_id, place)$
-- At a place in the order of the lines, from 1.
SELECT place_line(:line_id::smallint, :place::integer);

-- name: empty_line(line_id, to_line_id)!
-- Move the machines of a line, also retired ones, to the end of another; null: to none.
UPDATE machines m SET line_id = :to_line_id::smallint, position = ranked.place + (
    SELECT coalesce(max(position), 0) FROM machines WHERE line_id IS NOT DISTINCT FROM :to_line_id::smallint)
FROM (SELECT machine_id, row_number() OVER (ORDER BY position, machine_id) AS place FROM machines
      WHERE line_id = :line_id::smallint) AS ranked
WHERE m.machine_id = ranked.machine_id;

-- name: fill_line(line_id, machine_ids, from_line_id)!
-- Puts machines on an empty line, in this order: those that are still on another one (null: on none).
UPDATE machines m SET line_id = :line_id::smallint, position = wanted.place
FROM unnest(:machine_ids::integer[]) WITH ORDINALITY AS wanted (machine_id, place)
WHERE m.machine_id = wanted.machine_id AND m.line_id IS NOT DISTINCT FROM :from_line_id::smallint;

-- name: delete_line(line_id)!
DELETE FROM production_lines WHERE line_id = :line_id;

-- name: machine_types()
-- Every type by name, with the number of its machines, also retired ones.
SELECT type_id, type, icon, setup_version AS version, micro_stop, (SELECT count(*) FROM machines m WHERE m.type = t.type) AS machines
FROM machine_types t ORDER BY name_sort_key(type), type COLLATE "C";

-- name: machine_type(type_id)^
-- One type.
SELECT type_id, type, icon, setup_version AS version, micro_stop, (SELECT count(*) FROM machines m WHERE m.type = t.type) AS machines
FROM machine_types t WHERE type_id = :type_id;

-- name: add_machine_type(name, icon, micro_stop)$
-- A new type; its number.
INSERT INTO machine_types (type, icon, micro_stop) VALUES (:name, :icon, :micro_stop::interval) RETURNING type_id;

-- name: edit_machine_type(type_id, name, icon)!
-- The machines of the type follow.
UPDATE machine_types SET type = :name, icon = :icon WHERE type_id = :type_id;

-- name: delete_machine_type(type_id)!
DELETE FROM machine_types WHERE type_id = :type_id;

-- name: machine_icons()
-- The icons that were uploaded, without their pictures.
SELECT key, version, added_by, added_at FROM machine_icons ORDER BY key;

-- name: machine_icon(key)^
-- One of them.
SELECT version, svg FROM machine_icons WHERE key = :key;

-- name: add_machine_icon(key, svg)^
INSERT INTO machine_icons (key, svg, added_by) VALUES (:key, :svg, acting_person()) RETURNING version, added_by, added_at;

-- name: delete_machine_icon(key)!
DELETE FROM machine_icons WHERE key = :key;

-- name: types_with_icon(key)
-- Machine types that show it because it was chosen.
SELECT type FROM machine_types WHERE icon = :key ORDER BY name_sort_key(type), type COLLATE "C";

-- name: plant_machines(retired)
-- Machines on the floor in flow order, or those that are retired.
SELECT m.machine_id, m.machine_name, m.display_name, m.type, m.line_id, l.name AS line, m.position, m.added_at, m.retired_at,
       m.setup_version AS version,
       EXISTS (SELECT FROM status_intervals i WHERE i.machine_id = m.machine_id)
           OR EXISTS (SELECT FROM machine_counts c WHERE c.machine_id = m.machine_id)
           OR EXISTS (SELECT FROM work_orders o WHERE o.machine_id = m.machine_name) AS has_past
FROM machines m LEFT JOIN production_lines l USING (line_id)
WHERE (m.retired_at IS NOT NULL) = :retired
ORDER BY l.position NULLS LAST, l.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(machine_name) END, m.position,
         m.machine_id;

-- name: plant_machine(machine_id)^
-- One machine, on the floor or retired.
SELECT m.machine_id, m.machine_name, m.display_name, m.type, m.line_id, l.name AS line, m.position, m.added_at, m.retired_at,
       m.setup_version AS version,
       EXISTS (SELECT FROM status_intervals i WHERE i.machine_id = m.machine_id)
           OR EXISTS (SELECT FROM machine_counts c WHERE c.machine_id = m.machine_id)
           OR EXISTS (SELECT FROM work_orders o WHERE o.machine_id = m.machine_name) AS has_past
FROM machines m LEFT JOIN production_lines l USING (line_id) WHERE m.machine_id = :machine_id;

-- name: all_machine_names()
-- Of all machines, also retired ones.
SELECT machine_id, machine_name, retired_at IS NOT NULL AS is_retired FROM machines;

-- name: add_machines(names, display_names, types, line_ids, positions)
-- Register machines; their numbers. Position null: at the end of the line, in the order given.
INSERT INTO machines (machine_id, machine_name, display_name, type, line_id, position)
SELECT (SELECT coalesce(max(machine_id), 0) FROM machines) + new.number, new.name, new.display_name, new.type, new.line_id,
       coalesce(new.position, greatest(max(new.position) OVER (PARTITION BY new.line_id),
           (SELECT coalesce(max(m.position), 0) FROM machines m WHERE m.line_id IS NOT DISTINCT FROM new.line_id))
           + row_number() OVER (PARTITION BY new.line_id, new.position ORDER BY new.number))
FROM unnest(:names::text[], :display_names::text[], :types::text[], :line_ids::smallint[], :positions::integer[])
     WITH ORDINALITY AS new (name, display_name, type, line_id, position, number)
RETURNING machine_id;

-- name: bring_machines(machine_ids)!
-- Put registered machines on the floor; they have no signal yet.
INSERT INTO machine_feed_stream (machine_id, machine_name, type)
SELECT machine_id, machine_name, type FROM machines WHERE machine_id = ANY (:machine_ids::integer[]) ORDER BY machine_id;

-- name: edit_machine(machine_id, name, display_name, type)!
UPDATE machines SET machine_name = :name, display_name = :display_name::text, type = :type WHERE machine_id = :machine_id;

-- name: place_machine(machine_id, line_id, place)$
-- At a place in the flow of a line, from 1; null: at the end.
SELECT place_machine(:machine_id::integer, :line_id::smallint, :place::integer);

-- name: retire_machine(machine_id)!
-- It leaves the floor; its past stays.
DELETE FROM machine_feed_stream WHERE machine_id = :machine_id;

-- name: delete_machine(machine_id)!
-- Only one that has left the floor.
DELETE FROM machines WHERE machine_id = :machine_id;

-- name: plant_changes(most, before, kind, needle)
-- The latest changes of lines, types, machines, people and settings, the newest first. before: only those before this one; kind: of
-- these items; needle: with this text in the person, the item or a value; null: all. is_latest: no later one of the same item or setting.
SELECT c.change_id, c.changed_at, c.changed_by, c.kind, c.item_id, c.item, c.setting AS field, c.old_value, c.new_value,
       NOT EXISTS (SELECT FROM setting_changes l WHERE l.kind = c.kind AND l.change_id > c.change_id
                       AND CASE WHEN c.item_id IS NULL THEN l.setting = c.setting ELSE l.item_id = c.item_id END) AS is_latest
FROM setting_changes c
WHERE (:before::bigint IS NULL OR c.change_id < :before::bigint) AND (:kind::text IS NULL OR c.kind = :kind::text)
  AND (:needle::text IS NULL OR position(lower(:needle::text) IN
       lower(concat_ws(E'\n', c.changed_by, c.item, c.setting, c.old_value, c.new_value))) > 0)
ORDER BY c.change_id DESC LIMIT :most;

-- name: last_change_of(kind, item_id)^
-- The latest change of a line, type, machine or person.
SELECT changed_by, setting AS field, old_value, new_value FROM setting_changes WHERE kind = :kind AND item_id = :item_id
ORDER BY change_id DESC LIMIT 1;

-- name: former_names()
-- Names that no machine has now but one had, and what that one is called today.
SELECT DISTINCT ON (f.machine_name) f.machine_name AS name, m.machine_name AS today
FROM former_machine_names f JOIN machines m USING (machine_id)
WHERE NOT EXISTS (SELECT FROM machines o WHERE o.machine_name = f.machine_name)
ORDER BY f.machine_name, f.until DESC;

-- name: edit_machines(machine_ids, display_names, types, line_ids, positions)!
-- Give machines a display name (null: none), a type, a line and a position, null: the end of the line of one that moves, the same for one that stays.
UPDATE machines m SET display_name = new.display_name, type = new.type, line_id = new.line_id, position = new.position
FROM (SELECT given.machine_id, given.display_name, given.type, given.line_id, coalesce(
          given.position,
          CASE WHEN was.line_id IS NOT DISTINCT FROM given.line_id THEN was.position END,
          greatest(max(given.position) OVER (PARTITION BY given.line_id),
              (SELECT coalesce(max(o.position), 0) FROM machines o WHERE o.line_id IS NOT DISTINCT FROM given.line_id))
              + row_number() OVER (PARTITION BY given.line_id, given.position,
                                   was.line_id IS NOT DISTINCT FROM given.line_id ORDER BY given.number)) AS position
      FROM unnest(:machine_ids::integer[], :display_names::text[], :types::text[], :line_ids::smallint[],
                  :positions::integer[]) WITH ORDINALITY AS given (machine_id, display_name, type, line_id, position, number)
      JOIN machines was ON was.machine_id = given.machine_id) AS new
WHERE m.machine_id = new.machine_id;

-- name: last_changes_of(kind, item_id)
-- The latest change of a line or machine: all values that its transaction changed, the newest first.
SELECT c.change_id, c.setting AS field, c.old_value, c.new_value FROM setting_changes c
WHERE c.kind = :kind AND c.item_id = :item_id AND c.xmin = (
    SELECT l.xmin FROM setting_changes l WHERE l.kind = :kind AND l.item_id = :item_id ORDER BY l.change_id DESC LIMIT 1)
ORDER BY c.change_id DESC;

-- name: plant_settings()^
-- The plant's own settings.
SELECT name, time_zone, first_weekday, day_start, setup_version AS version FROM plant_settings;

-- name: edit_plant_settings(name, time_zone, first_weekday, day_start)!
-- Null: as it is.
UPDATE plant_settings SET name = coalesce(:name::text, name), time_zone = coalesce(:time_zone::text, time_zone),
                          first_weekday = coalesce(:first_weekday::smallint, first_weekday),
                          day_start = coalesce(:day_start::time, day_start);

-- name: last_plant_setting_change()^
-- The latest change of one of them.
SELECT changed_by, setting AS field, old_value, new_value FROM setting_changes
WHERE kind = 'setting' AND setting IN ('plant name', 'time zone', 'first day of the week', 'start of the day')
ORDER BY change_id DESC LIMIT 1;

-- name: write_first_plant_settings(time_zone)!
-- What the variables of the app give a plant that nobody has set up yet.
UPDATE plant_settings SET time_zone = :time_zone, has_first_values = true WHERE NOT has_first_values;
