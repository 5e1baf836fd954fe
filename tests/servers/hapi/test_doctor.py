"""`nusinersen-cds doctor` on HAPI FHIR: what it finds, and that it finds nothing else."""

from __future__ import annotations

import json

import pytest

from hooks.doctor.checks import CHECKS
from tests.cli.files import run
from tests.servers.hapi.conftest import TOKEN

pytestmark = pytest.mark.hapi

# HAPI issues no tokens. `code` of R4 does not look into the Medication that a record refers to.
ALWAYS = {"smart-configuration": "not possible", "scopes": "not possible", "code-filter": "warning"}


@pytest.mark.parametrize(
    ("place", "env", "more"),
    [
        ("fhir", {}, {"token": "not possible", "wrong-token": "not possible"}),
        ("closed", {"NUSINERSEN_CDS_FHIR_TOKEN": TOKEN}, {}),
        (
            "posted",
            {},
            {"token": "not possible", "wrong-token": "not possible", "guarded": "not possible", "history": "warning"},
        ),
    ],
)
def test_the_doctor_finds_what_the_service_needs(
    hapi: str, place: str, env: dict[str, str], more: dict[str, str]
) -> None:
    asked = ("--patient", "overdue", "--time-zone", "Asia/Kathmandu", "--format", "json")
    ended = run("doctor", f"{hapi}/{place}", *asked, env=env)
    document = json.loads(ended.stdout)
    found = {each["id"]: each["outcome"] for each in document["checks"]}
    assert list(found) == list(CHECKS)
    assert {name: outcome for name, outcome in found.items() if outcome != "ok"} == ALWAYS | more, document
    assert ended.exit_code == 1
    texts = {each["id"]: each["text"] for each in document["checks"]}
    assert texts["paging"] == "4 small pages give the same records as large ones, each once."


def test_the_doctor_says_that_a_token_is_needed(hapi: str) -> None:
    ended = run("doctor", f"{hapi}/closed", "--patient", "overdue", "--format", "json")
    found = {each["id"]: each["outcome"] for each in json.loads(ended.stdout)["checks"]}
    assert (found["guarded"], found["wrong-token"], found["history"]) == ("ok", "ok", "not possible")
    assert ended.exit_code == 1
