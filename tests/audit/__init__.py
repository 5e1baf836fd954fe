"""The audit of many patients."""
