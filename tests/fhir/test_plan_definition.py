"""A regimen as a FHIR PlanDefinition: valid, and with the numbers of its file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds.fhir.plan_definition import plan_definition
from cds.fhir.resources import explain
from cds.regimens.library import load

REGIMENS = load().regimens


@pytest.mark.parametrize("name", REGIMENS)
def test_every_regimen_is_a_valid_plan(name: str) -> None:
    plan = plan_definition(REGIMENS[name])
    assert explain(plan) == ()
    assert plan["identifier"][0]["value"] == REGIMENS[name].digest
    ids = [action["id"] for action in plan["action"]]
    assert len(set(ids)) == len(ids)
    doses = {f"#{each['id']}" for each in plan["contained"]}
    given = [action for action in plan["action"] if not action["id"].startswith("monitoring-")]
    assert {action["definitionCanonical"] for action in given} == doses


def offsets(name: str) -> list[tuple[str, str]]:
    actions = plan_definition(REGIMENS[name])["action"]
    after = [(action["id"], action.get("relatedAction", [{}])[0].get("offsetDuration", {})) for action in actions]
    return [(step, f"{length.get('value', '')} {length.get('code', '')}".strip()) for step, length in after]


def test_the_steps_and_the_table_of_12_mg() -> None:
    assert offsets("eu-12mg") == [
        ("loading-1", ""), ("loading-2", "14 d"), ("loading-3", "14 d"), ("loading-4", "35 d"), ("maintenance", "4 mo"),
        ("catch-up-1", "8 mo"), ("catch-up-2", "16 mo"), ("catch-up-3", "40 mo"),
    ]  # fmt: skip


def test_the_doses_of_the_high_dose() -> None:
    plan = plan_definition(REGIMENS["eu-high-dose"])
    assert [action["definitionCanonical"] for action in plan["action"]] == ["#dose-50mg", "#dose-50mg", "#dose-28mg"]
    amounts = [each["dosage"][0]["doseAndRate"][0]["doseQuantity"] for each in plan["contained"]]
    assert [(amount["value"], amount["code"]) for amount in amounts] == [(28, "mg"), (50, "mg")]
    assert plan["action"][-1]["timingTiming"]["repeat"] == {"frequency": 1, "period": 4, "periodUnit": "mo"}
    assert offsets("qalsody")[-1] == ("maintenance", "28 d")


def test_the_tests_before_each_dose() -> None:
    tests = [action for action in plan_definition(REGIMENS["us-12mg"])["action"] if "code" in action]
    assert [action["code"][0]["coding"][0]["code"] for action in tests] == ["777-3", "5902-2", "14979-9", "2888-6"]
    assert [related["actionId"] for related in tests[0]["relatedAction"]] == [
        "loading-1", "loading-2", "loading-3", "loading-4", "maintenance",
    ]  # fmt: skip
    assert tests[3]["description"] == "Above 0.2 g/L: consider repeating the test and evaluating further."
    assert [action["id"] for action in plan_definition(REGIMENS["eu-12mg"])["action"] if "code" in action] == []


def test_what_is_not_verified_is_a_draft_and_says_so() -> None:
    assert {name: plan_definition(each)["status"] for name, each in REGIMENS.items()} == {
        name: "active" if each.verified == "yes" else "draft" for name, each in REGIMENS.items()
    }
    plan = plan_definition(replace(REGIMENS["eu-12mg"], verified="nobody read it"))
    assert plan["description"].endswith("Not verified: nobody read it.")
