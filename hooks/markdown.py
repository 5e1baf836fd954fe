"""Text from records and files made harmless in Markdown, and the most characters that a summary has."""

from __future__ import annotations

import re

SUMMARY_LIMIT = 139
"""The most characters of a summary: CDS Hooks asks for fewer than 140."""

_LONGEST_QUOTE = 200

# Text from records becomes plain text in GitHub-flavoured Markdown: no HTML, no cell, no emphasis, no link.
_HARMLESS = str.maketrans(
    {char: "\\" + char for char in "\\`*_[]~|#@"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    | dict.fromkeys("\r\n\t\v\f\x1c\x1d\x1e\x85\u2028\u2029", " ")
    | dict.fromkeys(map(chr, (*range(9), *range(14, 28), 31, 127)), "")
    # what turns the direction of the text round it, or takes no room and hides in a word
    | dict.fromkeys(map(chr, (0x61C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060)), "")
    | dict.fromkeys(map(chr, (*range(0x2066, 0x206A), 0xFEFF)), "")
)

# What renderers turn into links without being asked. Some of them look at the text after its escapes are undone, so
# that only a space in front is sure to break an address.
_LINKED = re.compile(r"://|\\@|(?<=www)\.|(?<=mailto):", re.IGNORECASE)


def harmless(text: str, longest: int | None = _LONGEST_QUOTE) -> str:
    """Text from a record or a site's file, safe inside a line or a table cell of Markdown; long text is cut."""
    if longest is not None and len(text) > longest:
        text = text[:longest] + "..."
    return _LINKED.sub(r" \g<0>", text.translate(_HARMLESS)).strip()
