"""The language of a site: what a call is answered in, and what keeps the service from starting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cds.regimens.faults import RegimenFaults
from hooks.card_kinds import EXTENSION
from tests.cards.languages import NAME, made_up, read_back, write
from tests.service.ehr import BESIDE, CHART, LAST_WEEK, ORDER, ask, call, draft, prefetched, service

PUBLIC = "https://cds.example.invalid"


def cards(folder: Path, **settings: Any) -> list[dict[str, Any]]:
    """The cards on an order a week after the last dose."""
    with service(wording_folder=write(folder, made_up()), public_url=PUBLIC, **settings) as client:
        answer = ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK)))
    found: list[dict[str, Any]] = answer.json()["cards"]
    return found


def test_a_site_is_answered_in_its_language_and_in_english_without_a_choice(tmp_path: Path) -> None:
    (english,) = cards(tmp_path)
    (turned,) = cards(tmp_path, locale=NAME)
    assert "wording" not in english["extension"][EXTENSION]
    assert turned["extension"][EXTENSION]["wording"]["locale"] == NAME
    assert turned["summary"] != english["summary"]
    assert read_back(turned["summary"]) == english["summary"]
    assert read_back(turned["links"][0]["label"]) == english["links"][0]["label"]
    assert turned["source"]["topic"]["code"] == english["source"]["topic"]["code"]


def test_what_could_not_be_read_is_told_in_its_language_too(tmp_path: Path) -> None:
    beside = {key: value for key, value in BESIDE.items() if key not in ("statements", "orders")}
    words = []
    for locale in ("en", NAME):
        with service(wording_folder=write(tmp_path, made_up()), locale=locale) as client:
            asked = call("order-sign", drafts=[draft()], prefetch={**prefetched(*LAST_WEEK), **beside})
            for key in ("statements", "orders"):
                asked["prefetch"].pop(key, None)
            words += [card["detail"] for card in ask(client, ORDER, asked).json()["cards"]]
    english, turned = words
    assert "Doses given elsewhere: prefetch.statements is missing" in english
    assert "Doses given elsewhere" not in turned
    assert "Doses given elsewhere: prefetch.statements is missing" in read_back(turned)


def test_each_site_has_its_own_language(tmp_path: Path) -> None:
    sites = tmp_path / "sites.toml"
    sites.write_text(
        "\n".join(
            f'[[site]]\nid = "{name}"\nregimen = ["eu-12mg"]\ntime_zone = "Europe/Stockholm"\n'
            f'fhir_servers = ["https://{name}.example.invalid/fhir"]\nlocale = "{locale}"\n'
            for name, locale in (("one", "en"), ("two", NAME))
        )
    )
    said = []
    chosen = {"regimen": None, "time_zone": None, "fhir_servers": ()}
    with service(sites_file=sites, wording_folder=write(tmp_path / "w", made_up()), **chosen) as client:
        for name in ("one", "two"):
            asked = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
            asked["fhirServer"] = f"https://{name}.example.invalid/fhir"
            (card,) = ask(client, ORDER, asked).json()["cards"]
            said.append(card["summary"])
    assert said[0] != said[1]
    assert said[0] == read_back(said[1])


def test_a_language_without_a_file_keeps_the_service_from_starting(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="there are no words in the language 'sv', only in: en, qaa"),
        service(wording_folder=write(tmp_path, made_up()), locale="sv"),
    ):
        pass


def test_so_does_a_file_with_faults_even_if_no_site_speaks_it(tmp_path: Path) -> None:
    content = made_up()
    del content["phrases"]["dose"]
    with (
        pytest.raises(RegimenFaults, match=r"qaa\.toml: phrases\.dose: is missing"),
        service(wording_folder=write(tmp_path, content)),
    ):
        pass


def test_a_chart_is_told_in_the_language_too(tmp_path: Path) -> None:
    with service(wording_folder=write(tmp_path, made_up()), locale=NAME) as client:
        (card,) = ask(client, CHART, call("patient-view", prefetch=prefetched("2026-01-01"))).json()["cards"]
    assert read_back(card["summary"]).startswith("Nusinersen: a clinician decides the next dose")
