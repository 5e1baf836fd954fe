"""The black-box check, held against a service that keeps every rule and against broken ones, one for each check."""
