-- Which file of sql/functions made which object, so that what no file creates is dropped; one row per file.

-- Every function, view and trigger of the schema, as DROP takes it. touched: this transaction made or replaced it.
CREATE OR REPLACE FUNCTION schema_objects() RETURNS TABLE (object text, touched boolean, drop_order bigint)
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    WITH home AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
    SELECT format('TRIGGER %I ON %I', t.tgname, c.relname), t.xmin = pg_current_xact_id()::xid, -3 * (1::bigint << 32)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN home ON home.oid = c.relnamespace WHERE NOT t.tgisinternal
    UNION ALL
    SELECT format('VIEW %I', c.relname), c.xmin = pg_current_xact_id()::xid, -2 * (1::bigint << 32) - c.oid::bigint
    FROM pg_class c JOIN home ON home.oid = c.relnamespace WHERE c.relkind = 'v'
    UNION ALL
    SELECT format('%s %s', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure),
           p.xmin = pg_current_xact_id()::xid, -p.oid::bigint
    FROM pg_proc p JOIN home ON home.oid = p.pronamespace WHERE p.prokind IN ('f', 'p')
$$;
COMMENT ON FUNCTION schema_objects IS 'Every function, view and trigger of the schema; drop_order: the lowest first.';

-- Called in the transaction that ran the file, right after it. sha256 null: psql ran it.
CREATE OR REPLACE PROCEDURE record_function_file(file_name text, sha256 text, app_version text)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    made text[] := ARRAY(
        SELECT o.object FROM schema_objects() o
        WHERE o.touched AND o.object NOT IN (
            SELECT unnest(f.objects) FROM schema_functions f
            WHERE f.xmin = pg_current_xact_id()::xid AND f.file <> file_name)
        ORDER BY o.object);
BEGIN
    IF made = '{}' THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('sql/functions/%s made nothing in this transaction', file_name);
    END IF;
    INSERT INTO schema_functions AS f (file, sha256, objects, app_version) VALUES ($1, $2, made, $3)
    ON CONFLICT (file) DO UPDATE
        SET sha256 = excluded.sha256, objects = excluded.objects, former_objects = f.objects,
            app_version = excluded.app_version, applied_at = excluded.applied_at;
END $$;

-- Files of which an object is missing: a migration has dropped it, so that it can be made with other arguments.
CREATE OR REPLACE FUNCTION incomplete_function_files() RETURNS SETOF text
LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT file FROM schema_functions WHERE NOT objects <@ ARRAY(SELECT object FROM schema_objects()) ORDER BY file
$$;

-- Called once all files have run: drops what one of them made before and none makes now. files: all there are; null: those
-- that this transaction has applied. What other people have made in the schema stays; what of theirs depends on it makes
-- the upgrade fail, with its name.
CREATE OR REPLACE PROCEDURE drop_removed_functions(files text[] DEFAULT NULL)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    removed text;
BEGIN
    files := coalesce(files, ARRAY(SELECT file FROM schema_functions WHERE xmin = pg_current_xact_id()::xid));
    FOR removed IN
        SELECT o.object FROM schema_objects() o
        WHERE o.object IN (SELECT unnest(f.former_objects || f.objects) FROM schema_functions f)
          AND o.object NOT IN (SELECT unnest(f.objects) FROM schema_functions f WHERE f.file = ANY (files))
        ORDER BY o.drop_order
    LOOP
        EXECUTE format('DROP %s', removed);
    END LOOP;
    DELETE FROM schema_functions WHERE file <> ALL (files);
    UPDATE schema_functions SET former_objects = '{}' WHERE former_objects <> '{}';
END $$;
