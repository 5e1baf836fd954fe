"""What stands in a cell of a table for spreadsheets."""

from __future__ import annotations

from typing import Any

_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a formula can begin with, in letters of full width too."""
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
"""Ends of lines and the like, as escapes: a line that breaks can begin with a formula too."""


def cell(value: Any) -> Any:
    """Several values apart by `; `, and what a spreadsheet would run as a formula as a text."""
    if isinstance(value, list):
        value = "; ".join("?" if each is None else str(each) for each in value)
    if not isinstance(value, str):
        return value
    if value[:1].isalnum() and value.isprintable():
        # nearly all of them have nothing to look for
        return value
    value = value.translate(_CONTROL)
    return f"'{value}" if value.lstrip()[:1] in _FORMULA else value
