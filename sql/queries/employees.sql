-- name: employees()
-- Everybody, by name.
SELECT id, first_name, last_name, email, department, active, created_at, role, version
FROM employees
ORDER BY name_sort_key(last_name), name_sort_key(first_name), last_name COLLATE "C", first_name COLLATE "C", id;

-- name: employee(id)^
-- One person.
SELECT id, first_name, last_name, email, department, active, created_at, role, version
FROM employees WHERE id = :id;

-- name: employee_with_email(email)^
-- Whose address this is, in lower or upper case.
SELECT id, first_name, last_name, email, department, active, created_at, role, version
FROM employees WHERE lower(email) = lower(:email);

-- name: active_orders_per_employee()
-- How many orders everybody still has to do; who has none is left out.
SELECT assignee_id, count(*) AS orders FROM work_orders
WHERE status IN ('open', 'in_progress', 'on_hold') AND assignee_id IS NOT NULL
GROUP BY assignee_id;

-- name: act_as(name, email)^
-- Events of this transaction name this person.
SELECT set_config('floor.person_name', :name, true), set_config('floor.person_email', :email, true);

-- name: lock_supervisors()
-- The ids of the active supervisors; nobody else can make or unmake one until this transaction ends.
SELECT id FROM employees WHERE active AND role = 'supervisor' ORDER BY id FOR UPDATE;

-- name: lock_employee(id)!
-- Nobody else can change this person until this transaction ends.
SELECT FROM employees WHERE id = :id FOR UPDATE;

-- name: add_employees(first_names, last_names, emails, departments, roles, actives)
-- New people, in the order given; their ids and e-mail addresses.
INSERT INTO employees (first_name, last_name, email, department, role, active)
SELECT first_name, last_name, email, department, role, active
FROM unnest(:first_names::text[], :last_names::text[], :emails::text[], :departments::text[], :roles::text[], :actives::boolean[])
     WITH ORDINALITY AS new (first_name, last_name, email, department, role, active, number) ORDER BY number
RETURNING id, email;

-- name: edit_employees(ids, first_names, last_names, emails, departments, roles, actives)!
UPDATE employees e SET first_name = new.first_name, last_name = new.last_name, email = new.email,
                       department = new.department, role = new.role, active = new.active
FROM unnest(:ids::integer[], :first_names::text[], :last_names::text[], :emails::text[], :departments::text[], :roles::text[],
            :actives::boolean[]) AS new (id, first_name, last_name, email, department, role, active)
WHERE e.id = new.id;

-- name: employees_with_orders(ids)
-- Of these people, those who are named in a work order.
SELECT id FROM employees e WHERE id = ANY (:ids::integer[]) AND (
    EXISTS (SELECT FROM work_orders o WHERE o.assignee_id = e.id OR lower(o.reporter_email) = lower(e.email))
    OR EXISTS (SELECT FROM work_order_events v WHERE lower(v.who_email) = lower(e.email)));

-- name: delete_employees(ids)!
DELETE FROM employees WHERE id = ANY (:ids::integer[]);

-- name: set_employee_active(id, active)!
UPDATE employees SET active = :active WHERE id = :id AND active <> :active;
