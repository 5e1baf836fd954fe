"""Scopes of SMART: which are asked for, and whether what was granted is all of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

_RESOURCE = re.compile(r"(?P<who>patient|user)/(?P<type>[A-Za-z]+|\*)\.(?P<may>read|write|\*|c?r?u?d?s?)")
"""One without a query: `patient/X.rs?category=...` lets a part be read alone."""
_DOSES = frozenset({"MedicationAdministration", "Medication", "MedicationStatement"})
"""The types that tell of doses."""


def asked(scopes: Iterable[str], *, chosen: bool, old: bool) -> tuple[str, ...]:
    """The scopes of a request. `chosen`: the EHR has chosen the patient; `old`: the server knows those of SMART 1."""
    named = ("launch/patient" if scope == "launch" and not chosen else scope for scope in scopes)
    return tuple(re.sub(r"\.rs$", ".read", scope) if old else scope for scope in named)


def not_granted(wanted: Iterable[str], granted: tuple[str, ...] | None) -> tuple[str, ...]:
    """The types that tell of doses, were asked for, and may not be read whole: a server may keep records of them back
    in silence. `granted` None: the same as asked."""
    if granted is None:
        return ()
    found = [match for scope in granted if (match := _RESOURCE.fullmatch(scope))]
    readable = {(match["who"], match["type"]) for match in found if _may_search(match["may"])}
    asked_for = [match for scope in wanted if (match := _RESOURCE.fullmatch(scope)) and match["type"] in _DOSES]
    return tuple(
        match["type"]
        for match in asked_for
        if not any((who, name) in readable for who in (match["who"], "user") for name in (match["type"], "*"))
    )


def _may_search(may: str) -> bool:
    return may in {"read", "*"} or ("r" in may and "s" in may)
