"""A plain dose is kept as what it says: no less than reading its record again would tell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cds.audit.doses import Doses, doses_in, fact_of, written
from cds.dosing.facts import Administration, DateRange
from tests.audit.test_engine import OTHER, OURS, concept, pointing, record
from tests.fhir.records import DRUG

ZONE = ZoneInfo("Europe/Stockholm")
MG_12 = {"dosage": {"dose": {"value": 12, "unit": "mg"}}}
MG_2_40 = {"dosage": {"dose": {"value": 2.4, "unit": "mg"}}}


def fact(name: str, day: date, amount: Decimal | None = None, *, stopped: bool = False) -> Administration:
    return Administration(f"MedicationAdministration/{name}", DateRange.on(day), amount, stopped)


PLAIN: list[tuple[str, dict[str, Any], Administration]] = [
    ("a day", record("a", concept(OURS)), fact("a", date(2026, 3, 1))),
    ("an amount", record("b", concept(OURS), **MG_12), fact("b", date(2026, 3, 1), Decimal(12))),
    ("the amount of another record of that shape", record("c", concept(OURS), **MG_2_40),
     fact("c", date(2026, 3, 1), Decimal("2.4"))),
    ("that of the first again, of another patient", record("d", concept(OURS), patient="p2", **MG_12),
     fact("d", date(2026, 3, 1), Decimal(12))),
    ("stopped", record("e", concept(OURS), status="stopped"), fact("e", date(2026, 3, 1), stopped=True)),
    ("late in the evening elsewhere", record("f", concept(OURS), "2026-03-01T23:30:00Z"), fact("f", date(2026, 3, 2))),
]  # fmt: skip


def test_plain_doses_one_after_the_other() -> None:
    doses = Doses(DRUG, ZONE)
    read = [doses.read(resource, line, 10 * line) for line, (_, resource, _) in enumerate(PLAIN)]
    kept = list(doses_in(b"".join(written(dose) for dose in read if dose is not None)))
    assert [fact_of(dose) for dose in kept] == [said for *_, said in PLAIN]
    assert [(dose.line, dose.offset) for dose in kept] == [(line, 10 * line) for line in range(len(PLAIN))]
    assert [dose.patient for dose in kept] == ["Patient/p1"] * 3 + ["Patient/p2"] + ["Patient/p1"] * 2


def test_only_what_was_said_before_is_repeated() -> None:
    doses = Doses(DRUG, ZONE)
    first, second = record("a", concept(OURS), **MG_12), record("b", concept(OURS), "2026-04-01", "p2", **MG_12)
    assert doses.repeated(first, 0, 0) is None
    assert doses.read(first, 0, 0) is not None
    again = doses.repeated(second, 1, 900)
    assert again is not None
    assert fact_of(again) == fact("b", date(2026, 4, 1), Decimal(12))
    assert doses.repeated(record("c", concept(OTHER), **MG_12), 2, 0) is None
    assert doses.repeated(record("d", concept(OURS), status="not-done", **MG_12), 3, 0) is None
    assert doses.repeated(record("e", concept(OURS), dosage={"dose": {"value": True, "unit": "mg"}}), 4, 0) is None


@pytest.mark.parametrize(
    ("why", "resource"),
    [
        ("no id", {**record("a", concept(OURS)), "id": None}),
        ("half of a surrogate pair as id", record("\ud800", concept(OURS))),
        ("of nobody", record("a", concept(OURS), subject=None)),
        ("another drug", record("a", concept(OTHER))),
        ("not given", record("a", concept(OURS), status="not-done")),
        ("in error", record("a", concept(OURS), status="entered-in-error")),
        ("a month", record("a", concept(OURS), "2026-03")),
        ("known by a text alone", record("a", concept({"text": "Spinraza"}))),
        ("a Medication elsewhere", record("a", pointing("ours"))),
        ("something contained", record("a", concept(OURS), contained=[])),
        ("an element of DSTU2", record("a", concept(OURS), wasNotGiven=True)),
        ("a time of change that is no text", record("a", concept(OURS), meta={"lastUpdated": 5})),
    ],
)
def test_what_is_not_plain_is_kept_as_it_is(why: str, resource: dict[str, Any]) -> None:
    doses = Doses(DRUG, ZONE)
    assert doses.read(record("before", concept(OURS)), 0, 0) is not None
    assert doses.read(resource, 1, 0) is None, why
