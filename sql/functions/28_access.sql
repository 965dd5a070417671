-- Credentials: which are valid now.

-- Sessions that are neither ended nor expired, of people who are not deactivated as employees.
CREATE OR REPLACE VIEW valid_sessions AS
SELECT session_id, secret_hash, subject, email, name, role, id_token, browser, created_at, last_seen_at, idle_until, expires_at
FROM sessions
WHERE ended_at IS NULL AND least(idle_until, expires_at) > clock_timestamp()
  AND NOT EXISTS (SELECT FROM employees WHERE lower(employees.email) = sessions.email AND NOT employees.active);
COMMENT ON VIEW valid_sessions IS 'Sessions that count: neither ended nor expired, of people who are not deactivated.';
