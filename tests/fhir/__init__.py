"""Reading FHIR: tables of what is written and what is read from it."""
