"""The journal: every decision and every piece of feedback is kept, whatever happens to the database."""
