"""`nusinersen-cds doctor`: what a FHIR server has and lacks of what the service needs, in plain words."""
