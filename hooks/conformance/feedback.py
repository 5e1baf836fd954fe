"""Feedback on cards: accepted in every legal form, more than once, and refused where it is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from hooks.conformance.calls import Called
from hooks.conformance.results import Book
from hooks.conformance.transport import Answer, Caller
from hooks.conformance.values import is_text, objects

Json = dict[str, Any]
_NOT_OFFERED = frozenset({404, 405, 501})
CHECKS = ("feedback-status", "feedback-idempotent", "feedback-forms", "feedback-unknown-card", "feedback-invalid")


def judge_feedback(called: list[Called], caller: Caller, book: Book, clock: Callable[[], datetime]) -> bool:
    """Sends feedback on a card of the answers. Says whether the services take feedback at all."""
    found = next(((one, card) for one in called for card in one.answer.cards if _has_uuid(card)), None)
    if found is None:
        return _skip(book, "no card had a uuid to give feedback on")
    one, card = found
    path = f"{one.target.path}/feedback"
    at = clock().astimezone(UTC)
    seconds = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    taken = _accepted(card, seconds)
    first = caller.post(path, {"feedback": [taken]}, "feedback")
    if first.status in _NOT_OFFERED:
        return _skip(book, f"{first.said}: the service takes no feedback, which it may")
    if not book.judge("feedback-status", _not_taken(first)):
        return _skip(book, f"{first.said}: there is no more to learn")
    again = caller.post(path, {"feedback": [taken]}, "the same feedback again")
    book.judge("feedback-idempotent", _not_taken(again))
    milliseconds = f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03d}Z"
    forms: dict[str, Json] = {
        "dismissed, time with milliseconds": {"outcomeTimestamp": milliseconds},
        "a reason without display": {"overrideReason": {"reason": {"code": "x", "system": "urn:example"}}},
        "a reason without system": {"overrideReason": {"reason": {"code": "x", "display": "X"}}},
        "a comment alone": {"overrideReason": {"userComment": "sent by a check of conformance"}},
    }
    dismissed = {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": seconds}
    for what, more in forms.items():
        book.judge("feedback-forms", _not_taken(caller.post(path, {"feedback": [{**dismissed, **more}]}, what)))
    both = caller.post(path, {"feedback": [dismissed, {**dismissed, "card": str(uuid4())}]}, "an unknown card beside")
    book.judge("feedback-unknown-card", [] if 0 < both.status < 500 else [both.said])
    for what, body in (("no array", {"feedback": "x"}), ("malformed JSON", b'{"feedback": [')):
        answer = caller.post(path, body, f"feedback, {what}")
        book.judge("feedback-invalid", [] if answer.refused else [f"{answer.said}, not 400"])
    return True


def _has_uuid(card: Any) -> bool:
    return isinstance(card, dict) and is_text(card.get("uuid"))


def _accepted(card: Json, at: str) -> Json:
    """The suggestion taken, where the card has one that can be named; else the card dismissed."""
    uuids = [one["uuid"] for _, one in objects(card, "suggestions") if is_text(one.get("uuid"))]
    base = {"card": card["uuid"], "outcomeTimestamp": at}
    if uuids:
        return {**base, "outcome": "accepted", "acceptedSuggestions": [{"id": uuids[0]}]}
    return {**base, "outcome": "overridden"}


def _not_taken(answer: Answer) -> list[str]:
    return [] if 200 <= answer.status < 300 else [f"{answer.said}, not 200"]


def _skip(book: Book, reason: str) -> bool:
    for check in CHECKS:
        book.skip(check, reason)
    return False
