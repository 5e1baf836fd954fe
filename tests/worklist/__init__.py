"""The worklist, from the output of an audit."""
