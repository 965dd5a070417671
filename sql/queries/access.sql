-- name: credential_is_valid(kind, id)$
SELECT credential_is_valid(:kind, :id);

-- name: ended_credentials(kinds, ids)
-- Those of the credentials that are no longer valid.
SELECT kind, id FROM unnest(:kinds::text[], :ids::bigint[]) AS open (kind, id) WHERE NOT credential_is_valid(kind, id);

-- name: is_deactivated(email)$
SELECT EXISTS (SELECT FROM employees WHERE lower(email) = lower(:email) AND NOT active);

-- name: start_session(secret_hash, subject, email, name, role, id_token, browser, idle, life)$
-- A new session; those that ended or expired a month ago are forgotten.
WITH forgotten AS (
    DELETE FROM sessions
    WHERE least(coalesce(ended_at, 'infinity'), idle_until, expires_at) < clock_timestamp() - interval '30 days'
)
INSERT INTO sessions (secret_hash, subject, email, name, role, id_token, browser, idle_until, expires_at)
VALUES (:secret_hash, :subject, :email, :name, :role, :id_token, :browser,
        clock_timestamp() + :idle::interval, clock_timestamp() + :life::interval)
RETURNING session_id;

-- name: session_of(secret_hash)^
-- The valid session of a secret; and whether its last use was long ago.
SELECT session_id, email, name, role, last_seen_at < clock_timestamp() - interval '1 minute' AS is_unseen
FROM valid_sessions WHERE secret_hash = :secret_hash;

-- name: use_session(session_id, idle)!
-- The session is in use; written once a minute at most.
UPDATE sessions SET last_seen_at = clock_timestamp(), idle_until = greatest(idle_until, clock_timestamp() + :idle::interval)
WHERE session_id = :session_id AND last_seen_at < clock_timestamp() - interval '1 minute';

-- name: end_session_of(secret_hash)^
-- The person signs out. Returns the ID token, which the table forgets.
UPDATE sessions SET ended_at = clock_timestamp(), ended_by = name, id_token = NULL
FROM (SELECT session_id AS ending, id_token AS hint FROM sessions WHERE secret_hash = :secret_hash FOR UPDATE) AS before
WHERE session_id = ending AND ended_at IS NULL
RETURNING session_id, coalesce(email, name) AS who, hint AS id_token;

-- name: end_session(session_id, ended_by)$
-- Somebody ends a session; nothing if it has ended.
UPDATE sessions SET ended_at = clock_timestamp(), ended_by = :ended_by, id_token = NULL
WHERE session_id = :session_id AND ended_at IS NULL
RETURNING session_id;

-- name: valid_sessions()
-- Everybody who is signed in, the latest use first.
SELECT session_id, email, name, browser, created_at, last_seen_at
FROM valid_sessions ORDER BY last_seen_at DESC, session_id;
