"""PostgreSQL: connections, transactions, schema and backups."""
