"""How a page names a patient: name and date of birth, as the Patient resource has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_USES = ("official", "usual")
"""Which of several names is shown first; any other follows."""


def name_of(patient: Mapping[str, Any]) -> str:
    """Such as `Berg, Anna Maria, born 2019-04-02`. What is not there is said."""
    names = [each for each in _list(patient.get("name")) if isinstance(each, Mapping) and _text(each)]
    names.sort(key=lambda each: _USES.index(each["use"]) if each.get("use") in _USES else len(_USES))
    born = patient.get("birthDate")
    name = _text(names[0]) if names else "No name on record"
    return f"{name}, born {born}" if isinstance(born, str) and born else f"{name}, date of birth not on record"


def _text(name: Mapping[str, Any]) -> str:
    given = " ".join(each for each in _list(name.get("given")) if isinstance(each, str))
    family = name.get("family")
    parts = [part for part in (family, given) if isinstance(part, str) and part.strip()]
    text = name.get("text")
    return ", ".join(parts) or (text if isinstance(text, str) else "")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
