"""What the operators of the service see: log lines, metrics, traces, health. None of it holds patient data."""
