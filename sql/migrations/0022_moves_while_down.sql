-- A machine that is moved while it is down counts on the line where the stop began until that ends. The days of such stops, of which
-- the sums are by where it stood, are summed up again.

INSERT INTO changed_days
SELECT DISTINCT d.day
FROM machine_placements p
JOIN machine_stops s ON s.machine_id = p.machine_id AND s.since < p.since AND (s.until IS NULL OR s.until > p.since)
JOIN history_days d ON d.until > p.since AND (s.until IS NULL OR d.since < s.until);
