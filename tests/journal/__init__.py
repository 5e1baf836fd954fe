"""The journal: decisions and feedback, kept through faults."""
