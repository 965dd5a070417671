"""The embedded database: a private PostgreSQL, its processes, and the format of its backups."""
