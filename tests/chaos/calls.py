"""The kinds of call that are tried at each fault, and what came of one: for the caller, and for the clinician."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import httpx

from tests.service.ehr import CHART, ORDER, OTHER_DRUG, bundle, call, draft, given, with_server

Json = dict[str, Any]

_LOADING = (-413, -399, -385, -350)
HISTORIES = {"dose-last-week": (*_LOADING, -230, -110, -7), "dose-overdue": (*_LOADING, -230)}
"""Two made-up patients: the days of their doses, counted from today. Whole, each history gives a card."""


class Kind(StrEnum):
    """A kind of call. A clinician is warned at the first, by the rules, and at the last; at the second never."""

    OURS = "order for nusinersen"
    OTHER = "order for another drug"
    CHART = "chart of a treated patient"

    @property
    def service(self) -> str:
        """The id of the service that it calls."""
        return CHART if self is Kind.CHART else ORDER

    @property
    def patient(self) -> str:
        """Whom it is about."""
        return "dose-overdue" if self is Kind.CHART else "dose-last-week"


def today() -> date:
    """The day by which the service judges: it runs with its real clock, in UTC."""
    return datetime.now(UTC).date()


def history(patient: str, more: int = 0) -> list[Json]:
    """The administrations of a patient, the latest first, and `more` that are marked as not given."""
    subject = {"reference": f"Patient/{patient}"}
    days = [str(today() + timedelta(ahead)) for ahead in HISTORIES[patient]]
    doses = [given(f"a{number}", day, subject=subject) for number, day in enumerate(reversed(days), 1)]
    return doses + [given(f"n{number}", days[0], subject=subject, status="not-done") for number in range(more)]


def request(kind: Kind, *, fhir: str = "", more: int = 0) -> Json:
    """The request: with a FHIR server to read from, or without one and with the history as prefetch."""
    context = {"patientId": kind.patient}
    subject = {"reference": f"Patient/{kind.patient}"}
    if kind is Kind.CHART:
        made = call("patient-view", context=context)
    else:
        drug = {} if kind is Kind.OURS else {"medicationCodeableConcept": OTHER_DRUG}
        order = draft(day=str(today() + timedelta(2)), subject=subject, **drug)
        made = call("order-sign", drafts=[order], context=context)
    if fhir:
        return {**with_server(made), "fhirServer": fhir}
    return {
        **made,
        "prefetch": {
            "administrations": bundle(history(kind.patient, more)),
            "orders": None,
            "statements": None,
            "patient": None,
        },
    }


@dataclass(frozen=True, slots=True)
class Seen:
    """What one call got: the status, 0 where no answer came; the kinds of its cards; and the number of the answer."""

    status: int
    cards: tuple[str, ...] = ()
    incident: str = ""

    @property
    def bare(self) -> Seen:
        """The same without its number."""
        return replace(self, incident="")

    @property
    def got(self) -> str:
        """For the table: what the caller got."""
        if self.status != 200:
            return str(self.status) if self.status else "no answer"
        return f"200, cards: {', '.join(self.cards)}" if self.cards else "200, no cards"

    @property
    def sees(self) -> str:
        """For the table: what an EHR shows of it."""
        if self.all_clear:
            return "nothing"
        return "a card that says NOT checked" if self.cards == ("NotChecked",) else "a card"

    @property
    def all_clear(self) -> bool:
        """Whether it looks as if there were nothing to say: an EHR shows errors, too, as no advice."""
        return self.status != 200 or not self.cards


def seen(status: int, body: Json | None, incident: str = "") -> Seen:
    """What is in an answer; `body` None where it is no object."""
    cards = (body or {}).get("cards", []) if status == 200 else []
    kinds = tuple(dict.fromkeys(card["source"]["topic"]["code"].removeprefix("Nusinersen") for card in cards))
    return Seen(status, kinds, incident)


def ask(client: httpx.Client, kind: Kind, body: Json | bytes, token: str = "") -> Seen:
    """Call the service. A connection that breaks is no answer, and no error here."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    how: Json = {"content": body} if isinstance(body, bytes) else {"json": body}
    try:
        answer = client.post(f"/cds-services/{kind.service}", headers=headers, **how)
    except httpx.TransportError:
        return Seen(0)
    said = answer.json() if answer.status_code == 200 else None
    return seen(answer.status_code, said, answer.headers.get("X-Incident-Id", ""))
