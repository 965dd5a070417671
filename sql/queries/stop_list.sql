-- name: stop_list(names, start, until, now, kpi, reason, starts, untils, only, machines_found, reasons_found, order_words, sort, descending, places, skip, most, line)
-- A page of the stops of a period with the first work order of each and the earliest moments of all its orders: first those that
-- the KPI counts, or only these; sorted by length (what it adds to the KPI), start, machine (as in places) or reason. order_words
-- null: all; otherwise those of the machines or reasons found, or of an order with these letters in its id.
WITH listed AS (
    SELECT s.* FROM chosen_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz,
                                 :kpi::text, :reason::text, :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
    WHERE (s.counted OR NOT :only::boolean)
      AND (:order_words::text IS NULL OR s.machine_name = ANY (:machines_found::text[])
           OR s.reason = ANY (:reasons_found::text[])
           OR (s.machine_name, s.since) IN (SELECT machine_id, stop_since FROM work_orders
                                            WHERE stop_since IS NOT NULL AND strpos(lower(id), :order_words) > 0))
), placed AS (
    SELECT listed.*,
           CASE :sort::text WHEN 'length' THEN amount WHEN 'start' THEN micros(listed.since - timestamptz '2000-01-01 00:00+00')
                            WHEN 'machine' THEN machine.place WHEN 'reason' THEN named.place END AS place
    FROM listed
    LEFT JOIN unnest(:places::text[]) WITH ORDINALITY AS machine (machine_name, place)
        ON :sort = 'machine' AND machine.machine_name = listed.machine_name
    LEFT JOIN (SELECT reason, row_number() OVER (ORDER BY name_sort_key(reason), reason COLLATE "C") AS place
               FROM (SELECT DISTINCT reason  -- not of listed, which would be written down first because it is read twice
                     FROM chosen_stops(:names, :start, :until, :now, :kpi, :reason, :starts, :untils, :line)
                     WHERE :sort = 'reason' AND reason IS NOT NULL) AS each) AS named
        ON :sort = 'reason' AND named.reason = listed.reason
), page AS (
    SELECT * FROM placed
    ORDER BY counted DESC, place * CASE WHEN :descending::boolean THEN -1 ELSE 1 END NULLS LAST, since DESC, version DESC
    LIMIT :most::bigint OFFSET :skip::bigint
)
SELECT page.*, (page.down * l.cost_per_hour / micros('1 hour'))::float8 AS cost, o.order_id, o.created_at, o.acknowledged_at,
       o.started_at
FROM page
LEFT JOIN production_lines l USING (line_id)
CROSS JOIN LATERAL orders_of_stop(page.machine_name, page.since) o
ORDER BY page.counted DESC, page.place * CASE WHEN :descending THEN -1 ELSE 1 END NULLS LAST, page.since DESC,
         page.version DESC;

-- name: count_stop_list(names, start, until, now, kpi, reason, starts, untils, machines_found, reasons_found, order_words, line)^
-- The stops that the query above lists without only: how many of each population, how many of them the KPI counts, and what these
-- add to it in microseconds.
SELECT count(*) FILTER (WHERE s.began AND s.fails) AS failures, count(*) FILTER (WHERE s.began AND NOT s.fails) AS micro_stops,
       count(*) FILTER (WHERE NOT s.began) AS carried_in, count(*) FILTER (WHERE s.fails) AS long,
       count(*) FILTER (WHERE s.counted) AS counted,
       coalesce(sum(s.amount) FILTER (WHERE s.counted), 0)::bigint AS amount
FROM chosen_stops(:names::text[], :start::timestamptz, :until::timestamptz, :now::timestamptz, :kpi::text,
                  :reason::text, :starts::timestamptz[], :untils::timestamptz[], :line::smallint) s
WHERE :order_words::text IS NULL OR s.machine_name = ANY (:machines_found::text[]) OR s.reason = ANY (:reasons_found::text[])
      OR (s.machine_name, s.since) IN (SELECT machine_id, stop_since FROM work_orders
                                       WHERE stop_since IS NOT NULL AND strpos(lower(id), :order_words) > 0);
