-- Icons of machines that supervisors have uploaded.

CREATE TABLE machine_icons (
    key      text PRIMARY KEY CONSTRAINT machine_icons_key_check CHECK (key ~ '^[a-z0-9][a-z0-9_-]{0,39}$'),
    svg      text NOT NULL CONSTRAINT machine_icons_svg_check CHECK (octet_length(svg) BETWEEN 1 AND 40000),
    version  text NOT NULL GENERATED ALWAYS AS (left(md5(svg), 12)) STORED,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE machine_icons IS 'Icons that were uploaded, beside those that the program delivers.';
COMMENT ON COLUMN machine_icons.key IS 'What machine_types.icon refers to.';
COMMENT ON COLUMN machine_icons.svg IS 'The picture, as the program has cleaned it.';
COMMENT ON COLUMN machine_icons.version IS 'Changes with the picture; it is in the address, so that browsers can keep the picture.';
COMMENT ON COLUMN machine_icons.added_by IS 'The person who uploaded it.';

ALTER TABLE setting_changes DROP CONSTRAINT setting_changes_kind_check;
ALTER TABLE setting_changes ADD CONSTRAINT setting_changes_kind_check
    CHECK (kind IN ('setting', 'line', 'machine_type', 'machine', 'icon'));
