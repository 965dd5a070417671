-- The name under which the simulator writes: used by the default of machine_status_history.changed_by.

-- The name of the simulator in the history of changes. It refuses any floor that is not a demo; the lock
-- holds the floor as it is until the changes are committed.
CREATE OR REPLACE FUNCTION simulator_name() RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM plant WHERE kind = 'demo' FOR SHARE;
    IF NOT FOUND THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = 'this floor is a plant and the simulator plays only on a demo: make one in another schema, '
                      'with DEFAULT_POSTGRES_SCHEMA and NEW_FLOOR=demo';
    END IF;
    RETURN 'simulator';
END $$;
