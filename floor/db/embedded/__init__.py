"""The local default database: a private PostgreSQL, its processes, and what a backup of it is."""
