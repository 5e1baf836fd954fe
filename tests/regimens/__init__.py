"""Label data: what the shipped files state, and what the loader refuses."""
