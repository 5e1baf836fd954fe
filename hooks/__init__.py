"""What an EHR or a person touches: wiring and words."""
