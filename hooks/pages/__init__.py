"""Pages for people: the timeline of a patient's doses. Rendered on the server, without scripts; needs `[pages]`."""
