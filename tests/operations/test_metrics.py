"""Metrics: what is counted under which labels, and that no label takes what a caller sends."""

from __future__ import annotations

import pytest

from cds.regimens.library import load
from hooks.operations.call import Call
from hooks.operations.metrics import Metrics


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"nusinersen_cds_{name}", labels)


def answered(outcome: str, *cards: str) -> Call:
    return Call("r", "i", service="nusinersen-order", hook="order-sign", site="default", outcome=outcome, cards=cards)


def test_calls_are_counted_by_outcome_and_cards_by_kind() -> None:
    metrics = Metrics()
    for call in (answered("checked", "NusinersenTooEarly", "NusinersenNotChecked"), answered("checked")):
        metrics.began()
        metrics.ended(call, 0.02)
    where = {"service": "nusinersen-order", "hook": "order-sign", "site": "default"}
    assert sample(metrics, "calls_total", **where, outcome="checked") == 2
    assert sample(metrics, "cards_total", **where, kind="NusinersenTooEarly") == 1
    assert sample(metrics, "calls_in_flight") == 0


@pytest.mark.parametrize(("seconds", "fast"), [(0.5, 1), (0.501, 0)])
def test_the_time_that_cds_hooks_asks_for_is_a_boundary_of_a_bucket(seconds: float, fast: int) -> None:
    metrics = Metrics()
    metrics.began()
    metrics.ended(answered("checked"), seconds)
    assert sample(metrics, "call_seconds_bucket", service="nusinersen-order", le="0.5") == fast
    assert sample(metrics, "call_seconds_count", service="nusinersen-order") == 1


def test_requests_to_servers_and_refused_callers() -> None:
    metrics = Metrics()
    metrics.asked("the read of a Medication", "denied")
    metrics.refused("expired")
    assert sample(metrics, "fhir_requests_total", asked="the read of a Medication", outcome="denied") == 1
    assert sample(metrics, "refused_callers_total", reason="expired") == 1


def test_the_regimens_that_are_loaded_and_in_use() -> None:
    library, metrics = load(), Metrics()
    metrics.show_regimens(library.regimens.values(), ["eu-12mg"])
    found = {
        each.id: sample(metrics, "regimen", regimen=each.id, version=each.version, digest=each.digest)
        for each in library.regimens.values()
    }
    assert found == {name: int(name == "eu-12mg") for name in library.regimens}


def test_numbers_of_other_parts_are_read_for_each_page() -> None:
    def fails() -> float:
        raise OSError

    waiting = iter([3, 5])
    metrics = Metrics()
    metrics.add("journal_waiting", "Lines that wait", lambda: next(waiting))
    metrics.add("journal_lost", "Lines lost", lambda: 2, grows=True)
    metrics.add("broken", "Cannot be read", fails)
    pages = [metrics.page("text/plain")[0].decode() for _ in range(2)]
    assert ["nusinersen_cds_journal_waiting 3.0" in pages[0], "nusinersen_cds_journal_waiting 5.0" in pages[1]] == [
        True,
        True,
    ]
    assert all("nusinersen_cds_journal_lost_total 2.0" in page and "broken" not in page for page in pages)


def test_two_services_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.refused("expired")
    assert sample(other, "refused_callers_total", reason="expired") is None


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "text/plain; version=0.0.4"),
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0"),
    ],
)
def test_the_page_is_in_the_form_that_is_asked_for(accept: str, media_type: str) -> None:
    content, given = Metrics().page(accept)
    assert given.startswith(media_type)
    assert b"# TYPE nusinersen_cds_calls_in_flight gauge" in content
