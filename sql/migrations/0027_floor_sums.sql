-- Sums of all machines together for each day that is over, so that the figures of the whole floor need not read those of each machine
-- (50_machine_times.sql).

ALTER TABLE history_days ADD COLUMN operational bigint[], ADD COLUMN warning bigint[], ADD COLUMN waiting bigint[], ADD COLUMN down bigint[];
COMMENT ON COLUMN history_days.operational IS
    'Of all machines together: what machine_hours has of each, or, where hours is null, machine_days. Null: nothing is known.';

UPDATE history_days d
SET operational = floor.operational, warning = floor.warning, waiting = floor.waiting, down = floor.down
FROM (SELECT moment.day, array_agg(moment.operational ORDER BY moment.n) AS operational,
             array_agg(moment.warning ORDER BY moment.n) AS warning, array_agg(moment.waiting ORDER BY moment.n) AS waiting,
             array_agg(moment.down ORDER BY moment.n) AS down
      FROM (SELECT h.day, up_to.n, sum(up_to.operational)::bigint AS operational, sum(up_to.warning)::bigint AS warning,
                   sum(up_to.waiting)::bigint AS waiting, sum(up_to.down)::bigint AS down
            FROM machine_hours h
            CROSS JOIN LATERAL unnest(h.operational, h.warning, h.waiting, h.down) WITH ORDINALITY
                AS up_to (operational, warning, waiting, down, n)
            GROUP BY h.day, up_to.n) AS moment
      GROUP BY moment.day) AS floor
WHERE d.day = floor.day AND d.hours IS NOT NULL;

UPDATE history_days d
SET operational = ARRAY[floor.operational], warning = ARRAY[floor.warning], waiting = ARRAY[floor.waiting], down = ARRAY[floor.down]
FROM (SELECT m.day, sum(m.operational)::bigint AS operational, sum(m.warning)::bigint AS warning, sum(m.waiting)::bigint AS waiting,
             sum(m.down)::bigint AS down
      FROM machine_days m GROUP BY m.day) AS floor
WHERE d.day = floor.day AND d.hours IS NULL;
