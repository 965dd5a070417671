-- The machines and people of tables that were set aside: the history begins with the last report of each machine. Lines and
-- positions are given in sql/admin/new_floor.sql.

-- A machine keeps its number, its name and its last report; where two rows have one name, the latest. Times without a
-- zone are in UTC.
DO $$
DECLARE
    old    regclass := to_regclass('adopted_' || 'machine_feed_stream');
    zone   text := current_setting('TimeZone');
    wanted boolean;
BEGIN
    IF old IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE adopted_name(machine_name::text, 200) IS NOT NULL)', old)
        INTO wanted;
    IF NOT wanted THEN
        RETURN;
    END IF;
    PERFORM set_config('TimeZone', 'UTC', true);
    EXECUTE format($sql$
        INSERT INTO machine_feed_stream (machine_id, machine_name, status, type, datetime, reason)
        SELECT CASE WHEN row_number() OVER (PARTITION BY number ORDER BY name) = 1 THEN number END,
               name,
               CASE WHEN status IN ('operational', 'warning', 'down') THEN status ELSE 'warning' END,
               CASE WHEN kind IN ('sorter', 'robotic_arm', 'injection_molder', 'valve', 'painter') THEN kind
                    ELSE coalesce(nullif(left(btrim(given_type), 200), ''), 'other') END,
               happened,
               CASE WHEN status IN ('operational', 'warning', 'down') THEN given_reason
                    ELSE format('The adopted status was %%s', coalesce(quote_literal(given_status), 'not given')) END
        FROM (SELECT DISTINCT ON (name) *
              FROM (SELECT adopted_name(r ->> 'machine_name', 200) AS name,
                           CASE WHEN r ->> 'machine_id' ~ '^[0-9]{1,9}$' THEN (r ->> 'machine_id')::integer END AS number,
                           r ->> 'status' AS given_status, lower(btrim(r ->> 'status')) AS status, r ->> 'type' AS given_type,
                           lower(regexp_replace(btrim(r ->> 'type'), '[[:space:]-]+', '_', 'g')) AS kind,
                           r ->> 'reason' AS given_reason,
                           CASE WHEN r ->> 'datetime' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN (r ->> 'datetime')::timestamptz END AS happened
                    FROM (SELECT to_jsonb(o) AS r FROM %s AS o) AS rows) AS reported
              WHERE name IS NOT NULL
              ORDER BY name, happened DESC NULLS LAST, number) AS latest
        ORDER BY number NULLS LAST, name
    $sql$, old);
    PERFORM set_config('TimeZone', zone, true);
END $$;

-- A person keeps the number, and the e-mail address where it is one and nobody with a smaller number has it.
DO $$
DECLARE
    old    regclass := to_regclass('adopted_employees');
    zone   text := current_setting('TimeZone');
    wanted boolean;
BEGIN
    IF old IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', old) INTO wanted;
    IF NOT wanted THEN
        RETURN;
    END IF;
    PERFORM set_config('TimeZone', 'UTC', true);
    EXECUTE format($sql$
        INSERT INTO employees (id, first_name, last_name, email, department, active, created_at)
        SELECT number, coalesce(adopted_name(r ->> 'first_name', 100), '?'),
               coalesce(adopted_name(r ->> 'last_name', 100), '?'),
               CASE WHEN email LIKE '%%_@_%%' AND email NOT LIKE '%% %%' AND email = adopted_name(email, 254)
                     AND row_number() OVER (PARTITION BY lower(email) ORDER BY number) = 1 THEN email
                    ELSE format('employee-%%s@example.invalid', number) END,
               coalesce(adopted_name(r ->> 'department', 100), 'Not given'),
               coalesce(lower(r ->> 'active') NOT IN ('false', 'f', 'no', 'n', '0', 'inactive'), true),
               coalesce(CASE WHEN r ->> 'created_at' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN (r ->> 'created_at')::timestamptz END, now())
        FROM (SELECT r, btrim(r ->> 'email') AS email,
                     CASE WHEN given IS NOT NULL AND row_number() OVER (PARTITION BY given) = 1 THEN given
                          ELSE coalesce(max(given) OVER (), 0) + row_number() OVER () END AS number
              FROM (SELECT to_jsonb(o) AS r, CASE WHEN o.id::text ~ '^[0-9]{1,9}$' THEN o.id::text::integer END AS given
                    FROM %s AS o) AS rows) AS people
        ORDER BY number
    $sql$, old);
    PERFORM setval(pg_get_serial_sequence('employees', 'id'), (SELECT max(id) FROM employees));
    UPDATE employees SET role = 'technician' WHERE department IN ('Maintenance', 'Engineering');
    PERFORM set_config('TimeZone', zone, true);
END $$;
