"""Simulated CDS clients, each with the quirks of one that exists, against the real service over real sockets."""
