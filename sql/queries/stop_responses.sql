-- name: stop_responses(names, start, until, now, answered, together, line)
-- For each machine and a period: the stops that were carried into it and, if that is asked for, of its failures
-- responses: microseconds from down to the earliest acknowledgement of any work order, at most until it ran again; and of
-- those that ended in it works, work: on how many work was started, and the microseconds from then until it ran again.
-- names null: all machines. together: one row for all.
WITH across AS MATERIALIZED (
    SELECT s.machine_name, s.since, s.until, s.fails, s.since >= :start::timestamptz AS began,
           s.repaired AND s.until >= :start AND s.until < :until::timestamptz AS ended,
           s.since < :start AND (s.until IS NULL OR s.until > :start) AND :start < :until AS carried_in
    FROM stops_touching(:names::text[], :start, :until, :now::timestamptz, :line::smallint) s
), ordered AS (
    SELECT * FROM stop_orders_between(:names, :start, :until) WHERE :answered::boolean
), failure AS (
    SELECT s.machine_name, s.since, s.until, true AS began, s.repaired AS ended, o.created_at, o.acknowledged_at, o.started_at
    FROM ordered o
    JOIN stops_inside(:names, :start, :until, :line::smallint) s
        ON s.since = o.since AND s.machine_name IS NOT DISTINCT FROM o.machine_name  -- found by the moment
    WHERE s.fails
    UNION ALL
    SELECT s.machine_name, s.since, s.until, s.began, s.ended, o.created_at, o.acknowledged_at, o.started_at
    FROM across s
    CROSS JOIN LATERAL orders_of_stop(s.machine_name, s.since) o
    WHERE :answered AND s.fails
), part AS (
    SELECT machine_name, 1 AS carried_in, NULL::bigint AS response, NULL::bigint AS work FROM across WHERE carried_in
    UNION ALL
    SELECT machine_name, 0,
           CASE WHEN began THEN response_time(since, until, acknowledged_at) END,
           CASE WHEN ended THEN repair_time(since, until, created_at, acknowledged_at, started_at) END
    FROM failure
)
SELECT CASE WHEN NOT :together::boolean THEN machine_name END AS machine_name, sum(carried_in)::bigint AS carried_in,
       count(work) AS works, coalesce(sum(work), 0)::bigint AS work,
       coalesce(array_agg(response) FILTER (WHERE response IS NOT NULL), '{}') AS responses
FROM part
GROUP BY 1;
