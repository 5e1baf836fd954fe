"""Good calls and bad ones: that each request is answered, and what a service does with what it cannot use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from hooks.conformance.answers import judge_answer
from hooks.conformance.discovery import PATH, Target
from hooks.conformance.results import Book
from hooks.conformance.transport import Answer, Caller
from hooks.conformance.values import is_text

Json = dict[str, Any]

_QUICK = 0.5
_NO_DATA = ("prefetch", "fhirServer", "fhirAuthorization")
_OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception", "diagnostics": "the search failed"}],
}
_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Called:
    """A request that was sent to a service, and what came back. `own`: it was given by the user."""

    target: Target
    request: Json
    answer: Answer
    own: bool = False

    @property
    def useful(self) -> bool:
        """It was answered with cards."""
        return bool(self.answer.cards)

    def changed(self, **changes: Any) -> Json:
        """The same request as a new one, with changes; None takes a field out."""
        body = {**self.request, "hookInstance": str(uuid4()), **changes}
        return {name: value for name, value in body.items() if value is not None}


def call(target: Target, request: Json, caller: Caller, book: Book, *, own: bool) -> Called:
    """One call of a good request. A sample that is refused for want of data proves nothing against the service."""
    answer = caller.post(target.path, request, request.get("hook", ""))
    called = Called(target, request, answer, own)
    if answer.status == 412 and not own:
        book.skip("call-status", f"{answer.said}: the sample lacks what the service needs; give --request")
        return called
    if book.judge("call-status", [] if answer.status == 200 else [answer.said]):
        slow = answer.seconds > _QUICK
        book.judge("answer-time", [f"{answer.where} took {answer.seconds:.1f} s"] if slow else [])
        judge_answer(answer, request, book)
    return called


def judge_bad_calls(called: Called, caller: Caller, book: Book) -> None:
    """Calls of one service that no client should make."""
    path = called.target.path
    broken = caller.post(path, b'{"hook": "patient-view", ', "malformed JSON")
    book.judge("malformed-json", [] if broken.refused else [f"{broken.said}, not 400"])
    for name in ("hook", "hookInstance", "context"):
        answer = caller.post(path, called.changed(**{name: None}), f"without {name}")
        book.judge("missing-fields", [] if answer.refused else [f"{answer.said}, not 400"])
    mismatch = caller.post(path, called.changed(hook="org.example.no-such-hook"), "a hook it is not listed for")
    book.judge("hook-mismatch", [] if mismatch.refused else [f"{mismatch.said}, not 400"])
    context = {**called.request["context"], "org.example.unknown": {"deep": [1]}}
    more = called.changed(context=context, extension={"org.example.unknown": {"a": 1}}, unknown="field")
    answer = caller.post(path, more, "with unknown fields")
    same = answer.status == called.answer.status
    book.judge("unknown-request-fields", [] if same else [f"{answer.said}, and {called.answer.status} without them"])


def judge_unknown_service(caller: Caller, book: Book, body: Json) -> None:
    """A call of an id that cannot exist."""
    answer = caller.post(f"{PATH}/no-such-service-{uuid4().hex[:8]}", body, "an unknown service")
    book.judge("unknown-service", [] if answer.status == 404 else [f"{answer.said}, not 404"])


def judge_data(called: Called, caller: Caller, book: Book) -> None:
    """The same call with its data taken away, or in the forms in which clients tell that they have none."""
    prefetch = called.request.get("prefetch")
    if not prefetch or not called.target.prefetch:
        return
    path = called.target.path
    nulls = caller.post(path, called.changed(prefetch=dict.fromkeys(prefetch)), "prefetch is null")
    book.judge("null-prefetch", [] if nulls.status in {200, 412} else [f"{nulls.said}, neither 200 nor 412"])
    without = caller.post(path, called.changed(**dict.fromkeys(_NO_DATA)), "no prefetch, no FHIR server")
    if called.useful:
        # With the data it had something to say, so it needs them.
        book.judge("without-data", [] if without.status == 412 else [f"{without.said}, not 412"])
    for check, value in (("outcome-prefetch", _OUTCOME), ("text-prefetch", _PAGE)):
        sent = called.changed(prefetch=dict.fromkeys(prefetch, value), fhirServer=None, fhirAuthorization=None)
        answer = caller.post(path, sent, check)
        book.judge(check, _unheard(answer, called))


def _unheard(answer: Answer, called: Called) -> list[str]:
    """Data that could not be had must be told: neither by a crash nor by the cards' being gone."""
    if answer.status == 0 or answer.status >= 500:
        return [answer.said]
    if called.useful and answer.status == 200 and not answer.cards:
        return [f"{answer.said} and no cards, as if all were well; with the data there were cards"]
    return []


def judge_fresh(called: Called, caller: Caller, book: Book) -> None:
    """The same call again: the uuids of its cards are new, or feedback could not be told apart."""
    before = {card.get("uuid") for card in called.answer.cards if isinstance(card, dict)}
    again = caller.post(called.target.path, called.changed(), "again")
    after = {card.get("uuid") for card in again.cards if isinstance(card, dict)}
    shared = {uuid for uuid in before & after if is_text(uuid)}
    if before and after:
        book.judge(
            "card-uuid-fresh", [f"{again.where}: {len(shared)} uuids are those of an earlier answer"] if shared else []
        )


def judge_errors(errors: Iterable[Answer], book: Book) -> None:
    """All error answers of the run. A 401 is bare, and a preflight has no body: other checks tell of them."""
    for answer in errors:
        if answer.status == 401 or answer.where.startswith("OPTIONS"):
            continue
        body = answer.json
        outcome = isinstance(body, dict) and body.get("resourceType") == "OperationOutcome"
        book.judge("error-outcome", [] if outcome else [f"{answer.said} without an OperationOutcome"])
        inner = b"Traceback (most recent call last)" in answer.body or b"\tat " in answer.body
        book.judge("error-internals", [f"{answer.said} with a stack trace"] if inner else [])
