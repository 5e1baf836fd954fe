"""FHIR in, facts out."""
