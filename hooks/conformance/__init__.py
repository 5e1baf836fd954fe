"""A black-box check of any CDS Hooks 2.0 service: calls it as clients do, and says which rules its answers keep."""
