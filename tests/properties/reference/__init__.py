"""A slow and obvious second implementation of the rules, written by their text and by nothing else.

It shares with the engine the types of its input and no function. Each function quotes the id of its rule.
Left out: C7's statements, C8, F10, P3's active orders, section 10.
"""

from tests.properties.reference.document import assess_by_the_text

__all__ = ["assess_by_the_text"]
