"""Feedback as CDS Hooks 2.0 has it: what is taken, what is refused and named, and that comments stay out."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from hooks.journal.comments import Comments
from hooks.journal.decision import Feedback
from tests.service.ehr import CHART, LAST_WEEK, NOW, ORDER, Client, ask, call, draft, prefetched, service
from tests.service.noted import NotedJournal, noting

Json = dict[str, Any]
CARD = "4e0a5a1e-8f1c-4a52-8f3a-000000000001"
SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
COMMENT = "Given at another hospital to Jane Doe, see letter"
AT = "2021-12-11T10:05:31Z"
OVERRIDDEN: Json = {
    "card": CARD,
    "outcome": "overridden",
    "overrideReason": {"reason": {"code": "action-completed", "system": SYSTEM}, "userComment": COMMENT},
    "outcomeTimestamp": AT,
}
ACCEPTED: Json = {"card": CARD, "outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}], "outcomeTimestamp": AT}


def told(*entries: Any, service_id: str = ORDER, comments: Comments | None = None) -> tuple[int, Json, list[Feedback]]:
    """Status and body of a feedback call, and what it left in the journal."""
    journal = NotedJournal()
    with service(memory=noting(lambda: NOW, journal=journal, comments=comments)) as client:
        answer = client.post(f"/cds-services/{service_id}/feedback", json={"feedback": list(entries)})
        return answer.status_code, answer.json(), journal.feedback


@pytest.mark.parametrize("service_id", [ORDER, CHART])
def test_feedback_is_taken_for_every_service(service_id: str) -> None:
    status, body, [kept] = told(OVERRIDDEN, service_id=service_id)
    assert (status, body) == (200, {})
    assert (kept.card, kept.service, kept.outcome, kept.suggestions) == (CARD, service_id, "overridden", ())
    assert (kept.reason_system, kept.reason_code) == (SYSTEM, "action-completed")
    assert (kept.outcome_time, kept.received) == (datetime(2021, 12, 11, 10, 5, 31, tzinfo=UTC), NOW)


def test_feedback_that_could_not_be_kept_is_not_answered_as_if_it_were() -> None:
    class Full(NotedJournal):
        async def keep_feedback(self, given: Iterable[Feedback]) -> bool:
            return not list(given)

    with service(memory=noting(lambda: NOW, journal=Full())) as client:
        answer = client.post(f"/cds-services/{ORDER}/feedback", json={"feedback": [OVERRIDDEN]})
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (503, "transient")


def test_the_cards_of_an_answer_can_be_told_of_as_the_client_would() -> None:
    journal = NotedJournal()
    request = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
    with service(memory=noting(lambda: NOW, journal=journal)) as client:
        [card] = ask(client, ORDER, request).json()["cards"]
        entry = {**ACCEPTED, "card": card["uuid"], "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}
        assert client.post(f"/cds-services/{ORDER}/feedback", json={"feedback": [entry]}).status_code == 200
    [decision], [kept] = journal.decisions, journal.feedback
    assert kept.card == decision.cards[0].uuid
    assert set(kept.suggestions) <= set(decision.cards[0].suggestions)


LENIENT = {
    "a reason without display and without system": {"overrideReason": {"reason": {"code": "x"}}},
    "a reason with a display": {"overrideReason": {"reason": {"code": "x", "system": "s", "display": "d"}}},
    "a comment alone": {"overrideReason": {"userComment": COMMENT}},
    "no reason: dismissed": {"overrideReason": None},
    "milliseconds": {"outcomeTimestamp": "2021-12-11T10:05:31.123Z"},
    "an offset": {"outcomeTimestamp": "2021-12-11T11:05:31+01:00"},
    "small letters": {"outcomeTimestamp": "2021-12-11t10:05:31z"},
    "fields of tomorrow": {"extension": {"x": 1}, "somethingNew": []},
}


@pytest.mark.parametrize("changes", LENIENT.values(), ids=LENIENT)
def test_what_clients_leave_out_or_add_is_met(changes: Json) -> None:
    status, _, kept = told({**OVERRIDDEN, **changes})
    assert (status, len(kept)) == (200, 1)


WRONG = {
    "no card": ({"card": None}, "feedback[0].card"),
    "an empty card": ({"card": " "}, "feedback[0].card"),
    "a card that is no text": ({"card": 17}, "feedback[0].card"),
    "a card longer than any uuid": ({"card": "x" * 65}, "feedback[0].card"),
    "a card that is a sentence": ({"card": "the mother has refused"}, "feedback[0].card"),
    "a card with a NUL": ({"card": "a\x00b"}, "feedback[0].card"),
    "no outcome": ({"outcome": None}, "feedback[0].outcome"),
    "an outcome that there is not": ({"outcome": "ignored"}, "feedback[0].outcome"),
    "accepted without suggestions": ({"outcome": "accepted"}, "feedback[0].acceptedSuggestions"),
    "accepted with none": ({"outcome": "accepted", "acceptedSuggestions": []}, "feedback[0].acceptedSuggestions"),
    "a suggestion without id": (
        {"outcome": "accepted", "acceptedSuggestions": [{"id": "s1"}, {}]},
        "feedback[0].acceptedSuggestions[1].id",
    ),
    "a reason that is a text": ({"overrideReason": "because"}, "feedback[0].overrideReason"),
    "an empty reason": ({"overrideReason": {}}, "feedback[0].overrideReason"),
    "a reason without code": ({"overrideReason": {"reason": {"system": "s"}}}, "feedback[0].overrideReason.reason"),
    "a comment that is no text": ({"overrideReason": {"userComment": 1}}, "feedback[0].overrideReason.userComment"),
    "no time": ({"outcomeTimestamp": None}, "feedback[0].outcomeTimestamp"),
    "a time without offset": ({"outcomeTimestamp": "2021-12-11T10:05:31"}, "feedback[0].outcomeTimestamp"),
    "a day": ({"outcomeTimestamp": "2021-12-11"}, "feedback[0].outcomeTimestamp"),
    "a day that there is not": ({"outcomeTimestamp": "2021-02-30T10:05:31Z"}, "feedback[0].outcomeTimestamp"),
    "before all time": ({"outcomeTimestamp": "0001-01-01T00:00:00+14:00"}, "feedback[0].outcomeTimestamp"),
}


@pytest.mark.parametrize(("changes", "where"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named_and_not_quoted_and_the_other_entries_are_kept(changes: Json, where: str) -> None:
    status, outcome, kept = told({**OVERRIDDEN, **changes}, ACCEPTED)
    assert (status, outcome["resourceType"]) == (400, "OperationOutcome")
    assert outcome["issue"][0]["expression"] == [where]
    assert "1 other entries are kept" in outcome["issue"][-1]["diagnostics"]
    assert COMMENT not in str(outcome)
    assert [entry.outcome for entry in kept] == ["accepted"]


@pytest.mark.parametrize(
    "body", [{}, [], None, {"feedback": None}, {"feedback": []}, {"feedback": {"card": CARD}}, {"feedback": [1] * 1001}]
)
def test_a_body_that_holds_no_list_of_feedback_is_refused(body: Any) -> None:
    with service() as client:
        answer = client.post(f"/cds-services/{ORDER}/feedback", json=body)
    assert (answer.status_code, answer.json()["resourceType"]) == (400, "OperationOutcome")


def test_a_body_that_is_no_json_is_refused_and_one_beyond_a_limit_too() -> None:
    with service(max_body_megabytes=0.0001) as client:
        assert client.post(f"/cds-services/{ORDER}/feedback", content=b"{").status_code == 400
        assert client.post(f"/cds-services/{ORDER}/feedback", content=b"{" * 200).status_code == 413


def test_of_a_service_that_is_not_ours_the_answer_lists_those_that_are() -> None:
    with service() as client:
        answer = client.post("/cds-services/another/feedback", json={"feedback": [ACCEPTED]})
    assert answer.status_code == 404
    assert ORDER in answer.text


def test_the_same_feedback_has_the_same_id_and_another_one_has_another() -> None:
    later = {**OVERRIDDEN, "outcomeTimestamp": "2021-12-11T10:05:32Z"}
    spelled = {**OVERRIDDEN, "outcomeTimestamp": "2021-12-11T11:05:31.000+01:00"}
    _, _, kept = told(OVERRIDDEN, OVERRIDDEN, spelled, later, ACCEPTED)
    assert len({entry.id for entry in kept[:3]}) == 1
    assert len({entry.id for entry in kept}) == 3


def test_comments_are_dropped_unless_they_are_encrypted(tmp_path: Path) -> None:
    _, _, [dropped] = told(OVERRIDDEN)
    assert dropped.comment is None
    (tmp_path / "keys").write_text(Fernet.generate_key().decode(), "utf-8")
    comments = Comments(tmp_path / "keys")
    _, _, [kept, without] = told(OVERRIDDEN, ACCEPTED, comments=comments)
    assert kept.comment is not None
    assert "Jane" not in kept.comment
    assert comments.open(kept.comment) == COMMENT
    assert without.comment is None


def test_a_comment_is_never_logged(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(Fernet.generate_key().decode(), "utf-8")
    with caplog.at_level(logging.DEBUG):
        for comments in (None, Comments(tmp_path / "keys")):
            for entry in (OVERRIDDEN, {**OVERRIDDEN, "card": None}):
                _, body, _ = told(entry, comments=comments)
                assert "Jane" not in str(body)
    assert "Jane" not in caplog.text + "".join(str(vars(record)) for record in caplog.records)


def preflight(client: Client) -> int:
    """The status of a browser's preflight for feedback."""
    headers = {
        "Origin": "https://sandbox.example.invalid",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return client.options(f"/cds-services/{ORDER}/feedback", headers=headers).status_code


def test_a_browser_may_send_feedback() -> None:
    with service() as client:
        assert preflight(client) == 200
