-- What the floor is: a demo, which is simulated and may be removed whole, or a plant, of which nothing is ever removed.

SELECT set_config('search_path', format('%I, pg_temp', current_schema()), false);

CREATE TABLE plant (
    only_row boolean     PRIMARY KEY DEFAULT true CHECK (only_row),
    kind     text        NOT NULL CHECK (kind IN ('demo', 'plant')),
    since    timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE plant IS 'One row, written once the schema is complete (sql/new_floor.sql). No row: not a demo.';
COMMENT ON COLUMN plant.kind IS 'demo: the simulator may write, and the floor may be replaced by an empty one. plant: neither.';

-- A demo can become a plant. A plant stays one, so that nothing can simulate or remove it by way of a demo.
CREATE FUNCTION plant_stays_a_plant() RETURNS trigger
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
CREATE TRIGGER plant_stays_a_plant BEFORE UPDATE ON plant FOR EACH ROW EXECUTE FUNCTION plant_stays_a_plant();
CREATE TRIGGER plant_is_not_deleted BEFORE DELETE OR TRUNCATE ON plant
    FOR EACH STATEMENT EXECUTE FUNCTION plant_stays_a_plant();
CREATE TRIGGER plant_changed AFTER INSERT OR UPDATE ON plant
    FOR EACH STATEMENT EXECUTE FUNCTION floor_layout_changed();

-- The name under which the simulator's changes stand in the history. It refuses any floor that is not a demo; the lock
-- holds the floor as it is until the changes are committed.
CREATE FUNCTION simulator_name() RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM plant WHERE kind = 'demo' FOR SHARE;
    IF NOT FOUND THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = 'this floor is a plant and the simulator plays only on a demo: make one in a schema of its own, '
                      'with DEFAULT_POSTGRES_SCHEMA and NEW_FLOOR=demo';
    END IF;
    RETURN 'simulator';
END $$;

ALTER TABLE machine_status_history ALTER COLUMN changed_by
    SET DEFAULT CASE WHEN current_setting('floor.db.connection_source', true) = 'simulator' THEN simulator_name() ELSE session_user END;
COMMENT ON COLUMN machine_status_history.changed_by IS 'The login that wrote it; simulator: it is made up.';
