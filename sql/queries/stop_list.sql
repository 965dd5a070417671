-- name: stop_list(names, starts, untils, now, kpi, reason, only, machines_found, reasons_found, order_words, sort, descending, places, skip, most, line)
-- A page of the stops of a period's parts with the first work order of each and the earliest moments of all its orders: first those that
-- the KPI counts, or only these; sorted by length (what it adds to the KPI), start, machine (as in places) or reason, equal ones the
-- latest first. order_words null: all; otherwise those of the machines or reasons found, or of an order with these letters in its id.
WITH machine_place AS NOT MATERIALIZED (  -- each place once, so that a list that is sorted by something else is not joined with them
    SELECT machine_name, min(place) AS place
    FROM unnest(:places::text[]) WITH ORDINALITY AS machine (machine_name, place)
    WHERE :sort::text = 'machine' GROUP BY machine_name
), reason_place AS NOT MATERIALIZED (
    SELECT reason, row_number() OVER (ORDER BY name_sort_key(reason), reason COLLATE "C") AS place
    FROM listed_stops(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :kpi::text, :reason::text,
                      :line::smallint, NULL)
    WHERE :sort = 'reason' AND reason IS NOT NULL GROUP BY reason
), ordered AS (  -- by the letters in the id of an order
    SELECT machine_id AS machine_name, stop_since AS since FROM work_orders
    WHERE stop_since IS NOT NULL AND strpos(lower(id), :order_words::text) > 0
), recent AS (  -- counted stops of the last hundredth: as many of them as a page has bound where the page ends
    SELECT s.since, s.amount
    FROM (SELECT (:untils)[last] AS until, greatest((:starts)[last], (:untils)[last] - ((:untils)[last] - (:starts)[1]) / 100) AS start
          FROM cardinality(:starts) AS last) AS period
    CROSS JOIN LATERAL listed_stops(:names, ARRAY[period.start], ARRAY[period.until], :now, :kpi, :reason, :line, false) s
    WHERE s.counted AND :descending::boolean AND :order_words IS NULL
), inside AS (  -- the page is among the first of these and the first of the others
    SELECT s.*, CASE WHEN :sort = 'length' THEN s.amount WHEN :sort = 'machine' THEN m.place WHEN :sort = 'reason' THEN r.place
                     WHEN NOT :descending THEN micros(s.since - time_origin()) END  -- otherwise below
                * CASE WHEN :descending THEN -1 ELSE 1 END AS place
    FROM listed_stops(:names, :starts, :untils, :now, :kpi, :reason, :line, false) s
    LEFT JOIN machine_place m ON m.machine_name = s.machine_name
    LEFT JOIN reason_place r ON r.reason = s.reason
    WHERE (s.counted OR NOT :only::boolean)
      AND (:order_words IS NULL OR s.machine_name = ANY (:machines_found::text[]) OR s.reason = ANY (:reasons_found::text[])
           OR (s.machine_name, s.since) IN (SELECT * FROM ordered))
      AND (:sort <> 'length'
           OR s.length >= coalesce((SELECT amount FROM recent ORDER BY 1 DESC LIMIT 1 OFFSET :skip::bigint + :most::bigint - 1), 0))
      AND (:sort <> 'start'
           OR s.since >= coalesce((SELECT since FROM recent ORDER BY 1 DESC LIMIT 1 OFFSET :skip + :most - 1), (:starts)[1]))
    ORDER BY s.counted DESC, place NULLS LAST, s.since DESC, s.version DESC
    LIMIT :skip + :most
), across AS (
    SELECT s.*, CASE WHEN :sort = 'length' THEN s.amount WHEN :sort = 'machine' THEN m.place WHEN :sort = 'reason' THEN r.place
                     WHEN NOT :descending THEN micros(s.since - time_origin()) END
                * CASE WHEN :descending THEN -1 ELSE 1 END AS place
    FROM listed_stops(:names, :starts, :untils, :now, :kpi, :reason, :line, true) s
    LEFT JOIN machine_place m ON m.machine_name = s.machine_name
    LEFT JOIN reason_place r ON r.reason = s.reason
    WHERE (s.counted OR NOT :only)
      AND (:order_words IS NULL OR s.machine_name = ANY (:machines_found) OR s.reason = ANY (:reasons_found)
           OR (s.machine_name, s.since) IN (SELECT * FROM ordered))
), page AS (
    SELECT * FROM (SELECT * FROM inside UNION ALL SELECT * FROM across) AS either
    ORDER BY counted DESC, place NULLS LAST, since DESC, version DESC
    LIMIT :most OFFSET :skip
)
SELECT page.*, (page.down * l.cost_per_hour / micros('1 hour'))::float8 AS cost, o.order_id, o.created_at, o.acknowledged_at,
       o.started_at
FROM page
LEFT JOIN production_lines l USING (line_id)
CROSS JOIN LATERAL orders_of_stop(page.machine_name, page.since) o
ORDER BY page.counted DESC, page.place NULLS LAST, page.since DESC, page.version DESC;

-- name: count_stop_list(names, starts, untils, now, kpi, reason, machines_found, reasons_found, order_words, line)
-- The stops that the query above lists without only: how many of each population, how many of them the KPI counts, and what these
-- add to it in microseconds. One row, not asked for as one (^): that would keep the server from using several processes.
WITH ordered AS (
    SELECT machine_id AS machine_name, stop_since AS since FROM work_orders
    WHERE stop_since IS NOT NULL AND strpos(lower(id), :order_words::text) > 0
), part AS (
    SELECT count(*) FILTER (WHERE s.began AND s.fails) AS failures, count(*) FILTER (WHERE s.began AND NOT s.fails) AS micro_stops,
           count(*) FILTER (WHERE NOT s.began) AS carried_in, count(*) FILTER (WHERE s.fails) AS long,
           count(*) FILTER (WHERE s.counted) AS counted, sum(s.amount) FILTER (WHERE s.counted) AS amount
    FROM listed_stops(:names::text[], :starts::timestamptz[], :untils::timestamptz[], :now::timestamptz, :kpi::text, :reason::text,
                      :line::smallint, false) s
    WHERE :order_words IS NULL OR s.machine_name = ANY (:machines_found::text[]) OR s.reason = ANY (:reasons_found::text[])
          OR (s.machine_name, s.since) IN (SELECT * FROM ordered)
    UNION ALL
    SELECT count(*) FILTER (WHERE s.began AND s.fails), count(*) FILTER (WHERE s.began AND NOT s.fails),
           count(*) FILTER (WHERE NOT s.began), count(*) FILTER (WHERE s.fails),
           count(*) FILTER (WHERE s.counted), sum(s.amount) FILTER (WHERE s.counted)
    FROM listed_stops(:names, :starts, :untils, :now, :kpi, :reason, :line, true) s
    WHERE :order_words IS NULL OR s.machine_name = ANY (:machines_found) OR s.reason = ANY (:reasons_found)
          OR (s.machine_name, s.since) IN (SELECT * FROM ordered)
)
SELECT sum(failures)::bigint AS failures, sum(micro_stops)::bigint AS micro_stops, sum(carried_in)::bigint AS carried_in,
       sum(long)::bigint AS long, sum(counted)::bigint AS counted, coalesce(sum(amount), 0)::bigint AS amount
FROM part;
