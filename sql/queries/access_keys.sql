-- name: access_keys(kinds)
-- Keys of these kinds that still work or may be revoked, the newest first.
SELECT k.key_id, k.kind, k.name, k.scopes, k.line_ids, k.machine_ids, k.view, k.employee_id, k.made_by, k.made_at, k.expires_at,
       k.used_at, k.last_used_at, k.expires_at <= now() AS is_expired, false AS is_unnoted
FROM access_keys k
WHERE k.kind = ANY (:kinds::text[]) AND k.revoked_at IS NULL AND (k.used_at IS NULL OR k.kind = 'station')
ORDER BY k.key_id DESC;

-- name: add_access_key(kind, name, secret_hash, scopes, line_ids, machine_ids, view, employee_id, made_by, lifetime)^
-- A new key. lifetime: an interval; null: it does not expire.
INSERT INTO access_keys (kind, name, secret_hash, scopes, line_ids, machine_ids, view, employee_id, made_by, expires_at)
VALUES (:kind, :name, :secret_hash, :scopes::text[], :line_ids::integer[], :machine_ids::integer[], :view, :employee_id, :made_by,
        now() + :lifetime::interval)
RETURNING key_id, kind, name, scopes, line_ids, machine_ids, view, employee_id, made_by, made_at, expires_at, used_at,
          last_used_at, false AS is_expired, false AS is_unnoted;

-- name: access_key_of(kind, secret_hash)^
-- The key of a secret, also one that no longer works.
SELECT key_id, kind, name, scopes, line_ids, machine_ids, view, employee_id, made_by, made_at, expires_at, used_at, last_used_at,
       coalesce(expires_at <= now(), false) AS is_expired, revoked_at IS NOT NULL AS is_revoked,
       last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS is_unnoted
FROM access_keys WHERE kind = :kind AND secret_hash = :secret_hash;

-- name: note_access_key_use(key_id)!
UPDATE access_keys SET last_used_at = now() WHERE key_id = :key_id;

-- name: use_access_key(kind, secret_hash, employee_id)^
-- Use a link that works once: nothing where somebody was faster, or it is expired or revoked. employee_id: the person it makes;
-- null: as before.
UPDATE access_keys SET used_at = clock_timestamp(), employee_id = coalesce(:employee_id::integer, employee_id)
WHERE kind = :kind AND secret_hash = :secret_hash AND used_at IS NULL AND revoked_at IS NULL
  AND (expires_at IS NULL OR expires_at > clock_timestamp())
RETURNING key_id, name, employee_id;

-- name: pair_station(secret_hash, cookie_hash)^
-- Use the link of a station: from now on the key is that of the cookie, and it does not expire.
UPDATE access_keys SET used_at = clock_timestamp(), secret_hash = :cookie_hash, expires_at = NULL
WHERE kind = 'station' AND secret_hash = :secret_hash AND used_at IS NULL AND revoked_at IS NULL AND expires_at > clock_timestamp()
RETURNING key_id, name, line_ids;

-- name: revoke_access_key(key_id, revoked_by)^
-- Nothing where it is revoked, or a link that was used.
UPDATE access_keys SET revoked_at = clock_timestamp(), revoked_by = :revoked_by, acting_id = NULL, acting_turn = NULL
WHERE key_id = :key_id AND revoked_at IS NULL AND (used_at IS NULL OR kind = 'station')
RETURNING key_id, kind, name;

-- name: revoke_first_supervisor_links(revoked_by)!
-- Earlier links end when a new one is made, or when there is a supervisor.
UPDATE access_keys SET revoked_at = clock_timestamp(), revoked_by = :revoked_by
WHERE kind = 'first_supervisor' AND used_at IS NULL AND revoked_at IS NULL;

-- name: revoke_invitations(employee_id, revoked_by)!
-- Earlier invitations of a person end when a new one is made.
UPDATE access_keys SET revoked_at = clock_timestamp(), revoked_by = :revoked_by
WHERE kind = 'invitation' AND employee_id = :employee_id AND used_at IS NULL AND revoked_at IS NULL;

-- name: make_supervisor(id)!
UPDATE employees SET role = 'supervisor', active = true WHERE id = :id;

-- name: has_supervisor()$
-- Whether a supervisor exists who is a real person: nobody of a demo is, but one that a link has made.
SELECT EXISTS (SELECT FROM employees e WHERE e.active AND e.role = 'supervisor' AND (
    NOT EXISTS (SELECT FROM plant WHERE kind = 'demo')
    OR EXISTS (SELECT FROM access_keys k WHERE k.employee_id = e.id AND k.used_at IS NOT NULL)));

-- name: lock_first_supervisor()!
-- For the one who makes the first supervisor, until the transaction ends.
SELECT FROM plant FOR UPDATE;

-- name: station_person(key_id)^
-- Who acts at a station now; nothing where nobody does.
SELECT k.acting_turn AS turn, e.email, e.first_name || ' ' || e.last_name AS name FROM access_keys k
JOIN employees e ON e.id = k.acting_id WHERE k.key_id = :key_id AND k.acting_until > now() AND e.active;

-- name: act_at_station(key_id, employee_id)!
-- From now on this person acts at the station, until nobody has used it for a while; null: nobody.
UPDATE access_keys SET acting_id = :employee_id::integer, acting_until = now() + station_idle(),
                       acting_turn = nextval('station_turns')
WHERE key_id = :key_id AND kind = 'station';

-- name: keep_acting(turn)!
-- The person uses the station.
UPDATE access_keys SET acting_until = now() + station_idle() WHERE acting_turn = :turn AND acting_until > now();

-- name: employee_pin(employee_id)^
-- The PIN of a person; others who try it wait until this transaction ends.
SELECT salt, scrypt, wrong_attempts, locked_until > now() AS is_locked FROM employee_pins WHERE employee_id = :employee_id
FOR UPDATE;

-- name: set_employee_pin(employee_id, salt, scrypt, set_by)!
INSERT INTO employee_pins (employee_id, salt, scrypt, set_by) VALUES (:employee_id, :salt, :scrypt, :set_by)
ON CONFLICT (employee_id) DO UPDATE SET salt = excluded.salt, scrypt = excluded.scrypt, set_by = excluded.set_by,
    set_at = clock_timestamp(), wrong_attempts = 0, locked_until = NULL;

-- name: delete_employee_pin(employee_id)!
DELETE FROM employee_pins WHERE employee_id = :employee_id;

-- name: note_pin_attempt(employee_id, is_right, most, locked_for)!
-- Count a wrong attempt; so many of them lock the PIN for the time locked_for. A right one starts at 0 again.
UPDATE employee_pins SET
    wrong_attempts = CASE WHEN :is_right OR wrong_attempts + 1 >= :most THEN 0 ELSE wrong_attempts + 1 END,
    locked_until = CASE WHEN NOT :is_right AND wrong_attempts + 1 >= :most THEN now() + :locked_for::interval END
WHERE employee_id = :employee_id;

-- name: employees_with_pin()
-- The ids of people who have a PIN.
SELECT employee_id FROM employee_pins;
