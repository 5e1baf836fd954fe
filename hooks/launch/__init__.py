"""Signing in by SMART App Launch 2: from the EHR or by oneself, and the sessions that come of it."""
