-- Imports of sheets, each with what an undo needs; and changes of people in the audit.

CREATE TABLE sheet_imports (
    import_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL CHECK (kind IN ('machines', 'people')),
    imported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    imported_by text        NOT NULL,
    file_name   text        NOT NULL CHECK (length(file_name) <= 200),
    added       integer     NOT NULL,
    changed     integer     NOT NULL,
    unchanged   integer     NOT NULL,
    changes     jsonb       NOT NULL,
    undone_at   timestamptz,
    undone_by   text,
    CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
COMMENT ON TABLE sheet_imports IS 'Imports of sheets of machines or people that changed anything.';
COMMENT ON COLUMN sheet_imports.imported_by IS 'The person, or the login of the terminal.';
COMMENT ON COLUMN sheet_imports.file_name IS 'Empty for a text that was pasted.';
COMMENT ON COLUMN sheet_imports.changes IS
    'What was added, and the values of what was changed before and after the import, for the undo (floor/plant/import_log.py).';

ALTER TABLE setting_changes DROP CONSTRAINT setting_changes_kind_check;
ALTER TABLE setting_changes ADD CONSTRAINT setting_changes_kind_check
    CHECK (kind IN ('setting', 'line', 'machine_type', 'machine', 'icon', 'person'));
COMMENT ON COLUMN setting_changes.item IS 'The name of the line, type, machine, icon or person before the change; null for a setting.';
