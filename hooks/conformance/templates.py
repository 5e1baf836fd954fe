"""Prefetch templates: the subset that CDS Hooks 2.0 allows and recommends, and what they ask for once filled in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_SHAPE = re.compile(r"[A-Z][A-Za-z]*(/[^/?{}\s]+|\?[^\s]*)?")
_FIELD = re.compile(r"context\.([A-Za-z][A-Za-z0-9_]*)")
_USERS = ("userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId")
_PREFIX = re.compile(r"(ne|sa|eb|ap)\d")
# The context fields that a hook of the published library allows as tokens.
_FIELDS = {
    "patient-view": {"userId", "patientId", "encounterId"},
    "order-select": {"userId", "patientId", "encounterId"},
    "order-sign": {"userId", "patientId", "encounterId"},
    "order-dispatch": {"patientId", "dispatchedOrders", "performer"},
    "appointment-book": {"userId", "patientId", "encounterId"},
    "encounter-start": {"userId", "patientId", "encounterId"},
    "encounter-discharge": {"userId", "patientId", "encounterId"},
    "medication-refill": {"userId", "patientId", "encounterId"},
}
DEPRECATED = frozenset({"medication-prescribe", "order-review"})
STANDARD = frozenset({*_FIELDS, "medication-verify", "problem-list-item-create", "allergyintolerance-create"})


def syntax_faults(template: str, path: str) -> list[str]:
    """What makes a template neither a read nor a search, relative to the FHIR server."""
    plain = _TOKEN.sub("x", template)
    if "{{" in plain or "}}" in plain:
        return [f"{path}: a token is not closed, or not opened: {template!r}"]
    return [] if _SHAPE.fullmatch(plain) else [f"{path} is no relative read or search: {template!r}"]


def token_faults(template: str, hook: str, path: str) -> list[str]:
    """Tokens that a client of CDS Hooks 2.0 does not know, or whose field the hook does not allow."""
    faults = []
    for token in (found.strip() for found in _TOKEN.findall(template)):
        field = _FIELD.fullmatch(token)
        if field is None and token not in _USERS:
            faults.append(f"{path}: {{{{{token}}}}} is no field at the root of the context, and no token of the user")
        elif field is not None and field[1] not in _FIELDS.get(hook, {field[1]}):
            faults.append(f"{path}: the hook {hook} has no token {{{{{token}}}}}")
    return faults


def subset_faults(template: str, path: str) -> list[str]:
    """What is outside of the queries that every server is expected to know."""
    faults = []
    for name, value in parameters(template):
        bare, _, modifier = name.partition(":")
        if bare in {"_include", "_revinclude"} or bare.startswith("_has"):
            faults.append(f"{path}: {bare} is outside of the recommended subset")
        elif "." in bare or (modifier and modifier != "in"):
            faults.append(f"{path}: {name} has a chain or a modifier other than :in")
        elif _PREFIX.match(value):
            faults.append(f"{path}: {name}={value} has a prefix other than eq, lt, gt, ge and le")
    return faults


def repeated(template: str, path: str) -> list[str]:
    """Parameters that stand in it more than once."""
    counted = Counter(name for name, _ in parameters(template))
    return [f"{path}: {name} stands {number} times" for name, number in counted.items() if number > 1]


def parameters(template: str) -> list[tuple[str, str]]:
    """The parameters of a search, decoded."""
    return parse_qsl(template.partition("?")[2], keep_blank_values=True)


def filled(template: str, context: Mapping[str, Any]) -> str | None:
    """The template with its tokens filled in; None where the context has no value for one."""
    user_type, _, user_id = str(context.get("userId", "")).partition("/")
    values = {f"context.{name}": value for name, value in context.items() if isinstance(value, str)}
    values[f"user{user_type}Id"] = user_id
    wanted = [found.strip() for found in _TOKEN.findall(template)]
    if not all(values.get(token) for token in wanted):
        return None
    return _TOKEN.sub(lambda found: values[found[1].strip()], template)
