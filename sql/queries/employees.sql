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

-- name: add_employee(first_name, last_name, email, department, role)^
INSERT INTO employees (first_name, last_name, email, department, role)
VALUES (:first_name, :last_name, :email, :department, :role)
RETURNING id, first_name, last_name, email, department, active, created_at, role, version;

-- name: edit_employee(id, version, first_name, last_name, email, department, role)^
-- Nothing where the person has been changed since that version.
UPDATE employees SET first_name = :first_name, last_name = :last_name, email = :email, department = :department,
                     role = :role
WHERE id = :id AND version = :version
RETURNING id, first_name, last_name, email, department, active, created_at, role, version;

-- name: set_employee_active(id, active)!
UPDATE employees SET active = :active WHERE id = :id AND active <> :active;
