"""Whatever stands in whatever place of a record or of a Bundle: it is read, and nothing is lost or raised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cds.dosing.facts import Administration, NotGiven, Record, Unidentified, Unreadable
from cds.fhir.bundle import Contents, read_contents
from cds.fhir.history import group_by_patient, read_history, unresolved
from cds.fhir.order_dates import copied
from cds.fhir.orders import read_order
from cds.fhir.read import Ignored, read_administration
from cds.fhir.references import Pool
from cds.fhir.resources import explain
from tests.fhir.records import ADMINISTRATION, ATC, DRUG, NDC, ON, ORDER, PATIENT, SNOMED, ZONE, concept, known_empty

NAMES = """
resourceType id status coding code system text display reference subject effectiveDateTime _effectiveDateTime
effectivePeriod start end dosage route dose value unit medicationCodeableConcept medicationReference contained
ingredient itemCodeableConcept itemReference strength numerator denominator entry resource link relation url total
type search mode issue severity meta lastUpdated medication concept extension timing event repeat boundsPeriod
dosageInstruction doseAndRate doseQuantity dispenseRequest validityPeriod response request fullUrl
"""
WORDS = f"""
MedicationAdministration Medication Patient Bundle OperationOutcome MedicationRequest Patient/p1 #m1 #s1 Medication/m1
nusinersen 2026 2026-03 2026-03-01 2026-03-01T10:00:00Z 2026-03-01T10:00:00 completed searchset next outcome mg mL
urn:uuid:1 {SNOMED} {ATC} {NDC} M09AX07 64406-058-01 47625008 72607000 error information # /
""".split()
TEXTS = st.text(max_size=8) | st.sampled_from([*WORDS, ""])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES.split()), inner, max_size=4),
    max_leaves=8,
)

RICH: dict[str, Any] = {
    **ADMINISTRATION,
    "medicationCodeableConcept": concept(
        (ATC, "M09AX07"), (SNOMED, "763556007"), text="nusinersen", display="Spinraza"
    ),
    "medicationReference": {"reference": "#m1", "display": "Spinraza"},
    "contained": [
        {
            "resourceType": "Medication",
            "id": "m1",
            "code": concept((NDC, "64406-058-01")),
            "amount": {"numerator": {"value": 12, "unit": "mg"}, "denominator": {"value": 5, "unit": "mL"}},
            "ingredient": [
                {"itemCodeableConcept": concept(text="nusinersen"), "isActive": True},
                {"itemReference": {"reference": "#s1"}, "strength": {"numerator": {"value": 12, "unit": "mg"}}},
            ],
        },
        {"resourceType": "Substance", "id": "s1", "code": concept(text="nusinersen sodium")},
    ],
    "effectivePeriod": {"start": "2026-03-01", "end": "2026-03-01"},
    "_effectiveDateTime": {"extension": [{"url": "http://example.invalid", "valueCode": "unknown"}]},
    "meta": {"lastUpdated": "2026-03-02T10:00:00Z"},
    "identifier": [{"system": "http://example.invalid", "value": "7"}],
}
RICH_ORDER: dict[str, Any] = {
    **ORDER,
    "medicationReference": {"reference": "#m1"},
    "contained": RICH["contained"],
    "dosageInstruction": [
        {
            "timing": {
                "event": ["2026-05-02", "2026-05-20T10:00:00Z"],
                "repeat": {"boundsPeriod": {"start": "2026-05-03"}},
            },
            "route": concept((SNOMED, "72607000")),
            "doseAndRate": [{"doseQuantity": {"value": 12, "unit": "mg"}}],
        }
    ],
    "dispenseRequest": {"validityPeriod": {"start": "2026-05-04", "end": "2026-06-04"}},
}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
JOINED = {"resourceType": "Patient", "id": "p1", "link": [{"other": {"reference": "Patient/p0"}, "type": "replaces"}]}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "searchset",
    "total": 2,
    "link": [{"relation": "self", "url": "http://example.invalid/1"}, {"relation": "next", "url": "/2"}],
    "entry": [
        {"fullUrl": "http://example.invalid/MedicationAdministration/a1", "resource": RICH},
        {"resource": JOINED, "search": {"mode": "match"}},
        {"resource": OUTCOME, "search": {"mode": "outcome"}},
        {"response": {"status": "404"}},
    ],
}


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    for step, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, step))


def broken(whole: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The resource with any JSON in one or two of its places."""

    def put(drawn: list[tuple[tuple[str | int, ...], Any]]) -> dict[str, Any]:
        changed = copied(whole)
        for path, value in drawn:
            holder = changed
            try:
                for step in path[:-1]:
                    holder = holder[step]  # type: ignore[index]
                holder[path[-1]] = value  # type: ignore[index]
            except (TypeError, KeyError, IndexError):
                continue
        return changed

    return st.lists(st.tuples(st.sampled_from(list(places(whole))), JSON), min_size=1, max_size=2).map(put)


@given(broken(RICH) | JSON, st.sampled_from([PATIENT, None]))
def test_any_record_becomes_a_fact_or_a_reason(resource: Any, patient: str | None) -> None:
    pool = Pool([resource, RICH["contained"][0]])
    record = read_administration(resource, drug=DRUG, zone=ZONE, patient=patient, resolve=pool.resolve)
    assert record.reference
    match record:
        case Administration():
            assert record.amount is None or record.amount > 0
        case Unreadable():
            assert record.element
            assert record.detail
        case Unidentified():
            assert record.detail
        case Ignored():
            assert record.why in {"entered-in-error", "another-drug", "another-resource"}
        case _:
            assert isinstance(record, NotGiven)


def _facts(records: tuple[Record, ...]) -> str:
    """All that is said of records but their names, which hold the place of those without an id."""
    return repr([replace(record, reference="?") for record in records])


@given(st.lists(broken(RICH) | JSON, max_size=4))
def test_any_history_is_read_and_everybody_found_or_rejected(resources: list[Any]) -> None:
    records = read_history(resources, drug=DRUG, zone=ZONE, patient=PATIENT)
    assert len({record.reference for record in records}) == len(records) <= len(resources)
    if not any(isinstance(resource, dict) and resource.get("resourceType") == "Patient" for resource in resources):
        pool = Pool(resources)
        shared: Any = {"drug": DRUG, "zone": ZONE, "patient": PATIENT, "resolve": pool.resolve}
        alone = {_facts(read_history([resource], **shared)) for resource in resources}
        assert {_facts((record,)) for record in records} <= alone
    assert all(isinstance(reference, str) for reference in unresolved(resources))
    groups = group_by_patient(resources)
    administrations = [
        r for r in resources if isinstance(r, dict) and r.get("resourceType") == "MedicationAdministration"
    ]
    grouped = [resource for group in groups.patients.values() for resource in group]
    assert len(grouped) <= len(administrations) <= len(grouped) + len(groups.rejected)


@given(broken(BUNDLE) | JSON)
def test_any_prefetch_value_has_contents_or_a_problem_or_is_known_to_be_empty(value: Any) -> None:
    contents = read_contents(value)
    assert isinstance(contents, Contents)
    assert contents.resources or contents.problems or contents.next_url or known_empty(contents)
    assert all(isinstance(resource, dict) for resource in contents.resources)
    assert not (known_empty(contents) and contents.problems)


@given(broken(RICH_ORDER) | st.dictionaries(st.sampled_from(NAMES.split()), JSON, max_size=5))
def test_any_order_is_read(resource: dict[str, Any]) -> None:
    order = read_order(resource, drug=DRUG, zone=ZONE, on=ON, resolve=Pool().resolve)
    assert order.reference
    assert all(proposal.day is None or proposal.day >= ON for proposal in order.proposals)
    days = [proposal.day for proposal in order.proposals]
    assert len(set(days)) == len(days)


@given(broken(RICH) | JSON)
def test_anything_can_be_explained(resource: Any) -> None:
    assert all(isinstance(words, str) and words for words in explain(resource))


def test_the_whole_record_and_order_are_read_before_they_are_broken() -> None:
    record = read_administration(RICH, drug=DRUG, zone=UTC, patient=PATIENT, resolve=Pool().resolve)
    assert isinstance(record, Administration)
    order = read_order(RICH_ORDER, drug=DRUG, zone=UTC, on=ON, resolve=Pool().resolve)
    assert [proposal.day.day for proposal in order.proposals if proposal.day] == [2, 20]
    assert len(read_contents(BUNDLE).resources) == 2
