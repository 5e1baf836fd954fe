"""What the service remembers, on SQLite and on a PostgreSQL server that the tests start."""
