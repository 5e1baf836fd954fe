"""How a Group is read for its worklist: within its limits, not too often, and with which token."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jwt
import pytest

from cds.fhir.client_keys import ClientKey
from hooks.settings import SettingsError
from tests.pages.clinic import CLINIC, EVERYBODY, PAGE, Clock, clinic, opened, read_now
from tests.pages.conftest import SERVER
from tests.pages.reading import read
from tests.service.noted import NotedJournal
from tests.worklist.hospital import Hospital, group


def test_who_is_beyond_the_limit_is_told_as_not_read() -> None:
    with clinic(worklist_group_members=2) as get:
        page = read_now(get)
    assert "Not read: 3" in page.text
    assert "beyond the first 2 members" in page.text
    assert opened(page) == ["upcoming", "date-missing", "interval-too-short", "overdue", "due"]


class Hanging(Hospital):
    """Never answers about one patient."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.params.get("patient") == "due":
            await asyncio.Event().wait()
        return await super().handle_async_request(request)


def test_who_is_not_read_in_time_is_told_as_not_read() -> None:
    with clinic(Hanging(clinic=group(*EVERYBODY)), worklist_group_seconds=1) as get:
        page = read_now(get)
    assert "not read within 1 seconds" in page.text
    assert opened(page)[0] == "due"
    assert "overdue" in opened(page)


def test_a_reading_takes_its_time_and_shows_nobody_before_its_end() -> None:
    journal = NotedJournal()
    with clinic(
        Hanging(clinic=group(*EVERYBODY)), worklist_group_seconds=60, deadline_seconds=8, journal=journal
    ) as get:
        page = read_now(get)
        assert "The Group is being read. 4 of 5 patients are read so far." in page.text
        assert "Look again" in page.text
        assert opened(page) == []
        assert "Not read: 1" in read(get(PAGE)).text
    assert [view.outcome for view in journal.views] == ["shown", "not-read", "shown"]


def test_it_is_read_again_after_a_minute_called_old_after_an_hour_and_forgotten_after_a_day() -> None:
    hospital, clock = Hospital(clinic=group("Patient/due")), Clock()
    with clinic(hospital, clock=clock) as get:
        assert "can be read again from 00:16:00" in read_now(get).text
        read_now(get)
        assert hospital.asked.count("Group/clinic") == 1
        clock.now += timedelta(seconds=60)
        read_now(get)
        assert hospital.asked.count("Group/clinic") == 2
        clock.now += timedelta(minutes=59)
        assert "59 minutes ago" in read(get(PAGE)).text
        assert "This list is old." not in read(get(PAGE)).text
        clock.now += timedelta(minutes=1)
        assert "This list is old." in read(get(PAGE)).text
        clock.now += timedelta(hours=23)
        assert "This Group has not been read yet." in read(get(PAGE)).text
    assert hospital.asked.count("Group/clinic") == 2


class Guarded(Hospital):
    """Answers whoever shows a token alone, and gives one for a signed assertion. `unknown`: a type whose scopes it
    refuses; `scopes` those that it was asked for."""

    def __init__(self, unknown: str = "", **groups: Any) -> None:
        super().__init__(**groups)
        self.unknown = unknown
        self.scopes: list[list[str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/.well-known/smart-configuration"):
            return httpx.Response(200, json={"token_endpoint": f"{SERVER}/token"})
        if request.url.path.endswith("/token"):
            return self._token(dict(parse_qsl(request.content.decode())))
        if request.headers.get("authorization") != "Bearer made-up":
            return httpx.Response(401)
        return await super().handle_async_request(request)

    def _token(self, form: dict[str, str]) -> httpx.Response:
        public = jwt.PyJWK(KEY.public_jwk).key
        jwt.decode(
            form["client_assertion"], public, ["ES384"], audience=f"{SERVER}/token", options={"verify_exp": False}
        )
        self.scopes.append(form["scope"].split())
        if self.unknown and self.unknown in form["scope"]:
            return httpx.Response(400, json={"error": "invalid_scope"})
        return httpx.Response(200, json={"access_token": "made-up", "token_type": "bearer", "expires_in": 300})


KEY = ClientKey.make("ES384")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(KEY.private_jwk))
    path.chmod(0o600)
    return path


def test_group_and_members_are_read_with_the_token_of_the_service(key_file: Path) -> None:
    hospital = Guarded(clinic=group(*EVERYBODY))
    with clinic(hospital, fhir_client_id="us", fhir_key_file=key_file) as get:
        assert opened(read_now(get)) == ["overdue", "interval-too-short", "date-missing", "due"]
    [scopes] = hospital.scopes
    assert {"system/Group.rs", "system/MedicationAdministration.rs", "system/MedicationRequest.rs"} <= set(scopes)


def test_a_server_that_does_not_grant_all_of_it_is_asked_for_less_and_for_the_group_still(key_file: Path) -> None:
    hospital = Guarded("MedicationRequest", clinic=group(*EVERYBODY))
    with clinic(hospital, fhir_client_id="us", fhir_key_file=key_file) as get:
        assert "overdue" in opened(read_now(get))
    assert [any("Group" in scope for scope in asked) for asked in hospital.scopes] == [True] * len(hospital.scopes)
    assert "MedicationRequest" not in " ".join(hospital.scopes[-1])


def test_without_a_client_a_server_that_wants_a_token_is_an_error() -> None:
    with clinic(Guarded(clinic=group(*EVERYBODY))) as get:
        assert "denied it (status 401)" in read_now(get, 502).text


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"worklist_groups": "https://other.example.invalid/fhir/Group/x"}, "WORKLIST_GROUPS: .* not on the list"),
        ({"worklist_groups": f"{CLINIC} {SERVER}/r4/Group/clinic"}, "two Groups have the id clinic"),
        ({"fhir_client_id": "us"}, "FHIR_KEY_FILE: is not set and fhir_client_id is"),
        ({"fhir_key_file": "/nowhere"}, "FHIR_CLIENT_ID: is not set and fhir_key_file is"),
        ({"fhir_client_id": "us", "fhir_key_file": "/nowhere"}, "FHIR_KEY_FILE: /nowhere cannot be read"),
    ],
)
def test_a_setting_that_cannot_be_used_stops_the_start(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError, match=why), clinic(**settings):
        pass
