-- name: report_settings()^
-- What supervisors have set for reports of the whole plant.
SELECT micro_stop, currency FROM plant_settings;

-- name: micro_stop()$
-- A stop that is shorter is a micro-stop.
SELECT micro_stop FROM plant_settings;

-- name: line_costs()
-- What an hour down costs on each line; null: nothing is set.
SELECT l.name, c.cost_per_hour FROM production_lines l LEFT JOIN line_costs c USING (line_id) ORDER BY l.position, l.line_id;

-- name: lock_report_settings()!
-- For the one who changes them, until the transaction ends.
SELECT FROM plant_settings FOR UPDATE;

-- name: set_report_settings(micro_stop, currency)!
-- Of the whole plant.
UPDATE plant_settings SET micro_stop = :micro_stop::interval, currency = :currency::text;

-- name: set_line_cost(line, cost)!
-- What an hour down costs on a line; null: nothing is set.
WITH gone AS (
    DELETE FROM line_costs USING production_lines l
    WHERE l.line_id = line_costs.line_id AND l.name = :line::text AND :cost::numeric IS NULL
)
INSERT INTO line_costs (line_id, cost_per_hour) SELECT line_id, :cost FROM production_lines WHERE name = :line AND :cost IS NOT NULL
ON CONFLICT (line_id) DO UPDATE SET cost_per_hour = excluded.cost_per_hour;

-- name: log_setting_change(changed_by, setting, old_value, new_value)!
-- Note who changed what.
INSERT INTO setting_changes (changed_by, setting, old_value, new_value) VALUES (:changed_by, :setting, :old_value, :new_value);

-- name: setting_changes(most)
-- The latest changes, the newest first.
SELECT changed_at, changed_by, setting, old_value, new_value FROM setting_changes ORDER BY change_id DESC LIMIT :most;

-- name: stop_costs(names, start, until, now, machines, costs)
-- For each reason: what the stops of a period cost, with the costs of an hour down of some machines.
SELECT s.reason, sum(s.down * c.cost) / 3.6e9 AS cost
FROM listed_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, 0, 'down') s
JOIN unnest(:machines::text[], :costs::float8[]) AS c (machine_name, cost) USING (machine_name)
GROUP BY s.reason;
