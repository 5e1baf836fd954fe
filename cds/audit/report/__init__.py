"""The report: one page that opens offline, with plots drawn beforehand and nothing that runs."""
