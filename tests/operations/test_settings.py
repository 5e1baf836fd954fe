"""Settings that cannot be used stop the start with their name, and no message shows a secret."""

from __future__ import annotations

import pytest
from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from hooks.settings import PREFIX, CheckSettings, Settings, SettingsError, load, load_for_check
from tests.spec.docs_settings import value_of

FIELDS = {**CheckSettings.model_fields, **Settings.model_fields}
ANYTHING = {"a path", "a secret text", "words, separated by spaces", "a text"}
"""What any text may be at first. Where not every text will do, the tests of that setting say so."""
WRONG = {
    "`true` or `false`": "maybe",
    "a number": "many",
    "a whole number": "1.5",
    "a URL": "nowhere",
    "a date, YYYY-MM-DD": "2026-02-30",
    "lists of texts by name, in JSON": "worklist",
    "a list, see below": '[{"issuer": ',
}
"""A wrong value for each kind of setting."""
CHECKED_WORDS = {
    "time_zone": "Europe/Nowhere",
    "fhir_servers": "ftp://ehr.example.invalid",
    "silent": "no-such-service",
    "client_algorithms": "HS256",
}
"""A wrong text for settings of which not every text will do."""
MARK = "zqSecretqz"


def kind(field: FieldInfo) -> str:
    """What is to be written for a setting, without its bounds."""
    return value_of(field).partition(" ≥")[0].partition(" >")[0].partition(" ≤")[0].partition(" <")[0]


def wrong(name: str, field: FieldInfo) -> list[str]:
    """Values that a setting cannot have."""
    words = kind(field)
    if name in CHECKED_WORDS:
        return [CHECKED_WORDS[name]]
    if " or `" in words and words not in WRONG:
        return ["neither"]
    assert words in WRONG or words in ANYTHING, f"say what a wrong value is for {words!r}"
    beyond = []
    for bound in field.metadata:
        match bound:
            case Ge():
                beyond.append(str(bound.ge - 1))  # type: ignore[operator]
            case Gt():
                beyond.append(str(bound.gt))
            case Le():
                beyond.append(str(bound.le + 1))  # type: ignore[operator]
            case Lt():
                beyond.append(str(bound.lt))
    return [WRONG[words], *beyond] if words in WRONG else []


WRONG_VALUES = [(name, value) for name, field in FIELDS.items() for value in wrong(name, field)]


def test_most_settings_are_tried() -> None:
    assert len({name for name, _ in WRONG_VALUES}) > len(FIELDS) / 2


@pytest.fixture(autouse=True)
def usable(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that must be set is set."""
    for name, value in (("REGIMEN", "eu-12mg"), ("TIME_ZONE", "UTC"), ("CLIENT_AUTH", "off")):
        monkeypatch.setenv(f"{PREFIX}{name}", value)


@pytest.mark.parametrize(("name", "value"), WRONG_VALUES)
def test_a_wrong_value_stops_the_start_with_the_name_of_the_setting(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", value)
    with pytest.raises(SettingsError) as told:
        load() if name in Settings.model_fields else load_for_check()
    lines = str(told.value).splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(f"{PREFIX}{name.upper()}")


@pytest.mark.parametrize("name", FIELDS)
def test_a_name_that_is_nearly_right_stops_the_start(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = f"{PREFIX}{name.upper()}_"
    monkeypatch.setenv(variable, "1")
    with pytest.raises(SettingsError, match=f"^{variable}: there is no such setting; remove it or correct its name$"):
        load()


SECRETS = [
    name
    for name, field in FIELDS.items()
    if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
]


def test_there_are_secrets_to_keep() -> None:
    assert "fhir_token" in SECRETS


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_never_shown(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", MARK)
    settings = load() if name in Settings.model_fields else load_for_check()
    assert getattr(settings, name).get_secret_value() == MARK
    assert MARK not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    monkeypatch.setenv(f"{PREFIX}DEADLINE_SECONDS", "never")
    with pytest.raises(SettingsError) as told:
        load()
    assert MARK not in str(told.value)
