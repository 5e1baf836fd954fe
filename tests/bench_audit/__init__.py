"""Benchmarks of the audit: made-up exports, and what other ways of reading them take, in one run."""
