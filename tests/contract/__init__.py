"""The service held against judges that are not its own: a second FHIR validator, simulated clients, a fuzzer."""
