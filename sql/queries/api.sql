-- name: machines()
-- Every machine in flow order, as the REST interface shows it: one that is silent or has no signal is unknown. A datetime that most
-- languages can't hold (infinity, the year 10000, before Christ) comes as null.
SELECT f.machine_id, f.machine_name, m.display_name, m.type, l.name AS production_line, m.position,
       CASE WHEN lost.since IS NULL THEN coalesce(f.status, 'unknown') ELSE 'unknown' END AS status,
       CASE WHEN lost.since IS NULL THEN f.reason END AS reason,
       coalesce(lost.since, f.status_since) AS status_since, f.reported_at,
       CASE WHEN f.datetime >= '0002-01-01' AND f.datetime < '9999-01-01' THEN f.datetime END AS datetime
FROM machine_feed_stream f
JOIN machines m USING (machine_name)
LEFT JOIN machines_without_data(clock_timestamp()) quiet ON quiet.machine_id = f.machine_id
CROSS JOIN LATERAL (SELECT least(f.signal_lost_at, quiet.since) AS since) AS lost
LEFT JOIN production_lines l USING (line_id)
ORDER BY l.position NULLS LAST, l.line_id, CASE WHEN l.line_id IS NULL THEN name_sort_key(f.machine_name) END, m.position,
         f.machine_id;
