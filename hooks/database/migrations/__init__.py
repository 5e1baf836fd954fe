"""How the tables came to be, one step a file, for Alembic: new steps are added, old ones are never changed."""
