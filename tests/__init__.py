"""The tests; those in tests/spec are the clinical document."""
