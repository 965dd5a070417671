-- name: export_snapshot()^
-- The moment that a backup is a picture of: pg_dump and the counts see the same one.
SELECT pg_export_snapshot() AS snapshot, clock_timestamp() AS made_at, current_setting('server_version') AS postgres;

-- name: tables_to_save()
-- Everybody's tables, quoted, with their schemas.
SELECT format('%I.%I', nspname, relname) AS name
FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind = 'r' AND relpersistence <> 't' AND nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1;

-- name: applied_migrations()
-- The oldest first.
SELECT version, name, sha256, app_version FROM schema_migrations ORDER BY version;
