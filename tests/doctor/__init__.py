"""The doctor against a server that does all as it should, and against one that does one thing wrong, for each check."""
