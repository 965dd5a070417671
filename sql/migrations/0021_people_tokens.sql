-- Tokens that may add and change people.

ALTER TABLE access_keys
    DROP CONSTRAINT access_keys_scopes_check,
    ADD CONSTRAINT access_keys_scopes_check CHECK (
        CASE WHEN kind = 'token' THEN scopes IS NOT NULL AND cardinality(scopes) > 0
                                      AND scopes <@ ARRAY['read', 'orders:write', 'plant:write', 'people:write', 'feed:write']
             ELSE scopes IS NULL END);
