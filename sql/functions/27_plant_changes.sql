-- Changes of lines, machine types and machines: versions, so that two people who edit do not overwrite each other, and
-- the audit in setting_changes. Triggers, so that changes by SQL count too.

-- Whether positions change only to make room for another line or machine: that is no change of these.
CREATE OR REPLACE FUNCTION is_making_room() RETURNS boolean
LANGUAGE sql STABLE AS $$ SELECT coalesce(current_setting('floor.making_room', true), '') = 'yes' $$;

CREATE OR REPLACE FUNCTION line_version() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.setup_version := OLD.setup_version + ((NEW.code, NEW.name, NEW.area) IS DISTINCT FROM (OLD.code, OLD.name, OLD.area)
                                  OR NEW.position <> OLD.position AND NOT is_making_room())::int;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER line_version BEFORE UPDATE ON production_lines FOR EACH ROW EXECUTE FUNCTION line_version();

CREATE OR REPLACE FUNCTION machine_type_version() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.setup_version := OLD.setup_version + ((NEW.type, NEW.icon) IS DISTINCT FROM (OLD.type, OLD.icon))::int;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER machine_type_version BEFORE UPDATE ON machine_types
    FOR EACH ROW EXECUTE FUNCTION machine_type_version();

CREATE OR REPLACE FUNCTION machine_version() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    NEW.setup_version := OLD.setup_version + (
        (NEW.machine_name, NEW.display_name, NEW.type, NEW.line_id, NEW.retired_at)
            IS DISTINCT FROM (OLD.machine_name, OLD.display_name, OLD.type, OLD.line_id, OLD.retired_at)
        OR NEW.position <> OLD.position AND NOT is_making_room())::int;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER machine_version BEFORE UPDATE ON machines FOR EACH ROW EXECUTE FUNCTION machine_version();

-- A type that a machine gets has a row, also where SQL gives it.
CREATE OR REPLACE FUNCTION register_machine_type() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO machine_types (type) SELECT NEW.type WHERE NOT EXISTS (SELECT FROM machine_types WHERE type = NEW.type)
    ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION register_machine_type FROM PUBLIC;
CREATE OR REPLACE TRIGGER register_machine_type BEFORE INSERT OR UPDATE OF type ON machines
    FOR EACH ROW EXECUTE FUNCTION register_machine_type();

-- The audit of a row that was inserted, updated or deleted (operation: TG_OP). old and new: the values of fields in the same order;
-- those that are equal are left out.
CREATE OR REPLACE FUNCTION log_plant_change(operation text, of_kind text, of_item_id bigint, of_item text, fields text[],
                                            old text[], new text[]) RETURNS void
LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO setting_changes (changed_by, kind, item_id, item, setting, old_value, new_value)
    SELECT acting_person(), of_kind, of_item_id, of_item, change.*
    FROM (SELECT * FROM unnest(fields, old, new) WHERE operation = 'UPDATE'
          UNION ALL SELECT 'added', NULL, of_item WHERE operation = 'INSERT'
          UNION ALL SELECT 'deleted', of_item, NULL WHERE operation = 'DELETE') AS change (field, old_value, new_value)
    WHERE change.old_value IS DISTINCT FROM change.new_value
$$;

CREATE OR REPLACE FUNCTION line_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM log_plant_change(TG_OP, 'line', coalesce(OLD.line_id, NEW.line_id), coalesce(OLD.name, NEW.name),
        '{name,code,area,position}', ARRAY[OLD.name, OLD.code, OLD.area, OLD.position::text],
        ARRAY[NEW.name, NEW.code, NEW.area, CASE WHEN is_making_room() THEN OLD.position ELSE NEW.position END::text]);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION line_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER line_changed AFTER INSERT OR DELETE OR UPDATE OF name, code, area, position ON production_lines
    FOR EACH ROW EXECUTE FUNCTION line_changed();

CREATE OR REPLACE FUNCTION machine_type_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM log_plant_change(TG_OP, 'machine_type', coalesce(OLD.type_id, NEW.type_id), coalesce(OLD.type, NEW.type),
        '{name,icon}', ARRAY[OLD.type, OLD.icon], ARRAY[NEW.type, NEW.icon]);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_type_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_type_changed AFTER INSERT OR DELETE OR UPDATE OF type, icon ON machine_types
    FOR EACH ROW EXECUTE FUNCTION machine_type_changed();

CREATE OR REPLACE FUNCTION machine_icon_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM log_plant_change(TG_OP, 'icon', NULL, coalesce(OLD.key, NEW.key), '{key,svg}',
        ARRAY[OLD.key, OLD.version], ARRAY[NEW.key, NEW.version]);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_icon_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_icon_changed AFTER INSERT OR DELETE OR UPDATE ON machine_icons
    FOR EACH ROW EXECUTE FUNCTION machine_icon_changed();

CREATE OR REPLACE FUNCTION line_name(of_line smallint) RETURNS text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce((SELECT name FROM production_lines WHERE line_id = of_line), 'line ' || of_line)  -- deleted just now
$$;

-- A type that is renamed is one change, of the type.
CREATE OR REPLACE FUNCTION machine_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM log_plant_change(TG_OP, 'machine', coalesce(OLD.machine_id, NEW.machine_id), coalesce(OLD.machine_name, NEW.machine_name),
        '{name,display name,type,line,position,retired}',
        ARRAY[OLD.machine_name, OLD.display_name, CASE WHEN EXISTS (SELECT FROM machine_types WHERE type = OLD.type) THEN OLD.type ELSE NEW.type END,
              line_name(OLD.line_id), OLD.position::text, CASE WHEN OLD.retired_at IS NULL THEN 'no' ELSE 'yes' END],
        ARRAY[NEW.machine_name, NEW.display_name, NEW.type, line_name(NEW.line_id),
              CASE WHEN is_making_room() THEN OLD.position ELSE NEW.position END::text,
              CASE WHEN NEW.retired_at IS NULL THEN 'no' ELSE 'yes' END]);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_changed AFTER INSERT OR DELETE OR UPDATE ON machines
    FOR EACH ROW EXECUTE FUNCTION machine_changed();

-- Puts a machine at a place in the flow of a line (null: on no line), from 1; null: at the end. The others make room, and
-- their positions become 1, 2, 3, ...
CREATE OR REPLACE FUNCTION place_machine(of_machine integer, on_line smallint, place integer) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    others integer := (SELECT count(*) FROM machines WHERE line_id IS NOT DISTINCT FROM on_line
                                                       AND machine_id <> of_machine AND retired_at IS NULL);
BEGIN
    place := least(coalesce(place, others + 1), others + 1);
    PERFORM set_config('floor.making_room', 'yes', true);
    UPDATE machines m SET position = ranked.place + (ranked.place >= place_machine.place)::int
    FROM (SELECT machine_id, row_number() OVER (ORDER BY position, machine_id) AS place FROM machines
          WHERE line_id IS NOT DISTINCT FROM on_line AND machine_id <> of_machine AND retired_at IS NULL) AS ranked
    WHERE m.machine_id = ranked.machine_id AND m.position <> ranked.place + (ranked.place >= place_machine.place)::int;
    PERFORM set_config('floor.making_room', '', true);
    UPDATE machines SET line_id = on_line, position = place_machine.place
    WHERE machine_id = of_machine AND (line_id, position) IS DISTINCT FROM (on_line, place_machine.place);
END $$;

-- The same for a line of the plant.
CREATE OR REPLACE FUNCTION place_line(of_line smallint, place integer) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    others integer := (SELECT count(*) FROM production_lines WHERE line_id <> of_line);
BEGIN
    place := least(coalesce(place, others + 1), others + 1);
    PERFORM set_config('floor.making_room', 'yes', true);
    UPDATE production_lines l SET position = ranked.place + (ranked.place >= place_line.place)::int
    FROM (SELECT line_id, row_number() OVER (ORDER BY position, line_id) AS place FROM production_lines
          WHERE line_id <> of_line) AS ranked
    WHERE l.line_id = ranked.line_id AND l.position <> ranked.place + (ranked.place >= place_line.place)::int;
    PERFORM set_config('floor.making_room', '', true);
    UPDATE production_lines SET position = place_line.place WHERE line_id = of_line AND position <> place_line.place;
END $$;

-- Lines of an area stand together, areas in the order of their first line, lines without an area last. Without areas nothing moves.
CREATE OR REPLACE FUNCTION arrange_areas() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF is_making_room() OR NOT EXISTS (SELECT FROM production_lines WHERE area IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('floor.making_room', 'yes', true);
    UPDATE production_lines l SET position = ranked.place
    FROM (SELECT line_id, row_number() OVER (ORDER BY area IS NULL, first, area, position, line_id) AS place
          FROM (SELECT line_id, area, position, min(position) OVER (PARTITION BY area) AS first FROM production_lines) AS grouped) AS ranked
    WHERE l.line_id = ranked.line_id AND l.position <> ranked.place;
    PERFORM set_config('floor.making_room', '', true);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION arrange_areas FROM PUBLIC;
CREATE OR REPLACE TRIGGER arrange_areas AFTER INSERT OR UPDATE OF area, position ON production_lines
    FOR EACH STATEMENT EXECUTE FUNCTION arrange_areas();

-- Puts all lines of an area at a place in the order of the areas, from 1; the others make room.
CREATE OR REPLACE FUNCTION place_area(of_area text, place integer) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    before integer := (SELECT count(*) FROM (SELECT area, row_number() OVER (ORDER BY min(position)) AS place
                       FROM production_lines WHERE area <> of_area GROUP BY area) AS other
                       JOIN production_lines l USING (area) WHERE other.place < place_area.place);
    length integer := (SELECT count(*) FROM production_lines WHERE area = of_area);
BEGIN
    PERFORM set_config('floor.making_room', 'yes', true);
    UPDATE production_lines l SET position = ranked.place + CASE WHEN ranked.place > before THEN length ELSE 0 END
    FROM (SELECT line_id, row_number() OVER (ORDER BY position, line_id) AS place FROM production_lines
          WHERE area IS DISTINCT FROM of_area) AS ranked
    WHERE l.line_id = ranked.line_id;
    PERFORM set_config('floor.making_room', '', true);
    UPDATE production_lines l SET position = ranked.place + before
    FROM (SELECT line_id, row_number() OVER (ORDER BY position, line_id) AS place FROM production_lines
          WHERE area = of_area) AS ranked
    WHERE l.line_id = ranked.line_id AND l.position <> ranked.place + before;
END $$;
