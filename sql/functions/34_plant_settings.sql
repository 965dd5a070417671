-- Changes of the plant's own settings: their version, the audit, and the announcement. Triggers, so that changes by SQL
-- count too. The first values, which the app writes, are no change.

CREATE OR REPLACE FUNCTION plant_settings_version() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.time_zone <> OLD.time_zone AND NOT EXISTS (SELECT FROM pg_timezone_names WHERE name = NEW.time_zone) THEN
        RAISE check_violation USING CONSTRAINT = 'plant_settings_time_zone_check', COLUMN = 'time_zone',
            MESSAGE = format('the database does not know the time zone %L', left(NEW.time_zone, 100)),
            HINT = 'Choose a city in the same zone from its view pg_timezone_names.';
    END IF;
    IF NEW.has_first_values = OLD.has_first_values
       AND (NEW.name, NEW.time_zone, NEW.first_weekday, NEW.day_start)
           IS DISTINCT FROM (OLD.name, OLD.time_zone, OLD.first_weekday, OLD.day_start) THEN
        NEW.setup_version := OLD.setup_version + 1;
        NEW.has_first_values := true;
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER plant_settings_version BEFORE UPDATE ON plant_settings
    FOR EACH ROW EXECUTE FUNCTION plant_settings_version();

CREATE OR REPLACE FUNCTION weekday_name(weekday smallint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('{Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday}'::text[])[weekday]
$$;

CREATE OR REPLACE FUNCTION plant_settings_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.setup_version <> OLD.setup_version THEN
        PERFORM log_plant_change('UPDATE', 'setting', NULL, NULL,
            '{plant name,time zone,first day of the week,start of the day}',
            ARRAY[nullif(OLD.name, ''), OLD.time_zone, weekday_name(OLD.first_weekday), to_char(OLD.day_start, 'HH24:MI')],
            ARRAY[nullif(NEW.name, ''), NEW.time_zone, weekday_name(NEW.first_weekday), to_char(NEW.day_start, 'HH24:MI')]);
    ELSE
        PERFORM announce('{"resync": "the plant has its first settings"}');
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION plant_settings_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER plant_settings_changed AFTER UPDATE OF name, time_zone, first_weekday, day_start ON plant_settings
    FOR EACH ROW EXECUTE FUNCTION plant_settings_changed();
