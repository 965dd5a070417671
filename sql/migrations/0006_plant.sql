-- Set-up of the plant by supervisors: versions of lines, types and machines, icons of types, and who changed what.
-- The version is not called so: people have queries that join machines with the log, whose version needs no qualifier.

ALTER TABLE production_lines ADD COLUMN setup_version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN production_lines.setup_version IS 'Grows with every change of code or name, and when the line itself is moved.';

ALTER TABLE machines ADD COLUMN setup_version bigint NOT NULL DEFAULT 1;
COMMENT ON COLUMN machines.setup_version IS
    'Grows with every change of name, type or line, when the machine leaves or comes back, and when it itself is moved.';

ALTER TABLE machine_types
    ADD COLUMN type_id integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN icon    text CONSTRAINT machine_types_icon_check CHECK (icon ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
    ADD COLUMN setup_version bigint NOT NULL DEFAULT 1;
COMMENT ON TABLE machine_types IS 'Types of machines: one row for each type that a machine has, and for those that were added.';
COMMENT ON COLUMN machine_types.icon IS 'The key of its icon; null: the generic one.';
COMMENT ON COLUMN machine_types.setup_version IS 'Grows with every change of name or icon.';

INSERT INTO machine_types (type) SELECT DISTINCT type FROM machines ON CONFLICT DO NOTHING;
ALTER TABLE machines ADD CONSTRAINT machines_type_fkey FOREIGN KEY (type) REFERENCES machine_types ON UPDATE CASCADE;
CREATE INDEX machines_by_type ON machines (type);

ALTER TABLE setting_changes
    ADD COLUMN kind    text NOT NULL DEFAULT 'setting'
        CONSTRAINT setting_changes_kind_check CHECK (kind IN ('setting', 'line', 'machine_type', 'machine')),
    ADD COLUMN item_id bigint,
    ADD COLUMN item    text;
CREATE INDEX setting_changes_by_item ON setting_changes (kind, item_id, change_id);
COMMENT ON TABLE setting_changes IS
    'Who changed what of the plant and of the settings of its reports; a value is null where there was or is none.';
COMMENT ON COLUMN setting_changes.changed_by IS 'The person, or the login of a change by SQL.';
COMMENT ON COLUMN setting_changes.setting IS
    'The setting; or what of the item changed, where added, retired and deleted mean the item itself.';
COMMENT ON COLUMN setting_changes.item IS 'The name of the line, type or machine before the change; null for a setting.';
