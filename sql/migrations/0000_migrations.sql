-- Which migrations this schema has. sha256 is empty for one that psql applied; the app fills it in when it meets it.
CREATE TABLE IF NOT EXISTS schema_migrations (
    version     integer     PRIMARY KEY,
    name        text        NOT NULL,
    sha256      text,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    app_version text
);
