-- Access without a person's sign-in: API tokens, one-time links, stations, wall screens. A secret has 256 random bits; only
-- its SHA-256 is stored. Rows stay after their end, so that they say who made and who revoked what.

CREATE TABLE access_keys (
    key_id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL
        CONSTRAINT access_keys_kind_check CHECK (kind IN ('token', 'first_supervisor', 'invitation', 'station', 'wall')),
    name         text NOT NULL CONSTRAINT access_keys_name_check CHECK (char_length(name) BETWEEN 1 AND 200),
    secret_hash  bytea NOT NULL UNIQUE CONSTRAINT access_keys_secret_hash_check CHECK (octet_length(secret_hash) = 32),
    scopes       text[] CONSTRAINT access_keys_scopes_check CHECK (
        CASE WHEN kind = 'token' THEN scopes IS NOT NULL AND cardinality(scopes) > 0
                                      AND scopes <@ ARRAY['read', 'orders:write', 'plant:write', 'feed:write']
             ELSE scopes IS NULL END),
    line_ids     integer[],
    machine_ids  integer[],
    view         text CONSTRAINT access_keys_view_check CHECK ((view IS NOT NULL) = (kind = 'wall')),
    employee_id  integer REFERENCES employees ON DELETE CASCADE,
    acting_id    integer REFERENCES employees ON DELETE SET NULL,
    acting_until timestamptz,
    acting_turn  integer UNIQUE,
    made_by      text NOT NULL,
    made_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz,
    used_at      timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    revoked_by   text
);
CREATE UNIQUE INDEX access_keys_by_name ON access_keys (kind, lower(name))
    WHERE revoked_at IS NULL AND kind IN ('token', 'station', 'wall');
CREATE INDEX access_keys_by_employee ON access_keys (employee_id) WHERE employee_id IS NOT NULL;
CREATE INDEX access_keys_by_acting ON access_keys (acting_id) WHERE acting_id IS NOT NULL;
COMMENT ON TABLE access_keys IS 'API tokens, one-time links, stations and wall screens, also revoked ones.';
COMMENT ON COLUMN access_keys.secret_hash IS 'Of the secret: of a station first that of its link, then that of its cookie.';
COMMENT ON COLUMN access_keys.scopes IS 'What a token may do.';
COMMENT ON COLUMN access_keys.line_ids IS 'The line of a station; the lines that a token may report. Null: any.';
COMMENT ON COLUMN access_keys.machine_ids IS 'The machines that a token may report, besides those of line_ids. Null: any.';
COMMENT ON COLUMN access_keys.view IS 'The query of the address that a wall screen opens.';
COMMENT ON COLUMN access_keys.employee_id IS 'The person of an invitation; the supervisor that the first link has made.';
COMMENT ON COLUMN access_keys.acting_id IS 'Who acts at a station until acting_until.';
COMMENT ON COLUMN access_keys.acting_turn IS 'A new number each time somebody picks a name: another turn is another credential.';
COMMENT ON COLUMN access_keys.used_at IS 'When a link was used that works once.';
COMMENT ON COLUMN access_keys.last_used_at IS 'Written at most once a minute.';

CREATE SEQUENCE station_turns AS integer CYCLE;

CREATE TABLE employee_pins (
    employee_id    integer PRIMARY KEY REFERENCES employees ON DELETE CASCADE,
    salt           bytea NOT NULL CONSTRAINT employee_pins_salt_check CHECK (octet_length(salt) = 16),
    scrypt         bytea NOT NULL CONSTRAINT employee_pins_scrypt_check CHECK (octet_length(scrypt) = 32),
    wrong_attempts integer NOT NULL DEFAULT 0,
    locked_until   timestamptz,
    set_by         text NOT NULL,
    set_at         timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE employee_pins IS 'PINs that people enter at stations; who has none only picks the name.';
