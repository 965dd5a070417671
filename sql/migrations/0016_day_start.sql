-- The local time at which a day of the plant begins, as 06:00 where the early shift does.

ALTER TABLE plant_settings
    ADD COLUMN day_start time NOT NULL DEFAULT '00:00'
        CONSTRAINT plant_settings_day_start_check CHECK (day_start < '24:00'
                                                         AND date_trunc('minute', day_start::interval) = day_start::interval);
COMMENT ON COLUMN plant_settings.day_start IS
    'At which local time a day begins, in whole minutes. The day of 28 November is from then on the 28th to then on the 29th.';
ALTER TABLE history_days ADD COLUMN day_start time NOT NULL DEFAULT '00:00';
COMMENT ON COLUMN history_days.day_start IS 'plant_settings.day_start, by which it begins and ends; a day of another one is not used.';
