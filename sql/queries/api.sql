-- name: machines()
-- Every machine in flow order, as the REST interface shows it. A datetime that most languages can't hold (infinity,
-- the year 10000, before Christ) comes as null.
SELECT f.machine_id, f.machine_name, m.type, l.name AS production_line, m.position,
       coalesce(f.status, 'unknown') AS status, f.reason,
       f.status_since, f.reported_at,
       CASE WHEN f.datetime >= '0002-01-01' AND f.datetime < '9999-01-01' THEN f.datetime END AS datetime
FROM machine_feed_stream f
JOIN machines m USING (machine_name)
LEFT JOIN production_lines l USING (line_id)
ORDER BY l.position NULLS LAST, l.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(machine_name) END, m.position,
         f.machine_id;
