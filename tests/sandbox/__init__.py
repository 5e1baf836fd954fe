"""The embedded FHIR sandbox and the fixtures that it serves."""
