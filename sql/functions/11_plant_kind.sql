-- What a floor is, a demo or a plant: the one row of plant and who may change it.

-- A demo can become a plant. A plant stays one, so that nothing can simulate or remove it by way of a demo.
CREATE OR REPLACE FUNCTION plant_stays_a_plant() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.kind, NEW.kind) <> ('plant', 'demo') THEN
            RETURN NEW;
        END IF;
        RAISE insufficient_privilege USING MESSAGE = 'this floor is a plant, and a plant cannot become a demo',
            HINT = 'A demo is made in another schema: DEFAULT_POSTGRES_SCHEMA and NEW_FLOOR=demo.';
    END IF;
    RAISE insufficient_privilege USING
        MESSAGE = format('plant: %s is refused, the floor must be known as a demo or a plant', lower(TG_OP));
END $$;
CREATE OR REPLACE TRIGGER plant_stays_a_plant BEFORE UPDATE ON plant FOR EACH ROW EXECUTE FUNCTION plant_stays_a_plant();
CREATE OR REPLACE TRIGGER plant_is_not_deleted BEFORE DELETE OR TRUNCATE ON plant
    FOR EACH STATEMENT EXECUTE FUNCTION plant_stays_a_plant();
