"""Why a record of the drug is not counted, on its way to an Unreadable."""

from __future__ import annotations

from cds.dosing.codes import Code


class Refused(Exception):
    """A record of the drug that cannot be counted, and why."""

    def __init__(self, reason: Code, rule: str, element: str, detail: str) -> None:
        super().__init__(element)
        self.reason, self.rule, self.element, self.detail = reason, rule, element, detail
