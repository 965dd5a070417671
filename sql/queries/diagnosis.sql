-- name: diagnosed_database()^
-- The server, the database and who we are in it.
SELECT current_setting('server_version') AS server, current_database() AS name, current_user AS login,
       pg_database_size(current_database()) AS size, pg_postmaster_start_time() AS server_since,
       pg_is_in_recovery() AS is_replica, pg_notification_queue_usage() AS queue_usage, clock_timestamp() AS now,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS sessions,
       current_setting('max_connections')::integer AS most_sessions,
       (SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = current_schema()) AS owner,
       (SELECT string_agg(feed.name, ', ' ORDER BY feed.name)
        FROM (SELECT r.rolname::text AS name FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
              WHERE m.roleid = (SELECT oid FROM pg_roles WHERE rolname = 'floor_feed_writer')
              UNION SELECT role_name FROM feed_writers) AS feed) AS feeds;

-- name: diagnosed_feed_logins()
-- The logins of feeds, by feed_login.sql or the setting FEED_WRITERS, without one of the limits of feed_login.sql, which
-- of them, and what gives them: on Lakebase, where FEED_WRITERS counts, nobody can run feed_login.sql.
SELECT login, missing,
       CASE WHEN by_setting
            THEN (SELECT string_agg(format('ALTER ROLE %I %s;', login, value), ' ' ORDER BY number)
                  FROM unnest(names, ARRAY['SET statement_timeout = ''10s''', 'SET lock_timeout = ''5s''',
                                           'SET idle_in_transaction_session_timeout = ''10s''', 'CONNECTION LIMIT 10'])
                       WITH ORDINALITY AS each (name, value, number)
                  WHERE name = ANY (missing))
            ELSE format('psql DATABASE -v login=%s -f sql/admin/feed_login.sql', login) END AS remedy
FROM (SELECT r.rolname AS login, l.names, r.rolname IN (SELECT role_name FROM feed_writers) AS by_setting, array(
          SELECT name FROM unnest(l.names) AS name
          WHERE CASE name WHEN 'connection limit' THEN r.rolconnlimit < 0 ELSE NOT EXISTS (
              SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
              WHERE s.setrole IN (r.oid, 0)
                AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
                AND setting LIKE name || '=%' AND setting <> name || '=0') END) AS missing
      FROM pg_roles r,
           (SELECT ARRAY['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
                         'connection limit'] AS names) AS l
      WHERE r.rolcanlogin
        AND (r.rolname IN (SELECT role_name FROM feed_writers)
             OR r.oid IN (SELECT m.member FROM pg_auth_members m
                          WHERE m.roleid = (SELECT oid FROM pg_roles WHERE rolname = 'floor_feed_writer')))) AS feed
WHERE missing <> '{}'
ORDER BY login;

-- name: diagnosed_open_transactions(after)
-- Other sessions whose transaction has held more than a reader's lock on a table of the app for so many seconds, or has kept
-- others waiting for so long, which is all that is known where this login may not see when it began.
SELECT pid, coalesce(a.usename, '?') AS login, blocked.sessions AS waiting,
       greatest(extract(epoch FROM clock_timestamp() - a.xact_start),
                extract(epoch FROM clock_timestamp() - blocked.since))::float8 AS seconds
FROM (SELECT DISTINCT l.pid FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
      WHERE l.granted AND l.mode <> 'AccessShareLock' AND l.pid <> pg_backend_pid()
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())) AS holder
LEFT JOIN pg_stat_activity a USING (pid)
CROSS JOIN LATERAL (SELECT count(*) AS sessions, min(w.waitstart) AS since FROM pg_locks w
                    WHERE NOT w.granted AND holder.pid = ANY (pg_blocking_pids(w.pid))) AS blocked
WHERE greatest(extract(epoch FROM clock_timestamp() - a.xact_start),
               extract(epoch FROM clock_timestamp() - blocked.since)) >= :after::float8
ORDER BY seconds DESC;

-- name: diagnosed_migrations()
-- The files that were applied.
SELECT version, name, sha256, applied_at, app_version FROM schema_migrations ORDER BY version;

-- name: diagnosed_triggers()
-- Each trigger of our tables, and whether it fires.
SELECT t.tgname AS name, c.relname AS table_name, t.tgenabled IN ('O', 'A') AS is_on
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
ORDER BY c.relname, t.tgname;

-- name: diagnosed_sessions()
-- Who is connected to this database, programs of the same kind and place together. Other logins' names and places are
-- only shown to who may see them.
SELECT coalesce(nullif(application_name, ''), 'without a name') AS program, coalesce(usename, '?') AS login,
       coalesce(host(client_addr), 'this machine') AS place, count(*) AS sessions, min(backend_start) AS since
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- name: diagnosed_upkeep()^
-- As of when what is derived is, how far back the history goes and about how long it is, and who plays the plant.
SELECT (SELECT max(last_updated) FROM dashboard_executive_kpis) AS dashboard_at,
       p.refreshed_at AS history_at, (SELECT max(until) FROM summed_days) AS summed_until,
       (SELECT min(happened_at) FROM machine_status_history) AS history_from,
       (SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = to_regclass('machine_status_history')) AS history_rows,
       (SELECT min(since) FROM summed_days) AS sums_from,
       s.instance AS simulator, nullif(s.last_tick, '-infinity') AS simulator_at
FROM history_upkeep p, simulator_state s;

-- name: listen_for_diagnosis(channel, token)!
-- A notification to the listener of that channel: the session that measures.
SELECT pg_notify(:channel, :token);
