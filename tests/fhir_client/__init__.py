"""The FHIR client against servers of every kind, good and bad."""
