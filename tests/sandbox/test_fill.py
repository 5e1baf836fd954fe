"""The made-up patients put into another FHIR server."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from hooks.console import UsageError
from hooks.sandbox.fill import fill
from hooks.sandbox.load import resources
from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox

ON = date(2026, 5, 3)


def test_a_server_is_filled_and_filling_it_again_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with listen(0, "none") as listener:
        base = f"{address(listener)}/fhir"
        with serving([(create_sandbox(base, ON, fixtures=False), listener)]):
            totals = []
            for _ in range(2):
                fill(f"{base}/", ON)
                answer = httpx.get(f"{base}/MedicationAdministration", params={"_summary": "count"}, trust_env=False)
                totals.append(answer.json()["total"])
    wanted = sum(each["resourceType"] == "MedicationAdministration" for each in resources(ON))
    assert totals == [wanted, wanted]
    assert f"{len(resources(ON))} resources put into {base}" in capsys.readouterr().err


def test_it_waits_for_a_server_that_starts_slowly_and_not_for_ever() -> None:
    waits: list[float] = []
    with listen(0, "none") as listener:
        url = address(listener)
    with pytest.raises(UsageError, match="has not answered as a FHIR server within 6 s"):
        fill(f"{url}/fhir", ON, seconds=6, wait=waits.append)
    assert waits == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("url", ["https://fhir.example.invalid/r4", "hapi", ""])
def test_a_server_that_is_not_for_trials_is_not_filled(url: str) -> None:
    with pytest.raises(UsageError, match="is not the base URL of a FHIR server on http"):
        fill(url, ON)
