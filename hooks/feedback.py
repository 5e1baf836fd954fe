"""What an EHR says of our cards: the body of a feedback call, read by CDS Hooks 2.0."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from hooks.journal.decision import Feedback, storable
from hooks.protocol import BadRequestError, Fault

ACCEPTED, OVERRIDDEN = "accepted", "overridden"
MOST_ENTRIES = 1000
"""Entries of one call."""
_MOST_SUGGESTIONS = 100
_LONGEST_ID = 64
_ID = re.compile(rf"[A-Za-z0-9._:\-]{{1,{_LONGEST_ID}}}")
_LONGEST_COMMENT = 10_000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Given:
    """The entries that can be used, and what is wrong with the others."""

    entries: tuple[Feedback, ...]
    faults: tuple[Fault, ...]


def read_feedback(body: object, *, service: str, received: datetime, seal: Callable[[str], str] | None) -> Given:
    """The entries of a feedback call. Raises BadRequestError for a body that holds no list of them.

    `seal` encrypts a comment; without it comments are dropped. Of the reason its code and system are read and its
    display is not, which an EHR may have let somebody write. Required are card, outcome, outcomeTimestamp and, where a
    suggestion was accepted, its id; a reason without system or display is met, and so is a null for an optional field.
    """
    listed = body.get("feedback") if isinstance(body, dict) else None
    if not isinstance(listed, list) or not listed:
        raise BadRequestError([Fault("feedback", "this field is required: a list of feedback, not empty")])
    if len(listed) > MOST_ENTRIES:
        raise BadRequestError([Fault("feedback", f"at most {MOST_ENTRIES} entries in one call", "too-long")])
    entries, faults = [], []
    for number, entry in enumerate(listed):
        where = f"feedback[{number}]"
        reader = _Reader(entry if isinstance(entry, dict) else {}, where)
        if not isinstance(entry, dict):
            reader.faults.append(Fault(where, "must be an object", "structure"))
        else:
            entries += reader.read(service, received, seal)
        faults += reader.faults
    return Given(tuple(entries), tuple(faults))


class _Reader:
    """One entry, and its faults."""

    def __init__(self, entry: Mapping[str, Any], where: str) -> None:
        self._entry, self._where = entry, where
        self.faults: list[Fault] = []

    def read(self, service: str, received: datetime, seal: Callable[[str], str] | None) -> list[Feedback]:
        """The entry; none where anything is wrong with it."""
        card = self._id(self._entry.get("card"), "card", "the uuid of a card")
        outcome = self._entry.get("outcome")
        if outcome not in (ACCEPTED, OVERRIDDEN):
            self._fault("outcome", f"must be {ACCEPTED} or {OVERRIDDEN}", "required" if outcome is None else "value")
        suggestions = self._suggestions() if outcome == ACCEPTED else ()
        system, code, comment = self._reason()
        moment = self._moment()
        if self.faults or moment is None:
            return []
        identity = orjson.dumps([card, outcome, suggestions, system, code, moment])
        kept = seal(comment[:_LONGEST_COMMENT]) if seal is not None and comment else None
        digest = hashlib.sha256(identity).hexdigest()
        return [Feedback(digest, card, service, str(outcome), suggestions, system, code, kept, moment, received)]

    def _suggestions(self) -> tuple[str, ...]:
        accepted = self._entry.get("acceptedSuggestions")
        if not isinstance(accepted, list) or not accepted:
            what = "this field is required where the outcome is accepted: a list of objects with id, not empty"
            self._fault("acceptedSuggestions", what, "required")
            return ()
        if len(accepted) > _MOST_SUGGESTIONS:
            self._fault("acceptedSuggestions", f"at most {_MOST_SUGGESTIONS}", "too-long")
            return ()
        return tuple(
            self._id(
                one.get("id") if isinstance(one, dict) else None,
                f"acceptedSuggestions[{number}].id",
                "the uuid of a suggestion",
            )
            for number, one in enumerate(accepted)
        )

    def _reason(self) -> tuple[str, str, str]:
        """System and code of the reason, and the comment, as far as they are given."""
        given = self._entry.get("overrideReason")
        if given is None:
            return "", "", ""
        if not isinstance(given, dict):
            self._fault("overrideReason", "must be an object", "value")
            return "", "", ""
        reason, comment = given.get("reason"), given.get("userComment")
        if reason is None and comment is None:
            self._fault("overrideReason", "must have a reason or a userComment, or be left out", "required")
        if reason is not None and (not isinstance(reason, dict) or not _is_text(reason.get("code"))):
            self._fault("overrideReason.reason", "must be an object with a code", "value")
            reason = None
        if comment is not None and not _is_text(comment):
            self._fault("overrideReason.userComment", "must be a string, not empty", "value")
            comment = None
        system = reason.get("system") if reason is not None else None
        if system is not None and not _is_text(system):
            self._fault("overrideReason.reason.system", "must be a string, not empty, or be left out", "value")
            system = None
        code = reason["code"] if reason is not None else ""
        return storable(system or "", 256), storable(code, 128), comment or ""

    def _moment(self) -> datetime | None:
        given = self._entry.get("outcomeTimestamp")
        if isinstance(given, str) and _MOMENT.fullmatch(given):
            try:
                return datetime.fromisoformat(given.upper()).astimezone(UTC)
            except (ValueError, OverflowError):
                pass
        what = "must be a moment with its offset, such as 2021-12-11T10:05:31Z"
        self._fault("outcomeTimestamp", what, "required" if given is None else "value")
        return None

    def _id(self, given: object, where: str, what: str) -> str:
        if not isinstance(given, str) or not given.strip():
            self._fault(where, f"must be {what}", "required" if given is None else "value")
            return ""
        text = given.strip()
        if not _ID.fullmatch(text):
            # where comments are not kept, or only sealed, an id must not be able to hold one
            self._fault(where, f"must be {what}: at most {_LONGEST_ID} letters, digits, hyphens, dots, colons", "value")
        return text

    def _fault(self, where: str, what: str, code: str) -> None:
        self.faults.append(Fault(f"{self._where}.{where}", what, code))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
