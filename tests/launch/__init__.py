"""Signing in by SMART App Launch 2, against an EHR that a test can make do wrong."""
