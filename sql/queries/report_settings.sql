-- name: report_settings()^
-- What supervisors have set for reports of the whole plant.
SELECT micro_stop, currency FROM plant_settings;

-- name: type_limits()
-- The types of the machines, each with its micro-stop limit; null: that of the plant.
SELECT type, kind.micro_stop
FROM (SELECT type FROM machines WHERE retired_at IS NULL UNION SELECT type FROM machine_types) AS type
LEFT JOIN machine_types kind USING (type)
ORDER BY name_sort_key(type), type COLLATE "C";

-- name: line_costs()
-- What an hour down costs on each line; null: nothing is set.
SELECT name, cost_per_hour FROM production_lines ORDER BY position, line_id;

-- name: lock_report_settings()!
-- For the one who changes them, until the transaction ends.
SELECT FROM plant_settings FOR UPDATE;

-- name: set_report_settings(micro_stop, currency)!
-- Of the whole plant.
UPDATE plant_settings SET micro_stop = :micro_stop::interval, currency = :currency::text;

-- name: set_type_limit(type, micro_stop)!
-- The micro-stop limit of a type; null: that of the plant.
INSERT INTO machine_types (type, micro_stop) VALUES (:type, :micro_stop::interval)
ON CONFLICT (type) DO UPDATE SET micro_stop = excluded.micro_stop;

-- name: set_line_cost(line, cost)!
-- What an hour down costs on a line; null: nothing is set.
UPDATE production_lines SET cost_per_hour = :cost::numeric WHERE name = :line::text;

-- name: log_setting_change(changed_by, setting, old_value, new_value)!
-- Note who changed what.
INSERT INTO setting_changes (changed_by, setting, old_value, new_value) VALUES (:changed_by, :setting, :old_value, :new_value);

-- name: setting_changes(most)
-- The latest changes of these settings, the newest first.
SELECT changed_at, changed_by, setting, old_value, new_value FROM setting_changes WHERE kind = 'setting'
ORDER BY change_id DESC LIMIT :most;

-- name: stop_costs(names, starts, untils, now, reason, line)
-- What the stops in the parts of a period cost inside them, by the costs of the lines on which they began: a row for each reason
-- (of = 3), each machine (5) and each line (6).
SELECT grouping(s.reason, s.machine_name, l.name) AS of, s.reason, s.machine_name, l.name AS line,
       (sum(s.down * l.cost_per_hour) / micros('1 hour'))::float8 AS cost
FROM stops_in_parts(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :reason::text, :line::smallint,
                    NULL) s
JOIN production_lines l USING (line_id)
WHERE l.cost_per_hour IS NOT NULL AND (s.began OR s.carried_in)
GROUP BY GROUPING SETS (s.reason, s.machine_name, l.name);
