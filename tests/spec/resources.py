"""From the text tables of a case to FHIR resources, for the rules about reading.

The cells are a small notation: a medication is `ATC M09AX07`, `text "Spinraza"`, `reference Medication/m1`, several
parts joined by `;`, and `contained:` or `in bundle:` before the parts that a Medication of its own holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.spec.case import COLUMNS, Case, Row, rows
from tests.spec.facts import given, ordered

Json = dict[str, Any]

SYSTEMS = {
    "ATC": "http://www.whocc.no/atc",
    "SNOMED": "http://snomed.info/sct",
    "UNII": "http://fdasis.nlm.nih.gov",
    "NDC": "http://hl7.org/fhir/sid/ndc",
    "DIN": "http://hl7.org/fhir/NamingSystem/ca-hc-din",
    "LOINC": "http://loinc.org",
    "LOCAL": "https://hospital.example.invalid/codes",
}
LABORATORY = COLUMNS["laboratory"]
UCUM = "http://unitsofmeasure.org"
OURS = "ATC M09AX07"
_QUANTITY = re.compile(r'(?P<value>[0-9.]+) (?:"(?P<unit>[^"]+)"|(?P<code>\S+))')
_QUOTED = re.compile(r'"([^"]*)"')


def administrations(case: Case) -> list[Json]:
    """The MedicationAdministrations of a case, and the Medications beside them."""
    return [resource for row in rows(case.resources) for resource in _administration(row)]


def observations(case: Case) -> list[Json]:
    """The Observations of a case; a table of `-` has none."""
    return [] if case.laboratory.strip() == "-" else [_observation(row) for row in rows(case.laboratory, LABORATORY)]


def _observation(row: Row) -> Json:
    resource: Json = {"resourceType": "Observation", "id": row["result"], "subject": {"reference": "Patient/p1"}}
    resource |= _unless_absent("status", row.get("status", "") or "final")
    resource["code"] = _concept([f"LOINC {code}" for code in row["code"].split("; ")])
    resource |= _effective(row["taken"])
    value = row.get("value", "")
    if value.startswith('"'):
        resource["valueString"] = _quoted(value)
    elif value:
        comparator = value[: len(value) - len(value.lstrip("<>="))]
        resource["valueQuantity"] = _quantity(value.removeprefix(comparator).strip())
        resource["valueQuantity"] |= {"comparator": comparator} if comparator else {}
    return resource


def orders(case: Case) -> list[Json]:
    """The draft orders of a case."""
    return [_order(row) for row in rows(case.orders)]


def _administration(row: Row) -> Iterator[Json]:
    kind = row.get("resource", "") or "MedicationAdministration"
    resource: Json = {"resourceType": kind, "id": row["record"]}
    if kind == "Patient":
        yield resource | {"link": [{"other": {"reference": row["replaces"]}, "type": "replaces"}]}
        return
    resource |= _unless_absent("status", row.get("status", "") or "completed")
    subject = row.get("subject", "") or "Patient/p1"
    resource |= {"subject": {"reference": subject}} if subject != "-" else {}
    resource |= _effective(row["effective"])
    dosage = _dosage(row)
    resource |= {"dosage": dosage} if dosage else {}
    medication, beside = _medication(row.get("medication", "") or OURS, given(row["record"]))
    yield resource | medication
    yield from beside


def _order(row: Row) -> Json:
    resource: Json = {
        "resourceType": row.get("resource", "") or "MedicationRequest",
        "id": row["order"],
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
    }
    resource |= _unless_absent("status", row.get("status", "") or "draft")
    if row.get("not", ""):
        resource["doNotPerform"] = True
    for part in filter(None, map(str.strip, row.get("when", "").split(";"))):
        _merge(resource, _when(part))
    dosage = _dosage(row)
    if dosage:
        dose, route = dosage.get("dose"), dosage.get("route")
        instruction = resource.setdefault("dosageInstruction", [{}])[0]
        instruction |= {"doseAndRate": [{"doseQuantity": dose}]} if dose else {}
        instruction |= {"route": route} if route else {}
    medication, _ = _medication(row.get("medication", "") or OURS, ordered(row["order"]))
    return resource | medication


def _unless_absent(key: str, text: str) -> Json:
    return {} if text == "-" else {key: text}


def _effective(text: str) -> Json:
    if text == "-":
        return {}
    if not text.startswith("period"):
        return {"effectiveDateTime": text}
    start = re.search(r"from (\S+)", text)
    end = re.search(r"to (\S+)", text)
    period = ({"start": start[1]} if start else {}) | ({"end": end[1]} if end else {})
    return {"effectivePeriod": period}


def _when(text: str) -> Json:
    """`event 2026-01-01 2026-01-15`, `bounds`, `validity`, `authored` or `occurrence`, each with a date."""
    kind, *days = text.split()
    match kind:
        case "event":
            return {"dosageInstruction": [{"timing": {"event": days}}]}
        case "bounds":
            return {"dosageInstruction": [{"timing": {"repeat": {"boundsPeriod": {"start": days[0]}}}}]}
        case "validity":
            return {"dispenseRequest": {"validityPeriod": {"start": days[0]}}}
        case "occurrence":
            return {"occurrenceDateTime": days[0]}
        case "start":
            return {"start": days[0]}
        case "authored":
            return {"authoredOn": days[0]}
    raise ValueError(f"{text!r} does not say when")


def _merge(resource: Json, more: Json) -> None:
    """Put a further way of saying when into the first dosage instruction, or beside it."""
    instruction = more.pop("dosageInstruction", None)
    if instruction:
        held = resource.setdefault("dosageInstruction", [{}])[0].setdefault("timing", {})
        held |= instruction[0]["timing"]
    resource |= more


def _dosage(row: Row) -> Json:
    dosage: Json = {}
    if text := row.get("dose", ""):
        dosage["dose"] = _quantity(text)
    if text := row.get("route", ""):
        dosage["route"] = _concept([text])
    return dosage


def _quantity(text: str) -> Json:
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no quantity")
    value = float(found["value"]) if "." in found["value"] else int(found["value"])
    if found["unit"]:
        return {"value": value, "unit": found["unit"]}
    return {"value": value, "unit": found["code"], "system": UCUM, "code": found["code"]}


def _medication(text: str, owner: str) -> tuple[Json, list[Json]]:
    """The medication element of a resource, and the Medication resources beside it in the bundle."""
    identifier = "med-" + owner.rpartition("/")[2]
    if text.startswith("contained: "):
        medication = _medication_resource(text.removeprefix("contained: "), identifier)
        return {"contained": [medication], "medicationReference": {"reference": f"#{identifier}"}}, []
    if text.startswith("in bundle: "):
        medication = _medication_resource(text.removeprefix("in bundle: "), identifier)
        return {"medicationReference": {"reference": f"Medication/{identifier}"}}, [medication]
    parts = [part.strip() for part in text.split(";")]
    if parts[0].startswith("reference "):
        reference = {"reference": parts[0].removeprefix("reference ")}
        for part in parts[1:]:
            reference["display"] = _quoted(part)
        return {"medicationReference": reference}, []
    return {"medicationCodeableConcept": _concept(parts)}, []


def _medication_resource(text: str, identifier: str) -> Json:
    parts = [part.strip() for part in text.split(";")]
    resource: Json = {"resourceType": "Medication", "id": identifier}
    strengths = [part.removeprefix("strength ") for part in parts if part.startswith("strength ")]
    codes = [part for part in parts if not part.startswith(("strength ", "ingredient "))]
    if codes:
        resource["code"] = _concept(codes)
    ingredients = [part.removeprefix("ingredient ") for part in parts if part.startswith("ingredient ")]
    if strengths or ingredients:
        ingredient: Json = {"itemCodeableConcept": _concept(ingredients or codes)}
        if strengths:
            part, _, whole = strengths[0].partition(" / ")
            ingredient["strength"] = {"numerator": _quantity(part), "denominator": _quantity(whole)}
        resource["ingredient"] = [ingredient]
    return resource


def _concept(parts: list[str]) -> Json:
    concept: Json = {}
    for part in parts:
        if part.startswith("text "):
            concept["text"] = _quoted(part)
            continue
        name, _, rest = part.partition(" ")
        coding = {"system": SYSTEMS[name], "code": rest.split(" ")[0]}
        if '"' in rest:
            coding["display"] = _quoted(rest)
        concept.setdefault("coding", []).append(coding)
    return concept


def _quoted(text: str) -> str:
    found = _QUOTED.search(text)
    if found is None:
        raise ValueError(f"{text!r} holds no text in quotes")
    return found[1]
