-- name: employees()
-- Everybody, by name.
SELECT id, first_name, last_name, email, department, active, created_at
FROM employees ORDER BY last_name, first_name, id;
