-- What people read instead of the name of a machine, which stays the key of feeds, links and files.

ALTER TABLE machines ADD COLUMN display_name text
    CONSTRAINT machines_display_name_check CHECK (check_name(display_name, 'display_name', 200));
COMMENT ON COLUMN machines.display_name IS 'What pages call it; null: its name. Feeds report by the name.';
COMMENT ON COLUMN machines.setup_version IS
    'Grows with every change of name, display name, type or line, when the machine leaves or comes back, and when it itself is moved.';
