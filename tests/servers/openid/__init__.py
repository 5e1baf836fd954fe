"""A third-party OpenID Connect provider as the SMART server of an EHR."""
