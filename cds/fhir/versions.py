"""Versions of FHIR told apart by the shape: what R5 spells differently in the names of R4, older ones refused."""

from __future__ import annotations

from typing import Any

from cds.dosing.codes import Code
from cds.fhir.plain import Malformed, Resource, kind, list_in, object_in
from cds.fhir.refusal import Refused

# R5 spells it `occurence`; later versions, and those who correct it, `occurrence`.
_DATES = {
    f"{before}{name}{of_type}": f"{before}effective{of_type}"
    for name in ("occurence", "occurrence")
    for of_type in ("DateTime", "Period")
    for before in ("", "_")
}
TIMINGS = ("occurenceTiming", "occurrenceTiming")
_SUB_POTENT = ("isSubPotent", "subPotentReason")
# Elements that R4 and R5 do not have. STU3's `notGiven` turns the meaning of `completed` round.
_REFUSED = {
    "isSelfReported": "R6",
    "notGiven": "STU3",
    "reasonNotGiven": "STU3 or DSTU2",
    "prescription": "STU3 or DSTU2",
    "definition": "STU3",
    "effectiveTimeDateTime": "DSTU2",
    "effectiveTimePeriod": "DSTU2",
    "wasNotGiven": "DSTU2",
    "patient": "DSTU2",
    "practitioner": "DSTU2",
}
OF_OTHERS = frozenset({"medication", *_DATES, *TIMINGS, *_SUB_POTENT, *_REFUSED})
"""Elements of a MedicationAdministration that R4 does not have: one look tells whether `as_r4` has anything to do."""

_READ = ("4.0", "4.3", "5.0")
_NOT_READ = {"1": "DSTU2", "3": "STU3"}


def refused_version(resource: Resource) -> str:
    """The version of FHIR that an administration looks like, by an element that neither R4 nor R5 has; else empty."""
    if OF_OTHERS.isdisjoint(resource) or resource.get("resourceType") != "MedicationAdministration":
        return ""
    return next((version for name, version in _REFUSED.items() if name in resource), "")


def is_r5(resource: Resource) -> bool:
    """Whether an administration, or an order, has elements that R5 has and R4 has not. What occurs when is said in R4
    too, but of an administration."""
    code = resource.get("code")
    if "medication" in resource or (isinstance(code, dict) and "concept" in code):
        return True
    administered = resource.get("resourceType") == "MedicationAdministration"
    return administered and any(name in resource for name in (*_DATES, *TIMINGS, *_SUB_POTENT))


def refused_server(version: str) -> str:
    """The words for a server that says it speaks this version (`3.0.2`), empty where it is read or not said."""
    if not version or version.startswith(_READ):
        return ""
    known = _NOT_READ.get(version.partition(".")[0])
    shown = known or (version if version.replace(".", "").isdigit() and len(version) < 10 else "another version")
    return f"speaks FHIR {shown}, which is not read: its records can mean other things"


def as_r4(record: Resource) -> Resource:
    """An administration with `OF_OTHERS` in the names of R4, but for its medication, which is read in both spellings.

    A dose that was not given in full is a stopped one (rule C2). Raises Refused for other versions, for what
    contradicts itself, and for a Timing that is not of one day.
    """
    for element, version in _REFUSED.items():
        if element in record:
            detail = f"is no element of FHIR R4 or R5: the record looks like {version}, which is not read"
            raise Refused(Code.UNREADABLE_RECORD, "C1", element, detail)
    renamed = {name: value for name, value in record.items() if name not in OF_OTHERS or name == "medication"}
    for name, spelt in _DATES.items():
        if name in record and not _same(renamed.setdefault(spelt, record[name]), record[name]):
            raise Refused(Code.UNREADABLE_RECORD, "C3", name, "says another date than the record says elsewhere")
    for name in TIMINGS:
        if record.get(name) is not None:
            if "effectiveDateTime" in renamed or "effectivePeriod" in renamed:
                raise Refused(Code.UNREADABLE_RECORD, "C3", name, "is a second date of the record")
            renamed["effectiveDateTime"] = _only_event(record, name)
    if _sub_potent(record) and renamed.get("status") in ("completed", "in-progress"):
        renamed["status"] = "stopped"
    return renamed


def _same(one: object, other: object) -> bool:
    try:
        return one == other
    except RecursionError:
        return False


def _only_event(record: Resource, name: str) -> object:
    try:
        timing = object_in(record, name) or {}
        events = list_in(timing, "event", name)
        repeats = object_in(timing, "repeat", name)
    except Malformed as fault:
        raise Refused(Code.UNREADABLE_RECORD, "C3", fault.element, fault.detail) from None
    if not events and not repeats:
        raise Refused(Code.DATE_MISSING, "C3", name, "has no event that says when")
    if len(events) != 1 or repeats:
        raise Refused(Code.UNREADABLE_RECORD, "C3", name, "is of several times, and a record is of one dose")
    return events[0]


def _sub_potent(record: Resource) -> bool:
    """Whether the full dose was not given; a reason for that says so too."""
    said = record.get("isSubPotent")
    if said is not None and not isinstance(said, bool):
        raise Refused(Code.UNREADABLE_RECORD, "C2", "isSubPotent", f"is {kind(said)}, not true or false")
    return said is True or bool(record.get("subPotentReason"))


def as_written(element: str, record: Resource) -> str:
    """An element that `as_r4` named, in the spelling of the record."""
    for name, spelt in _DATES.items():
        if name in record and spelt not in record and element.startswith(spelt.removeprefix("_")):
            return name.removeprefix("_") + element.removeprefix(spelt.removeprefix("_"))
    timing = next((name for name in TIMINGS if name in record), "")
    return f"{timing}.event" if timing and element == "effectiveDateTime" else element


def product_as_r4(product: Resource) -> Resource:
    """A Medication or a Substance in the names of R4: R5 has CodeableReferences in it, and other strengths."""
    code, ingredients = product.get("code"), product.get("ingredient")
    renamed: dict[str, Any] = {}
    if isinstance(code, dict) and "concept" in code:
        renamed["code"] = code["concept"]
    if isinstance(ingredients, list) and any(isinstance(each, dict) and "item" in each for each in ingredients):
        renamed["ingredient"] = [_ingredient(each) if isinstance(each, dict) else each for each in ingredients]
    return {**product, **renamed} if renamed else product


def _ingredient(ingredient: dict[str, Any]) -> dict[str, Any]:
    if "item" not in ingredient:
        return ingredient
    renamed, item = dict(ingredient), ingredient["item"]
    if isinstance(item, dict):
        both = {"itemCodeableConcept": item.get("concept"), "itemReference": item.get("reference")}
        renamed |= {name: value for name, value in both.items() if value is not None}
    else:
        # of the wrong type: who reads the concept says so
        renamed["itemCodeableConcept"] = item
    if "strengthRatio" in ingredient:
        renamed["strength"] = ingredient["strengthRatio"]
    elif isinstance(ingredient.get("strengthQuantity"), dict):
        renamed["strength"] = _ratio(ingredient["strengthQuantity"])
    return renamed


def _ratio(quantity: dict[str, Any]) -> dict[str, Any] | None:
    """A Quantity of `mg/mL` as the Ratio of so many mg to one mL; None for any other."""
    above, below = dict(quantity), {"value": 1, "system": quantity.get("system")}
    for name in ("unit", "code"):
        text = quantity.get(name)
        if text is not None:
            if not isinstance(text, str) or text.count("/") != 1:
                return None
            above[name], _, below[name] = text.partition("/")
    return {"numerator": above, "denominator": {name: value for name, value in below.items() if value is not None}}
