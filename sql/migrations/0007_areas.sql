-- Lines in areas: an optional chapter of the floor. A text of the line, because an area has nothing but its name and its lines;
-- the lines of an area stand together (arrange_areas in sql/functions/27_plant_changes.sql).

ALTER TABLE production_lines ADD COLUMN area text CHECK (check_name(area, 'area', 200));
COMMENT ON COLUMN production_lines.area IS 'The area that the line belongs to; null: none. The lines of an area stand together.';
