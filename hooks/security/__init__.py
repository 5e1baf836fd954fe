"""Who calls: the signed tokens of CDS clients, the keys to check them by, and the memory of tokens seen."""
