"""The service under faults: what callers get, and what clinicians then see."""
