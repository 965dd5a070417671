-- A machine is its number. Its name, type, line and position change, and what was is kept beside it.

-- The number of a machine that a row of the feed names: its own if it is or was here, else the one that is wanted, else the
-- next. Who is new goes to the end of the line that its name's code stands for, or to no line.
CREATE OR REPLACE FUNCTION register_machine(wanted integer, called text, kind text) RETURNS integer
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    known   integer := (SELECT machine_id FROM machines WHERE machine_name = called);
    retired text := (SELECT machine_name FROM machines WHERE machine_id = wanted AND retired_at IS NOT NULL);
BEGIN
    IF known IS NOT NULL THEN
        RETURN known;
    END IF;
    IF retired IS NOT NULL THEN
        RAISE unique_violation USING
            MESSAGE = format('machine_id %s is the number of %s, which has left and keeps its history', wanted, retired),
            HINT = 'Leave machine_id out: the next free one is taken.', CONSTRAINT = 'machines_pkey', COLUMN = 'machine_id';
    END IF;
    known := coalesce(wanted, (SELECT coalesce(max(machine_id), 0) + 1 FROM machines));
    INSERT INTO machines (machine_id, machine_name, type, line_id, position)
    SELECT known, called, kind, line.line_id,
           (SELECT coalesce(max(position), 0) + 1 FROM machines WHERE line_id IS NOT DISTINCT FROM line.line_id)
    FROM (SELECT (SELECT line_id FROM production_lines WHERE code = substring(called FROM '_([0-9]{2})_[0-9]+$')) AS line_id) AS line
    ON CONFLICT (machine_id) DO NOTHING;  -- an upsert that gives a machine of the feed another name
    RETURN known;
END $$;

-- The number of the machine that has a name now, or had it last; null: there is none.
CREATE OR REPLACE FUNCTION machine_called(name text) RETURNS integer
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT coalesce((SELECT machine_id FROM machines WHERE machine_name = name),
                    (SELECT machine_id FROM former_machine_names WHERE machine_name = name ORDER BY until DESC LIMIT 1))
$$;

-- The line that a machine stood on; null: on none.
CREATE OR REPLACE FUNCTION line_at(of_machine integer, moment timestamptz) RETURNS smallint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT line_id FROM machine_placements WHERE machine_id = of_machine AND since <= moment ORDER BY since DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION machine_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO machine_placements (machine_id, line_id, since) VALUES (NEW.machine_id, NEW.line_id, '-infinity');
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_added FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_added AFTER INSERT ON machines FOR EACH ROW EXECUTE FUNCTION machine_added();

CREATE OR REPLACE FUNCTION machine_renamed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NEW.machine_name <> OLD.machine_name THEN
        INSERT INTO former_machine_names (machine_name, machine_id, until)
        VALUES (OLD.machine_name, NEW.machine_id, clock_timestamp());
    END IF;
    UPDATE machine_feed_stream SET machine_name = NEW.machine_name, type = NEW.type
    WHERE machine_id = NEW.machine_id AND (machine_name, type) <> (NEW.machine_name, NEW.type);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_renamed FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_renamed AFTER UPDATE OF machine_name, type ON machines
    FOR EACH ROW WHEN ((NEW.machine_name, NEW.type) <> (OLD.machine_name, OLD.type)) EXECUTE FUNCTION machine_renamed();

-- From the moment of the move on. The first line that a machine gets counts for all that was before, too.
CREATE OR REPLACE FUNCTION machine_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    moment timestamptz := floor_clock();
    was    machine_placements;
BEGIN
    SELECT * INTO was FROM machine_placements WHERE machine_id = NEW.machine_id ORDER BY since DESC LIMIT 1;
    IF was.since >= moment OR was.line_id IS NULL AND was.since = '-infinity' THEN
        UPDATE machine_placements SET line_id = NEW.line_id WHERE machine_id = NEW.machine_id AND since = was.since;
        UPDATE machine_stops SET line_id = NEW.line_id WHERE machine_id = NEW.machine_id AND since >= was.since;
        PERFORM mark_all_days(was.since);
    ELSE
        UPDATE machine_placements SET until = moment WHERE machine_id = NEW.machine_id AND since = was.since;
        INSERT INTO machine_placements (machine_id, line_id, since) VALUES (NEW.machine_id, NEW.line_id, moment);
    END IF;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION machine_moved FROM PUBLIC;
CREATE OR REPLACE TRIGGER machine_moved AFTER UPDATE OF line_id ON machines
    FOR EACH ROW WHEN (NEW.line_id IS DISTINCT FROM OLD.line_id) EXECUTE FUNCTION machine_moved();

CREATE OR REPLACE FUNCTION machine_number_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE check_violation USING
            MESSAGE = format('machine_id %s cannot become %s: the number is the machine', OLD.machine_id, NEW.machine_id);
    ELSIF EXISTS (SELECT FROM status_intervals WHERE machine_id = OLD.machine_id)
       OR EXISTS (SELECT FROM machine_counts WHERE machine_id = OLD.machine_id) THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('%s has a history, which would go with it', OLD.machine_name),
            HINT = 'Delete its row in machine_feed_stream: it leaves the floor, and its past stays.';
    END IF;
    DELETE FROM machine_placements WHERE machine_id = OLD.machine_id;
    DELETE FROM former_machine_names WHERE machine_id = OLD.machine_id;
    RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER machine_number_stays BEFORE UPDATE OF machine_id ON machines
    FOR EACH ROW WHEN (NEW.machine_id <> OLD.machine_id) EXECUTE FUNCTION machine_number_stays();
CREATE OR REPLACE TRIGGER machine_with_history_stays BEFORE DELETE ON machines
    FOR EACH ROW EXECUTE FUNCTION machine_number_stays();
