"""The database: decisions, feedback, counts and token ids, in SQLite or PostgreSQL."""
