-- The plant's own settings, which a supervisor changes: its name, its time zone, and the first day of its week.

ALTER TABLE plant_settings
    ADD COLUMN name text NOT NULL DEFAULT ''
        CONSTRAINT plant_settings_name_check CHECK (length(name) <= 80 AND (name = '' OR is_visible(name))),
    ADD COLUMN first_weekday smallint NOT NULL DEFAULT 1
        CONSTRAINT plant_settings_first_weekday_check CHECK (first_weekday BETWEEN 1 AND 7),
    ADD COLUMN has_first_values boolean NOT NULL DEFAULT false,
    ADD COLUMN setup_version bigint NOT NULL DEFAULT 1;
UPDATE plant_settings SET has_first_values = EXISTS (SELECT FROM plant);
COMMENT ON TABLE plant_settings IS 'One row: what a supervisor sets for the whole plant.';
COMMENT ON COLUMN plant_settings.name IS 'Shown on every page and on paper; empty: none.';
COMMENT ON COLUMN plant_settings.time_zone IS
    'An IANA name. Days and hours are by its clock. PLANT_TIMEZONE gives its first value; then a supervisor sets it.';
COMMENT ON COLUMN plant_settings.first_weekday IS 'With which day a week begins: 1 is Monday, 7 is Sunday.';
COMMENT ON COLUMN plant_settings.has_first_values IS 'Whether the app has written what its variables give, or somebody has changed something.';
COMMENT ON COLUMN plant_settings.setup_version IS 'Grows with every change of name, time zone or first weekday.';

-- The day in the id of an order is the plant's: work_order_register gives it one.
ALTER TABLE work_orders ALTER COLUMN id DROP DEFAULT;
