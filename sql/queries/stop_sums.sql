-- name: stop_sums(names, start, until, now, answered, together, line)
-- For each machine and a period: failures and micro-stops that began in it, repairs that ended in it, stops that were carried into it,
-- and those that were going on at its end. If that is asked for (answered), of its failures responses: microseconds from down to the
-- earliest acknowledgement of any work order, at most until it ran again; and of those that ended in it works, work: on how many work
-- was started, and the microseconds from then until it ran again. names null: all machines. together: one row for all, which is quicker.
WITH across AS MATERIALIZED (
    SELECT s.machine_name, s.since, s.until, s.fails, s.repaired, s.since >= :start::timestamptz AS began,
           s.until >= :start AND s.until < :until::timestamptz AS ended,
           s.since < :start AND (s.until IS NULL OR s.until > :start) AND :start < :until AS carried_in,
           s.until IS NULL OR (s.until >= :until AND (s.until > :start OR s.since >= :start)) AS goes_on
    FROM stops_touching(:names::text[], :start, :until, :now::timestamptz, :line::smallint) s
), answer AS (  -- of the failures with an order
    SELECT s.machine_name, s.since, s.until, true AS began, s.repaired AS ended, s.created_at, s.acknowledged_at, s.started_at
    FROM ordered_failures(:names, :start, :until, :line) s
    WHERE :answered::boolean
    UNION ALL
    SELECT s.machine_name, s.since, s.until, s.began, s.repaired AND s.ended, o.created_at, o.acknowledged_at, o.started_at
    FROM across s
    CROSS JOIN LATERAL orders_of_stop(s.machine_name, s.since) o
    WHERE :answered AND s.fails
), part AS (
    SELECT m.machine_name, e.failures, e.micro_stops, e.repairs, e.repair, 0 AS carried_in, 0 AS ongoing, 0::bigint AS ongoing_length,
           NULL::bigint AS response, NULL::bigint AS work
    FROM (SELECT CASE WHEN NOT :together::boolean THEN machine_id END AS machine_id, sum(failures) AS failures,
                 sum(micro_stops) AS micro_stops, sum(repairs) AS repairs, sum(repair) AS repair
          FROM ended_stop_sums(:names, :start, :until, :line) GROUP BY 1) AS e
    LEFT JOIN machines m USING (machine_id)
    UNION ALL  -- of those that ended in it, what was going on at its start had begun before; what goes on at its end has not ended
    SELECT machine_name, CASE WHEN fails THEN began::int - coalesce(ended, false)::int ELSE 0 END,
           CASE WHEN NOT fails THEN began::int - coalesce(ended, false)::int ELSE 0 END, 0, 0,
           carried_in::int, goes_on::int, CASE WHEN goes_on THEN micros(:until - since) ELSE 0 END, NULL, NULL
    FROM across
    UNION ALL
    SELECT machine_name, 0, 0, 0, 0, 0, 0, 0, CASE WHEN began THEN response_time(since, until, acknowledged_at) END,
           CASE WHEN ended THEN repair_time(since, until, created_at, acknowledged_at, started_at) END
    FROM answer
)
SELECT CASE WHEN NOT :together THEN machine_name END AS machine_name, sum(failures)::bigint AS failures,
       sum(micro_stops)::bigint AS micro_stops, sum(repairs)::bigint AS repairs, sum(repair)::bigint AS repair,
       sum(carried_in)::bigint AS carried_in, sum(ongoing)::bigint AS ongoing, sum(ongoing_length)::bigint AS ongoing_length,
       count(work) AS works, coalesce(sum(work), 0)::bigint AS work,
       coalesce(array_agg(response) FILTER (WHERE response IS NOT NULL), '{}') AS responses
FROM part
GROUP BY 1;
