-- name: largest_intervals(names, start, until, now, kpi, skip, most)
-- What some machines were in a period: first what lowers a share (of uptime_share, availability or coverage), then what raises it,
-- then what it does not count, each the longest first.
SELECT machine_name, since, until, status, reason, waits
FROM (SELECT m.machine_name, s.*, wait_kind(s.status, s.reason) IS NOT NULL AS waits
      FROM machines m
      CROSS JOIN LATERAL gapless_intervals(m.machine_id, :start::timestamptz, :until::timestamptz, :now::timestamptz) s
      WHERE m.machine_name = ANY (:names::text[])) AS s
ORDER BY CASE WHEN :kpi::text = 'coverage' THEN CASE WHEN status = 'unknown' THEN 0 ELSE 1 END
              WHEN status = 'unknown' THEN 2 WHEN status = 'down' OR (waits AND :kpi = 'availability') THEN 0 ELSE 1 END,
         until - since DESC, since, machine_name COLLATE "C" LIMIT :most OFFSET :skip;
