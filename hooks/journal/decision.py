"""A Decision: what one call came to, and what is needed to come to it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card of a decision: its uuid and kind, the codes of its findings, and the uuids of its suggestions."""

    uuid: str
    kind: str
    findings: tuple[str, ...]
    suggestions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """One call that concerned the drug, or that failed.

    `patient` and `input` are hashes with the key `key_id`. `input` is of the records and orders that were judged:
    the same input under the same regimen (id, version, digest), tolerances in days, zone and day gives the same
    findings. `silent`: the cards were withheld. `latency_ms`: from the head of the request to the answer made.
    """

    id: str
    time: datetime
    incident: str
    service: str
    hook: str
    hook_instance: str
    site: str
    outcome: str
    silent: bool
    latency_ms: float
    patient: str
    key_id: str
    input: str
    on: date
    zone: str
    tolerance_loading: int
    tolerance_maintenance: int
    regimen: str
    regimen_version: str
    regimen_digest: str
    engine: str
    findings: tuple[str, ...]
    cards: tuple[ShownCard, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """What became of one card. `comment` is encrypted, or None."""

    id: str
    card: str
    service: str
    outcome: str
    suggestions: tuple[str, ...]
    reason_system: str
    reason_code: str
    comment: str | None
    outcome_time: datetime
    received: datetime


@dataclass(frozen=True, slots=True)
class PageView:
    """One look at a page. `user` and `patient` are hashes with the key `key_id`; `patient` is empty where the page is
    about many. `outcome`: `shown`, or why it was not."""

    id: str
    time: datetime
    incident: str
    page: str
    site: str
    outcome: str
    user: str
    patient: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted and not kept. `kind`: `not-ours`, `bad-request`, `lost-decision`, `lost-feedback`,
    `lost-view`."""

    kind: str
    service: str
    hook: str
    site: str
    day: date


def storable(text: str, longest: int) -> str:
    """A text of a caller as every database takes it: no NUL, no half of a surrogate pair, and not longer."""
    if not text.isprintable():
        text = "".join(_REPLACEMENT if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in text)
    return text[:longest]
