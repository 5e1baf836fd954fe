"""The database, on SQLite and on a PostgreSQL server that the tests start."""
