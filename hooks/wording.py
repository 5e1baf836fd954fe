"""The words of the shipped language, which the terminal, the pages and cards without another language speak."""

from __future__ import annotations

from hooks.wording_files import shipped
from hooks.words import NotChecked, Variant

__all__ = ["ENGLISH", "FINDINGS", "NotChecked", "Variant"]

ENGLISH = shipped()
FINDINGS = ENGLISH.findings
"""A few words and one sentence for each finding. `required` and `observed` are the numbers of the Finding."""
