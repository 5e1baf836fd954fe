"""Small questions about JSON values, and the faults they find, each with the path of the value."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import urlsplit

_TYPES = {str: "a string", list: "an array", dict: "an object", bool: "true or false", int: "a whole number"}
_EXTENSION = "extension"


def is_text(value: object) -> bool:
    """A string with something in it."""
    return isinstance(value, str) and bool(value.strip())


def empties(
    value: object, path: str, *, may_be_empty: Collection[str] = (), skip: Collection[str] = ()
) -> Iterator[str]:
    """Where null, "", [] or {} stand. `may_be_empty` are names whose array may; what is below the names in `skip`,
    such as a FHIR resource with its own rules, is not looked at. An extension must hold something; what it
    holds follows the rules of its author, and is not looked at either."""
    if value is None or value in ("", [], {}):
        yield f"{path} is {'null' if value is None else repr(value)}"
    elif isinstance(value, dict):
        for name, inner in value.items():
            of_others = name in skip or (name == _EXTENSION and isinstance(inner, dict) and inner)
            if not of_others and not (inner == [] and name in may_be_empty):
                yield from empties(inner, f"{path}.{name}", skip=skip)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from empties(inner, f"{path}[{index}]", skip=skip)


def missing_texts(value: dict[str, Any], names: Collection[str], path: str) -> list[str]:
    """Which of these fields are no strings with a value."""
    return [f"{path}.{name} {_instead(value, name)}" for name in names if not is_text(value.get(name))]


def _instead(value: dict[str, Any], name: str) -> str:
    return "is no string with a value" if name in value else "is missing"


def wrong_types(value: dict[str, Any], types: dict[str, type], path: str) -> list[str]:
    """Which of these optional fields are of another JSON type. A null is for another check to tell."""
    return [
        f"{path}.{name} is not {_TYPES[wanted]}"
        for name, wanted in types.items()
        if value.get(name) is not None and not _is(value[name], wanted)
    ]


def _is(value: object, wanted: type) -> bool:
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def objects(value: dict[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
    """The objects in an array field, with their places; nothing where there is no array."""
    given = value.get(name)
    return [(at, one) for at, one in enumerate(given if isinstance(given, list) else ()) if isinstance(one, dict)]


def is_absolute_url(value: object) -> bool:
    """An http or https URL with a host."""
    if not isinstance(value, str) or any(char.isspace() for char in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False


def is_reference(value: object) -> bool:
    """`Type/id`."""
    kind, _, identifier = value.partition("/") if isinstance(value, str) else ("", "", "")
    return kind.isalpha() and kind[:1].isupper() and bool(identifier) and "/" not in identifier
