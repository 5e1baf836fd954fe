"""The service as an EHR meets it: requests in, status, cards and errors out."""
