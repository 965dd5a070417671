-- Employees: the acting person of a transaction, and employees by name.

-- The acting person. The app sets floor.person_name and floor.person_email for each transaction; in psql it is the login.
CREATE OR REPLACE FUNCTION acting_person() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('floor.person_name', true), ''), session_user::text)
$$;

CREATE OR REPLACE FUNCTION acting_email() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT nullif(lower(current_setting('floor.person_email', true)), '')
$$;

-- The time of a change: now. The session that is creating the history of a demo sets floor.acting_time for each step.
CREATE OR REPLACE FUNCTION acting_time(default_time timestamptz DEFAULT clock_timestamp()) RETURNS timestamptz
LANGUAGE plpgsql AS $$
BEGIN
    IF nullif(current_setting('floor.acting_time', true), '') IS NOT NULL THEN
        IF EXISTS (SELECT FROM history_creation, plant WHERE pid = pg_backend_pid() AND kind = 'demo') THEN
            RETURN current_setting('floor.acting_time')::timestamptz;
        END IF;
    END IF;
    RETURN default_time;
END $$;

-- The owner of a client reference; null without a reference.
CREATE OR REPLACE FUNCTION reference_owner(client_reference text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(acting_email(), acting_person()) WHERE client_reference IS NOT NULL
$$;

-- The active employee with this full name or e-mail address.
CREATE OR REPLACE FUNCTION find_employee(name_or_email text) RETURNS integer
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found integer[] := ARRAY(
        SELECT id FROM employees
        WHERE active AND lower(name_or_email) IN (lower(email), lower(first_name || ' ' || last_name)));
BEGIN
    IF cardinality(found) = 1 THEN
        RETURN found[1];
    END IF;
    RAISE check_violation USING CONSTRAINT = 'work_orders_assignee_check', COLUMN = 'assignee',
        MESSAGE = CASE cardinality(found)
            WHEN 0 THEN format('no active employee is called %L: use the name or e-mail address of an employee',
                               left(name_or_email, 100))
            ELSE format('%s active employees are called %L: use the e-mail address', cardinality(found), left(name_or_email, 100)) END;
END $$;

CREATE OR REPLACE FUNCTION employees_check_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    NEW.created_at := OLD.created_at;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER employees_check_change BEFORE UPDATE ON employees
    FOR EACH ROW EXECUTE FUNCTION employees_check_change();

CREATE OR REPLACE FUNCTION employee_renamed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    UPDATE work_orders SET assignee_id = assignee_id WHERE assignee_id = NEW.id;  -- its trigger fetches the name
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION employee_renamed FROM PUBLIC;
CREATE OR REPLACE TRIGGER employee_renamed AFTER UPDATE OF first_name, last_name ON employees
    FOR EACH ROW WHEN ((OLD.first_name, OLD.last_name) IS DISTINCT FROM (NEW.first_name, NEW.last_name))
    EXECUTE FUNCTION employee_renamed();

CREATE OR REPLACE TRIGGER people_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON employees
    FOR EACH STATEMENT EXECUTE FUNCTION announce_resync('the people or the due times changed');
CREATE OR REPLACE TRIGGER due_times_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON work_order_priorities
    FOR EACH STATEMENT EXECUTE FUNCTION announce_resync('the people or the due times changed');

-- The audit, with log_plant_change of 27_plant_changes.sql.
CREATE OR REPLACE FUNCTION person_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM log_plant_change(TG_OP, 'person', coalesce(OLD.id, NEW.id),
        coalesce(OLD.first_name || ' ' || OLD.last_name, NEW.first_name || ' ' || NEW.last_name),
        '{first name,last name,e-mail,department,role,active}',
        ARRAY[OLD.first_name, OLD.last_name, OLD.email, OLD.department, OLD.role, CASE WHEN OLD.active THEN 'yes' ELSE 'no' END],
        ARRAY[NEW.first_name, NEW.last_name, NEW.email, NEW.department, NEW.role, CASE WHEN NEW.active THEN 'yes' ELSE 'no' END]);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION person_changed FROM PUBLIC;
CREATE OR REPLACE TRIGGER person_changed AFTER INSERT OR DELETE OR UPDATE ON employees
    FOR EACH ROW EXECUTE FUNCTION person_changed();
