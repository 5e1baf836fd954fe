"""The worklist: the patients of the last audit for whom something is to be done, read from its output."""
