-- Sessions of people who signed in. The browser has the secret in a cookie; the table has its hash.

CREATE TABLE sessions (
    session_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    secret_hash  bytea NOT NULL UNIQUE CONSTRAINT sessions_secret_hash_check CHECK (octet_length(secret_hash) = 32),
    subject      text NOT NULL,
    email        text CONSTRAINT sessions_email_check CHECK (email = lower(email)),
    name         text NOT NULL,
    role         text CONSTRAINT sessions_role_check CHECK (role IN ('viewer', 'operator', 'technician', 'supervisor')),
    id_token     text,
    browser      text NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    idle_until   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    ended_by     text
);
CREATE INDEX sessions_by_email ON sessions (email) WHERE ended_at IS NULL;
COMMENT ON TABLE sessions IS 'Sessions of people who signed in: one row for each sign-in of a browser.';
COMMENT ON COLUMN sessions.secret_hash IS 'SHA-256 of the secret in the cookie.';
COMMENT ON COLUMN sessions.subject IS 'The account at the provider: issuer and subject.';
COMMENT ON COLUMN sessions.email IS 'In lower case; null: the provider names none, or none that it has verified.';
COMMENT ON COLUMN sessions.role IS 'The role by the groups at the sign-in, for people who are not employees; null: none.';
COMMENT ON COLUMN sessions.id_token IS 'The ID token, which ends the session at the provider too; null once the session has ended.';
COMMENT ON COLUMN sessions.browser IS 'The User-Agent of the sign-in, shortened.';
COMMENT ON COLUMN sessions.idle_until IS 'The session ends then unless it is used before.';
COMMENT ON COLUMN sessions.expires_at IS 'The session ends then, used or not.';
COMMENT ON COLUMN sessions.ended_at IS 'When the person signed out, or somebody ended the session; null: not ended, but perhaps expired.';
