-- Credentials: which are valid now.

-- Sessions that are neither ended nor expired, of people who are not deactivated as employees.
CREATE OR REPLACE VIEW valid_sessions AS
SELECT session_id, secret_hash, subject, email, name, role, id_token, browser, created_at, last_seen_at, idle_until, expires_at
FROM sessions
WHERE ended_at IS NULL AND least(idle_until, expires_at) > clock_timestamp()
  AND NOT EXISTS (SELECT FROM employees WHERE lower(employees.email) = sessions.email AND NOT employees.active);
COMMENT ON VIEW valid_sessions IS 'Sessions that count: neither ended nor expired, of people who are not deactivated.';

-- Whether a credential counts now. Commands ask in their own transaction, and open pages every few seconds.
CREATE OR REPLACE FUNCTION credential_is_valid(kind text, id bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE kind
               WHEN 'session' THEN EXISTS (SELECT FROM valid_sessions WHERE session_id = credential_is_valid.id)
               WHEN 'station_turn' THEN EXISTS (SELECT FROM access_keys k JOIN employees e ON e.id = k.acting_id
                                                WHERE k.acting_turn = credential_is_valid.id AND k.acting_until > now()
                                                  AND e.active AND k.revoked_at IS NULL)
               ELSE EXISTS (SELECT FROM access_keys k
                            WHERE k.key_id = credential_is_valid.id AND k.kind = credential_is_valid.kind
                              AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()))
           END
$$;
