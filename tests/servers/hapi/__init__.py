"""HAPI FHIR JPA, the field's reference server, built from the pom.xml beside this file. `make test-hapi`."""
