"""Who may call: tokens, keys, limits and TLS."""
