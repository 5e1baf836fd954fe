"""Third-party FHIR servers, started by the tests and never mocked."""
