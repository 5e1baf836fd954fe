"""The clinical document: every rule of dosing as cases, a history in and what is expected of it out."""
