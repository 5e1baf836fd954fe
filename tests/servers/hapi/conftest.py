"""A running HAPI FHIR with the fixtures, and the embedded sandbox with the same: what is read of both is compared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from hooks.sandbox.load import resources, transaction
from hooks.sandbox.patients import demo_patients
from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from tests.servers.built import ServerFailed
from tests.servers.hapi.program import running

ON = date(2026, 5, 1)
TOKEN = "the-token-of-the-closed-door"
SECONDS = 120
PATIENTS = {patient.id: patient for patient in demo_patients(ON)}
RECORD = "MedicationAdministration"


@pytest.fixture(scope="session")
def hapi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The root URL of a running HAPI FHIR that holds the fixtures, all of them in one transaction."""
    try:
        with running(TOKEN, tmp_path_factory.mktemp("hapi") / "log.txt") as root:
            sent = transaction(resources(ON))
            answer = httpx.post(f"{root}/fhir", json=sent, timeout=600)
            assert answer.status_code == 200, answer.text[:2000]
            statuses = [entry["response"]["status"] for entry in answer.json()["entry"]]
            assert statuses == ["201 Created"] * len(sent["entry"])
            yield root
    except ServerFailed as failure:
        pytest.fail(str(failure), pytrace=False)


@pytest.fixture(scope="session")
def sandbox() -> Iterator[str]:
    """The embedded sandbox with the same records."""
    with listen(0, "none") as listener:
        base = f"{address(listener)}/fhir"
        with serving([(create_sandbox(base, ON), listener)]):
            yield base
