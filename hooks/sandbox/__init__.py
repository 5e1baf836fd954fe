"""The embedded FHIR R4 sandbox for demonstration and tests; needs the extra `[sandbox]`."""
