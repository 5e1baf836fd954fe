"""What the CapabilityStatement of a server says: version, resource types, search parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cds.fhir.needs import NEEDS
from hooks.doctor.checks import Check, failed, ok, warning

_USABLE = {"4.0": "R4", "4.3": "R4B", "5.0": "R5"}
_TOO_OLD = {"0": "DSTU1 or DSTU2", "1": "DSTU2", "3": "STU3"}
# What is asked of each type: how it is read, and by which parameters it is searched.
_NEEDED = {
    **{need.resource_type: ("search-type", (need.patient, need.sort.removeprefix("-"))) for need in NEEDS},
    "Medication": ("read", ("_id",)),
    "Patient": ("read", ()),
}
_MUST_HAVE = frozenset(need.resource_type for need in NEEDS)
_FOR = {
    "Medication": "records that refer to a Medication then stay unidentified, unless it is contained in them",
    "Patient": "`check` then cannot tell a mistyped id from a patient who was never treated",
}


def check_statement(statement: Mapping[str, Any]) -> list[Check]:
    """The version, and what the statement declares of what we need. Servers declare less than they can: only a type
    that the whole service rests on fails."""
    declared = {name: resource for resource in _resources(statement) if isinstance(name := resource.get("type"), str)}
    return [_version(statement), *_types(declared), _parameters(declared)]


def _version(statement: Mapping[str, Any]) -> Check:
    said = statement.get("fhirVersion")
    if not isinstance(said, str) or not said[:1].isdigit() or len(said) > 20:
        text = "The CapabilityStatement does not say which version of FHIR it is."
        return warning("version", text, "Ask the server's operator; R4, R4B and R5 can be read.")
    name = next((name for start, name in _USABLE.items() if said.startswith(start)), None)
    if name is not None:
        return ok("version", f"The server speaks FHIR {name} ({said}).")
    older = _TOO_OLD.get(said[0])
    text = f"The server speaks FHIR {older or 'of a version that is not known here'} ({said}), which cannot be read."
    advice = "Ask the server's operator for its R4 endpoint; often it is another base URL of the same server."
    return failed("version", text, advice)


def _types(declared: Mapping[str, Mapping[str, Any]]) -> Iterator[Check]:
    missing = [name for name in _NEEDED if name not in declared]
    unsaid = [
        f"{name} ({interaction})"
        for name, (interaction, _) in _NEEDED.items()
        if name in declared and interaction not in _codes(declared[name], "interaction", "code")
    ]
    if gone := [name for name in missing if name in _MUST_HAVE]:
        text = f"The server does not declare {', '.join(gone)}, where the doses are."
        advice = "Ask the server's operator to open it; if it is open all the same, the other checks will show it."
        yield failed("resource-types", text, advice)
    elif missing:
        advice = "; ".join(f"{name}: {_FOR[name]}" for name in missing)
        yield warning("resource-types", f"The server does not declare {', '.join(missing)}.", f"{advice}.")
    elif unsaid:
        text = f"The server declares these types without the way in which they are read: {', '.join(unsaid)}."
        yield warning("resource-types", text, "Ask the server's operator whether it can be done all the same.")
    else:
        yield ok("resource-types", f"The server declares {', '.join(_NEEDED)}.")


def _parameters(declared: Mapping[str, Mapping[str, Any]]) -> Check:
    missing = [
        f"{name}?{parameter}="
        for name, (_, parameters) in _NEEDED.items()
        for parameter in parameters
        if name in declared and parameter not in _codes(declared[name], "searchParam", "name")
    ]
    if missing:
        text = f"The server does not declare these searches: {', '.join(missing)}."
        advice = "Look at the checks of the searches themselves: where they are ok, only the declaration is missing."
        return warning("search-parameters", text, advice)
    return ok("search-parameters", "The server declares the searches that are used.")


def _resources(statement: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rest in _objects(statement.get("rest")):
        yield from _objects(rest.get("resource"))


def _codes(holder: Mapping[str, Any], element: str, name: str) -> set[object]:
    return {item.get(name) for item in _objects(holder.get(element)) if isinstance(item.get(name), str)}


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))
