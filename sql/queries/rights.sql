-- name: missing_rights(schema, upgrading, looking)
-- What this login may not do that the app does, and the statement that allows it. upgrading: there are files to apply.
-- looking: it shall only show the floor.
-- Only tables of the floor's owner count: a schema may hold other people's tables too.
WITH home AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = :schema),
     installer AS (SELECT relowner FROM pg_class JOIN home ON home.oid = relnamespace WHERE relname = 'schema_migrations'),
     things AS (SELECT c.oid, c.relname, c.relkind FROM pg_class c JOIN home ON home.oid = c.relnamespace
                WHERE c.relowner = (SELECT relowner FROM installer)),
     missing (rank, number, may, on_what, remedy) AS (
        SELECT 1, 1::bigint, 'CREATE', format('the database %I', current_database()), format('DATABASE %I', current_database())
        WHERE NOT EXISTS (SELECT FROM home) AND NOT has_database_privilege(current_database(), 'CREATE')
    UNION ALL
        SELECT 2, number, privilege, format('the schema %I', nspname), format('SCHEMA %I', nspname)
        FROM home, unnest(ARRAY['USAGE', 'CREATE']) WITH ORDINALITY AS p (privilege, number)
        WHERE NOT has_schema_privilege(home.oid, privilege)
          AND (privilege = 'USAGE' OR :upgrading OR NOT EXISTS (SELECT FROM installer))
    UNION ALL
        SELECT 3, number, privilege, format('%s tables of the schema %I', count(*), nspname),
               format('ALL TABLES IN SCHEMA %I', nspname)
        FROM home, things, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) WITH ORDINALITY AS p (privilege, number)
        WHERE relkind IN ('r', 'p') AND NOT has_table_privilege(things.oid, privilege)
          AND (privilege = 'SELECT' OR NOT :looking)
        GROUP BY nspname, privilege, number
    UNION ALL
        SELECT 4, 1, 'USAGE', format('%s sequences of the schema %I', count(*), nspname),
               format('ALL SEQUENCES IN SCHEMA %I', nspname)
        FROM home, things
        WHERE CASE relkind WHEN 'S' THEN NOT has_sequence_privilege(things.oid, 'USAGE') END AND NOT :looking
        GROUP BY nspname)
SELECT string_agg(may, ', ' ORDER BY number) || ' on ' || on_what AS missing,
       format('GRANT %s ON %s TO %I', string_agg(may, ', ' ORDER BY number), remedy, current_user) AS remedy
FROM missing
GROUP BY rank, on_what, remedy
ORDER BY rank;

-- name: who_locks(schema)
-- Other sessions that hold a lock on a table of the schema, or have an open transaction that does. What another login is
-- doing is only shown to who may see it.
SELECT DISTINCT l.pid, coalesce(a.usename, '?') AS login, coalesce(a.state, 'unknown') AS activity
FROM pg_locks l
JOIN pg_class c ON c.oid = l.relation AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = :schema
LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.granted AND l.pid <> pg_backend_pid()
ORDER BY l.pid;
