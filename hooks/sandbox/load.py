"""The fixtures as FHIR resources, and as a transaction Bundle that any FHIR R4 server accepts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from hooks.sandbox.folder import fixtures, only, read_json, read_toml
from hooks.sandbox.patients import demo_patients, shared_resources


def resources(on: date) -> tuple[Mapping[str, Any], ...]:
    """All that the sandbox holds on the day `on`: Medications, demo patients, their Groups, and the cases with
    fixed dates."""
    of_patients = (resource for patient in demo_patients(on) for resource in patient.resources)
    return (*shared_resources(), *of_patients, *groups(), *case_resources())


def groups() -> tuple[Mapping[str, Any], ...]:
    """The Groups of the demo patients."""
    return tuple(_group(table) for table in read_toml(fixtures() / "groups.toml")["group"])


def _group(table: Mapping[str, Any]) -> dict[str, Any]:
    only(table, needed={"id", "name", "members"}, allowed={"left", "unnamed"}, where="groups.toml")
    members: list[dict[str, Any]] = [{"entity": _patient(name)} for name in table["members"]]
    members += [{"entity": _patient(name), "inactive": True} for name in table.get("left", ())]
    members += [{"entity": {"display": words}} for words in table.get("unnamed", ())]
    own = {"resourceType": "Group", "id": table["id"], "name": table["name"]}
    return {**own, "active": True, "type": "person", "actual": True, "member": members}


def _patient(name: str) -> dict[str, str]:
    return {"reference": f"Patient/{name}"}


def case_resources() -> tuple[Mapping[str, Any], ...]:
    """The resources of the histories of fixtures/cases."""
    histories = sorted((fixtures() / "cases").glob("*/history.json"))
    return tuple(entry["resource"] for path in histories for entry in read_json(path).get("entry", ()))


def transaction(of: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A transaction that puts each resource under its own id, so that loading twice changes nothing."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": dict(resource), "request": {"method": "PUT", "url": _url(resource)}} for resource in of],
    }


def _url(resource: Mapping[str, Any]) -> str:
    try:
        return f"{resource['resourceType']}/{resource['id']}"
    except KeyError as missing:
        raise ValueError(f"a fixture needs a resourceType and an id; {missing} is missing") from missing
