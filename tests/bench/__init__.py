"""Benchmarks: the service against a bare application on the same server, in one run."""
