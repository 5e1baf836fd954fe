"""Plain JSON as it comes: its kinds in words, and the error for an element of the wrong kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Resource: TypeAlias = Mapping[str, Any]
"""A FHIR resource as plain JSON; whatever is inside has still to be looked at."""

Resolve: TypeAlias = Callable[[str, Resource], Resource | None]
"""Finds what a reference in a resource points at, None if it is nowhere. `#id` is not asked of it."""


class Malformed(Exception):
    """An element has the wrong JSON type. `element` is its FHIR path; the words hold no patient data."""

    def __init__(self, element: str, detail: str) -> None:
        super().__init__(f"{element} {detail}")
        self.element = element
        self.detail = detail


def kind(value: object) -> str:
    """What a JSON value is, for people: `a list`, `a number`."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "no JSON value"


def malformed(value: object, wanted: str, at: str, name: str) -> Malformed:
    """The error for an element `name` of the element at `at` (empty at the root) that is not what is wanted."""
    return Malformed(f"{at}.{name}" if at else name, f"is {kind(value)}, not {wanted}")


def object_in(parent: Resource, name: str, at: str = "") -> dict[str, Any] | None:
    """An element that is an object, None if it is absent or null; Malformed if it is anything else."""
    value = parent.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise malformed(value, "an object", at, name)


def list_in(parent: Resource, name: str, at: str = "") -> list[Any]:
    """An element that is a list, empty if it is absent or null; Malformed if it is anything else."""
    value = parent.get(name)
    if isinstance(value, list):
        return value
    if value is None:
        return []
    raise malformed(value, "a list", at, name)


def objects_in(parent: Resource, name: str, at: str = "") -> list[tuple[dict[str, Any], str]]:
    """The objects in an element that is a list, each with its path; Malformed at the first that is none."""
    found = []
    for index, value in enumerate(list_in(parent, name, at)):
        if not isinstance(value, dict):
            raise malformed(value, "an object", at, f"{name}[{index}]")
        found.append((value, f"{at}.{name}[{index}]" if at else f"{name}[{index}]"))
    return found


def text_in(parent: Resource, name: str, at: str = "") -> str:
    """An element that is a string, without white space around it; empty if absent or null, else Malformed."""
    value = parent.get(name)
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    raise malformed(value, "a string", at, name)


def status_of(resource: Resource) -> str:
    """The status of a resource, for telling it from others; empty where it has none, or none that is a string."""
    status = resource.get("status")
    return status if isinstance(status, str) else ""
