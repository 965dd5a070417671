-- The undo of imports (floor/plant/machine_import.py).

-- Gives lines the areas and positions that they had before, which arrange_areas() would arrange otherwise.
CREATE OR REPLACE FUNCTION restore_lines(line_ids smallint[], areas text[], positions integer[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM set_config('floor.making_room', 'yes', true);
    UPDATE production_lines l SET area = old.area, position = old.position
    FROM unnest(line_ids, areas, positions) AS old (line_id, area, position)
    WHERE l.line_id = old.line_id AND (l.area, l.position) IS DISTINCT FROM (old.area, old.position);
    PERFORM set_config('floor.making_room', '', true);
END $$;
