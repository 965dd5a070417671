-- name: operation_measures()^
-- What only the database knows of how it runs, for every scrape: cheap. queue_usage: how full the server's notification
-- queue is, 0 to 1; a full one makes writers fail. Ages in seconds; null: never.
SELECT pg_notification_queue_usage() AS queue_usage,
       (SELECT max(version) FROM schema_migrations) AS migration,
       (SELECT extract(epoch FROM clock_timestamp() - max(last_updated)) FROM dashboard_executive_kpis)::float8 AS dashboard_age,
       (SELECT extract(epoch FROM clock_timestamp() - refreshed_at) FROM history_upkeep)::float8 AS history_age,
       (SELECT extract(epoch FROM clock_timestamp() - last_tick) FROM simulator_state
        WHERE isfinite(last_tick))::float8 AS simulator_age;
