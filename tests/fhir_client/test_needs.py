"""One table gives prefetch templates within the query subset of CDS Hooks 2.0, and our own queries."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest

from cds.dosing.drug import Coding
from cds.fhir.needs import (
    APPOINTMENTS,
    NEEDS,
    ORDERS,
    PERSON,
    STATEMENTS,
    Need,
    query,
    relaxed,
    results,
    template,
    templates,
)
from cds.regimens.library import load

ATC = Coding("http://www.whocc.no/atc", "M09AX07")
ODD = Coding("https://codes.example.invalid/a&b", "x|y,z")

LABORATORY = results([load().get("us-12mg").monitoring])

TOKENS = {"context.patientId"}
"""The one token of root level, primitive and in patient-view, order-select and order-sign alike."""
# Reference, token and date parameters, by resource type, and the result parameters of the subset.
PARAMETERS = {
    "MedicationAdministration": {"patient", "code"},
    "MedicationRequest": {"patient", "code", "status"},
    "Appointment": {"patient", "status"},
    "Observation": {"patient", "code"},
    "*": {"_sort"},
}


@pytest.mark.parametrize("codes", [(), (ATC,), (ATC, ODD)])
@pytest.mark.parametrize("need", [*NEEDS, ORDERS, APPOINTMENTS, *LABORATORY], ids=lambda need: need.key)
def test_every_template_keeps_to_the_subset_of_cds_hooks_2_0(need: Need, codes: tuple[Coding, ...]) -> None:
    written = template(need, codes)
    resource_type, _, search = written.partition("?")
    names = [name for name, _ in parse_qsl(search, strict_parsing=True)]
    assert set(re.findall(r"\{\{(.*?)\}\}", written)) == TOKENS
    assert "{{context.patientId}}" in search
    assert set(names) <= PARAMETERS[resource_type] | PARAMETERS["*"], "no _include, chaining, modifier or _count"
    assert len(names) == len(set(names)), "each parameter once"


def test_the_templates_are_these() -> None:
    history = {"administrations": "MedicationAdministration?patient={{context.patientId}}&_sort=-effective-time"}
    assert templates() == history
    assert templates(beside=[ORDERS, STATEMENTS, PERSON]) == history | {
        "orders": "MedicationRequest?patient={{context.patientId}}&status=active&_sort=-authoredon",
        "statements": "MedicationStatement?patient={{context.patientId}}&_sort=-effective",
        "patient": "Patient/{{context.patientId}}",
    }


def test_laboratory_results_are_asked_for_by_the_codes_of_the_label_and_of_test_strips() -> None:
    codes = ["777-3", "5902-2", "6301-6", "14979-9", "3173-2", "2888-6", "2890-2", "5804-0", "20454-5"]
    value = ",".join(f"http://loinc.org|{code}" for code in codes)
    (need,) = LABORATORY
    assert template(need, [ATC]) == f"Observation?patient={{{{context.patientId}}}}&_sort=-date&code={value}"
    assert query(need, "p", page_size=500, codes=[ATC]) == (
        ("patient", "p"), ("code", value), ("_sort", "-date"), ("_count", "500"),
    )  # fmt: skip


def test_where_no_label_asks_for_tests_before_each_dose_no_result_is_asked_for() -> None:
    regimens = load().regimens
    assert results([regimens["eu-12mg"].monitoring, regimens["qalsody"].monitoring]) == ()
    both = results([regimens["us-12mg"].monitoring, regimens["us-12mg-2016"].monitoring])
    assert both == LABORATORY, "the same codes once"


def test_a_site_may_filter_by_code() -> None:
    assert templates([ATC, ODD]) == {
        "administrations": "MedicationAdministration?patient={{context.patientId}}&_sort=-effective-time"
        "&code=http://www.whocc.no/atc|M09AX07,https://codes.example.invalid/a%26b|x%5C|y%5C,z"
    }


def test_prefetch_keys_are_different() -> None:
    keys = [need.key for need in (*NEEDS, ORDERS, APPOINTMENTS, *LABORATORY)]
    assert len(set(keys)) == len(keys)


def test_our_own_query_asks_for_the_same_records_in_large_pages_with_their_medications() -> None:
    (need,) = NEEDS
    assert query(need, "p,1", page_size=500, codes=[ATC]) == (
        ("patient", "p\\,1"),
        ("code", "http://www.whocc.no/atc|M09AX07"),
        ("_sort", "-effective-time"),
        ("_count", "500"),
        ("_include", "MedicationAdministration:medication"),
    )


def test_active_orders_are_asked_for_by_their_status() -> None:
    assert query(ORDERS, "p", page_size=500) == (
        ("patient", "p"),
        ("status", "active"),
        ("_sort", "-authoredon"),
        ("_count", "500"),
        ("_include", "MedicationRequest:medication"),
    )


def test_a_query_that_is_refused_is_asked_without_include_then_sorted_as_r5_does_then_by_what_selects_only() -> None:
    (need,) = NEEDS
    assert relaxed(query(need, "p", page_size=500)) == (
        (("patient", "p"), ("_sort", "-effective-time"), ("_count", "500")),
        (
            ("patient", "p"),
            ("_sort", "-date"),
            ("_count", "500"),
            ("_include", "MedicationAdministration:medication"),
        ),
        (("patient", "p"),),
    )
    assert relaxed((("patient", "p"),)) == ()
