"""The demo patients: history tables with dates relative to a day, expanded to FHIR resources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cds.dosing.calendar import add_days, add_months
from hooks.sandbox.folder import fixtures, only, read_toml

Resource = dict[str, Any]

_TERM = re.compile(r"([+-]?)([0-9]+)(d|mo)")
_PATIENT = {"title", "why", "family", "given", "born", "expected"}
_PLACE = {"day", "after", "fields"}
_DOSE = _PLACE | {"medication", "mg", "status", "effective"}


@dataclass(frozen=True, slots=True)
class DemoPatient:
    """One patient: why it is here, its resources as FHIR JSON (the Patient first), its draft order if it has one,
    the day `on` that its dates go by, and whether it is seen then.

    What the file expects of the rules is for the tests, which read it themselves."""

    id: str
    title: str
    why: str
    resources: tuple[Resource, ...]
    order: Resource | None
    on: date
    visit: bool = False


def demo_patients(on: date) -> tuple[DemoPatient, ...]:
    """All patients of fixtures/patients as of the day `on`, by name. A fault in a file raises ValueError."""
    return tuple(_patient(path, on) for path in sorted((fixtures() / "patients").glob("*.toml")))


def moved(day: date, by: str | int) -> date:
    """`day` moved by days (-120) or by terms such as `4mo-3d`: months first, by rule D3, then days."""
    if isinstance(by, int):
        return add_days(day, by)
    terms = _TERM.findall(by)
    if not terms or "".join("".join(term) for term in terms) != by:
        raise ValueError(f"{by!r} is no distance: write it like 14d, 4mo or 4mo-3d")
    signed = [(int(count) * (-1 if sign == "-" else 1), unit) for sign, count, unit in terms]
    for count, unit in sorted(signed, key=lambda term: term[1] == "d"):
        day = add_months(day, count) if unit == "mo" else add_days(day, count)
    return day


@cache
def medications() -> Mapping[str, Resource]:
    """The ways in which records name a medication, by the name that the tables use; each a part of a resource."""
    return dict(read_toml(fixtures() / "medications.toml")["named"])


def shared_resources() -> tuple[Resource, ...]:
    """The Medication resources to which records refer."""
    return tuple(read_toml(fixtures() / "medications.toml")["resource"])


def _patient(path: Path, on: date) -> DemoPatient:
    table = only(read_toml(path), needed=_PATIENT, allowed={"dose", "resource", "order", "visit"}, where=path.name)
    name = path.stem
    resources = [_person(name, table, on)]
    last = on
    for number, dose in enumerate(table.get("dose", ()), start=1):
        record, last = _dose(dose, on, last, where=f"{path.name}: dose {number}")
        resources.append({"resourceType": "MedicationAdministration", "id": f"{name}-a{number}", **_of(name), **record})
    for number, other in enumerate(table.get("resource", ()), start=1):
        only(other, needed={"fields"}, allowed=_PLACE, where=f"{path.name}: resource {number}")
        filled = _filled(other["fields"], _day(other, on, last))
        resources.append({"id": f"{name}-r{number}", **_of(name), **filled})
    order = _order(name, table["order"], on, last) if "order" in table else None
    if order:
        resources.append(order)
    return DemoPatient(name, table["title"], table["why"], tuple(resources), order, on, table.get("visit", False))


def _of(name: str) -> Resource:
    return {"subject": {"reference": f"Patient/{name}"}}


def _person(name: str, table: Mapping[str, Any], on: date) -> Resource:
    return {
        "resourceType": "Patient",
        "id": name,
        "name": [{"family": table["family"], "given": [table["given"]]}],
        "birthDate": moved(on, table["born"]).isoformat(),
    }


def _day(table: Mapping[str, Any], on: date, last: date) -> date:
    """`day` counts from the day of the demonstration, `after` from the record before."""
    return moved(last, table["after"]) if "after" in table else moved(on, table.get("day", 0))


def _dose(dose: Mapping[str, Any], on: date, last: date, *, where: str) -> tuple[Resource, date]:
    """The record without its id, and the latest day that it can mean."""
    only(dose, needed={"medication"}, allowed=_DOSE, where=where)
    day = _day(dose, on, last)
    template = dose.get("effective", "{date}")
    effective = {"effectiveDateTime": template} if template else {}
    given = {"dosage": _dosage(dose.get("mg", 12))} if dose.get("status", "completed") == "completed" else {}
    fields = {"status": dose.get("status", "completed"), **effective, **given, **dose.get("fields", {})}
    record = {**_filled(fields, day), **medications()[dose["medication"]]}
    return record, _month_end(day) if template == "{month}" else day


def _dosage(mg: float) -> Resource:
    return {
        "route": {"coding": [{"system": "http://snomed.info/sct", "code": "72607000", "display": "Intrathecal route"}]},
        "dose": {"value": mg, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"},
    }


def _order(name: str, table: Mapping[str, Any], on: date, last: date) -> Resource:
    """A draft MedicationRequest; without `day` and `after` it says no date."""
    only(table, needed={"medication"}, allowed={*_PLACE, "mg", "findings"}, where=f"{name}: order")
    mg = _dosage(table.get("mg", 12))
    dosage: Resource = {"route": mg["route"], "doseAndRate": [{"doseQuantity": mg["dose"]}]}
    if "day" in table or "after" in table:
        dosage["timing"] = {"event": [_day(table, on, last).isoformat()]}
    return {
        "resourceType": "MedicationRequest",
        "id": f"{name}-order",
        "status": "draft",
        "intent": "order",
        **_of(name),
        "authoredOn": on.isoformat(),
        **medications()[table["medication"]],
        "dosageInstruction": [dosage],
        **_filled(table.get("fields", {}), on),
    }


def _filled(value: Any, day: date) -> Any:
    """The value with {date}, {month} and {year} of the day written into every string."""
    if isinstance(value, str):
        return (
            value.replace("{date}", day.isoformat()).replace("{month}", f"{day:%Y-%m}").replace("{year}", f"{day:%Y}")
        )
    if isinstance(value, Mapping):
        return {key: _filled(item, day) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, day) for item in value]
    return value


def _month_end(day: date) -> date:
    return add_months(day.replace(day=1), 1) - timedelta(days=1)
