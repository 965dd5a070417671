-- name: add_sheet_import(kind, imported_by, file_name, added, changed, unchanged, changes)$
-- Record an import; its number.
INSERT INTO sheet_imports (kind, imported_by, file_name, added, changed, unchanged, changes)
VALUES (:kind, :imported_by, :file_name, :added, :changed, :unchanged, :changes::jsonb) RETURNING import_id;

-- name: sheet_imports(most)
-- The latest imports, also undone ones, the newest first. is_last: the next that an undo takes back.
SELECT import_id, kind, imported_at, imported_by, file_name, added, changed, unchanged, undone_at, undone_by,
       undone_at IS NULL AND NOT EXISTS (
           SELECT FROM sheet_imports later WHERE later.kind = i.kind AND later.import_id > i.import_id AND later.undone_at IS NULL)
           AS is_last
FROM sheet_imports i ORDER BY import_id DESC LIMIT :most;

-- name: sheet_import_kind(import_id)$
SELECT kind FROM sheet_imports WHERE import_id = :import_id;

-- name: last_sheet_import(kind)^
-- The latest import of a kind that is not undone, with what it changed.
SELECT import_id, kind, imported_at, imported_by, file_name, added, changed, unchanged, undone_at, undone_by, true AS is_last,
       changes::text
FROM sheet_imports WHERE kind = :kind AND undone_at IS NULL ORDER BY import_id DESC LIMIT 1;

-- name: mark_sheet_import_undone(import_id, undone_by)!
UPDATE sheet_imports SET undone_at = clock_timestamp(), undone_by = :undone_by WHERE import_id = :import_id;

-- name: retire_machines(machine_ids)!
-- They leave the floor; their past stays.
DELETE FROM machine_feed_stream WHERE machine_id = ANY (:machine_ids::integer[]);

-- name: delete_machines(machine_ids)!
-- Only those that have left the floor.
DELETE FROM machines WHERE machine_id = ANY (:machine_ids::integer[]);

-- name: restore_lines(line_ids, areas, positions)$
-- Areas and positions of lines as they were.
SELECT restore_lines(:line_ids::smallint[], :areas::text[], :positions::integer[]);

-- name: delete_unused_types(types)!
-- Types that no machine has and nobody has set up.
DELETE FROM machine_types t WHERE type = ANY (:types::text[]) AND setup_version = 1 AND micro_stop IS NULL
    AND NOT EXISTS (SELECT FROM machines m WHERE m.type = t.type);
