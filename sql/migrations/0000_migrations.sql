-- Which migrations this schema has. sha256 is empty for one that psql applied; the app fills it in when it meets it.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version     integer     PRIMARY KEY,
    name        text        NOT NULL,
    sha256      text,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    app_version text
);

-- Which file of sql/functions has made what, as it was last applied. sha256 is empty where psql applied it.
CREATE TABLE IF NOT EXISTS schema_functions (
    file           text        PRIMARY KEY,
    sha256         text,
    objects        text[]      NOT NULL,
    former_objects text[]      NOT NULL DEFAULT '{}',
    app_version    text,
    applied_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN schema_functions.objects IS 'Functions, views and triggers, as DROP takes them.';
COMMENT ON COLUMN schema_functions.former_objects IS 'What it made before; those that no file makes are dropped and taken off.';
