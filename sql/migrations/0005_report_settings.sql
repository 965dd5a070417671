-- What supervisors set for reports, and who changed what.

ALTER TABLE plant_settings ADD COLUMN currency text NOT NULL DEFAULT ''
    CONSTRAINT plant_settings_currency_check CHECK (length(currency) <= 12);
COMMENT ON COLUMN plant_settings.currency IS 'What stands before amounts of money, such as EUR; a supervisor sets it.';
COMMENT ON COLUMN plant_settings.micro_stop IS
    'A stop that is shorter is a micro-stop, counted apart; a supervisor sets it, and others for types (machine_types).';

CREATE TABLE machine_types (
    type       text     PRIMARY KEY,
    micro_stop interval CHECK (micro_stop >= '0')
);
COMMENT ON TABLE machine_types IS 'Types of machines for which something is set.';
COMMENT ON COLUMN machine_types.micro_stop IS
    'A stop of machines of this type that is shorter is a micro-stop; null: as plant_settings has it. A supervisor sets it.';

ALTER TABLE production_lines ADD COLUMN cost_per_hour numeric
    CONSTRAINT production_lines_cost_per_hour_check CHECK (cost_per_hour > 0 AND cost_per_hour < 1e9);
COMMENT ON COLUMN production_lines.cost_per_hour IS
    'What an hour costs in which a machine of the line is down; null: not set. A supervisor sets it.';

CREATE TABLE setting_changes (
    change_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text        NOT NULL,
    setting    text        NOT NULL,
    old_value  text,
    new_value  text
);
COMMENT ON TABLE setting_changes IS 'Who changed which setting of the reports; a value is null where there was or is none.';
