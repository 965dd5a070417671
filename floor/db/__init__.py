"""PostgreSQL: where it is, its connections, transactions, schema and backups."""
