"""`nusinersen-cds check` on HAPI FHIR: it says of every demo patient what it says of the embedded sandbox."""

from __future__ import annotations

import pytest

from hooks.sandbox.demo import demo_settings
from tests.cli.files import Result, check
from tests.servers.hapi.conftest import ON, PATIENTS, TOKEN

pytestmark = pytest.mark.hapi


def checked(base: str, *more: str) -> Result:
    """`nusinersen-cds check` of all demo patients."""
    wanted = [word for name in PATIENTS for word in ("--patient", name)]
    regimens = demo_settings().sites()[0].regimen
    return check(base, *wanted, *more, on=ON.isoformat(), regimens=regimens, env={"NUSINERSEN_CDS_PAGE_SIZE": "2"})


def test_check_says_of_every_patient_what_it_says_of_the_sandbox(hapi: str, sandbox: str) -> None:
    from_hapi, from_sandbox = checked(f"{hapi}/fhir"), checked(sandbox)
    assert from_hapi.patients == sorted(f"Patient/{name}" for name in PATIENTS)
    assert from_hapi.assessments == from_sandbox.assessments
    assert from_hapi.exit_code == from_sandbox.exit_code


def test_check_does_not_take_an_unknown_patient_for_one_without_doses(hapi: str) -> None:
    ended = check(f"{hapi}/fhir", "--patient", "nobody-of-this-name", on=ON.isoformat())
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "knows no such patient" in ended.stderr


def test_check_takes_the_token_from_the_environment(hapi: str) -> None:
    env = {"NUSINERSEN_CDS_FHIR_TOKEN": TOKEN}
    opened = check(f"{hapi}/closed", "--patient", "overdue", on=ON.isoformat(), env=env)
    assert opened.patients == ["Patient/overdue"]
    refused = check(f"{hapi}/closed", "--patient", "overdue", on=ON.isoformat())
    assert (refused.exit_code, refused.stdout) == (3, "")
    assert "denied it (status 401" in refused.stderr
