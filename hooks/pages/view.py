"""What a page shows of one patient: found by the very calls that an EHR makes, so that a page never says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import orjson

from cds.dosing.assessment import Assessment
from cds.dosing.facts import Administration
from hooks.cards import Card, chart_cards
from hooks.desk import Desk
from hooks.flow import Answered, answer
from hooks.found import administrations
from hooks.protocol import ORDER_SIGN, PATIENT_VIEW, HookRequest
from hooks.services import CHART, ORDER
from hooks.site_settings import OnFailure


@dataclass(frozen=True, slots=True)
class Question:
    """Whose doses are looked at, where they are read, and the date that is tried, if any.

    `incident` names the call in the log. The token is good for this one look.
    """

    patient: str
    server: str
    incident: str
    token: str | None = None
    what_if: date | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One patient as read. `doses` are the administrations by reference; `headline` is what the card on the chart says,
    None where there is none; `verdict` are the cards on a dose on the date that was tried, None where none was.
    `problems` say what of the history could not be read, `unknown` what beside it, as whether the patient has died."""

    assessment: Assessment
    doses: Mapping[str, Administration]
    headline: Card | None
    verdict: tuple[Card, ...] | None
    problems: tuple[str, ...]
    unknown: tuple[str, ...]
    read_at: datetime


class NotSeenError(Exception):
    """The history could not be read, so there is nothing to show. The message is for people, without patient data."""


async def look(question: Question, desk: Desk) -> View:
    """The doses of a patient, judged. Raises NotSeenError; a history that was not read is never an empty one."""
    now = desk.clock().astimezone(desk.zone)
    # whatever the site does with failures of a call: a page says them in words of its own
    loud = {"order_failure": OnFailure.STATUS, "chart_failure": OnFailure.STATUS}
    desk = replace(desk, site=desk.site.model_copy(update=loud))
    answered = await answer(
        _call(question, desk), desk, CHART if question.what_if is None else ORDER, question.incident
    )
    assessment, gathered = answered.assessment, answered.gathered
    if assessment is None or gathered is None:
        raise NotSeenError(_why(answered))
    if question.what_if is not None and not assessment.proposed:
        raise NotSeenError(f"the date could not be judged (incident {question.incident})")
    context = desk.context(now, gathered.problems)._replace(show_upcoming=True)
    on_chart = chart_cards(replace(assessment, proposed=()), context=context)
    return View(
        assessment=assessment,
        doses=administrations(f"Patient/{question.patient}", gathered, desk, answered.beside),
        headline=next(iter(on_chart), None),
        verdict=None if question.what_if is None else answered.cards,
        problems=gathered.problems,
        unknown=answered.unknown,
        read_at=now,
    )


def _call(question: Question, desk: Desk) -> HookRequest:
    context: dict[str, object] = {"patientId": question.patient}
    if question.what_if is not None:
        entry = {"resource": _draft(question, question.what_if, desk)}
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [entry]}
    return HookRequest(
        hook=PATIENT_VIEW if question.what_if is None else ORDER_SIGN,
        hook_instance=question.incident,
        patient_id=question.patient,
        context=context,
        prefetch={},
        fhir_server=question.server,
        access_token=question.token,
    )


def _draft(question: Question, day: date, desk: Desk) -> dict[str, object]:
    """An order of the drug for one day, which says neither amount nor route: only the date is asked about."""
    drug = desk.regimens.drug
    coding = next(coding for coding, strength in drug.products.items() if strength is None)
    return {
        "resourceType": "MedicationRequest",
        "id": "what-if",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{question.patient}"},
        "medicationCodeableConcept": {"coding": [{"system": coding.system, "code": coding.code}]},
        "dosageInstruction": [{"timing": {"event": [day.isoformat()]}}],
    }


def _why(answered: Answered) -> str:
    """The words of the OperationOutcome that answers a failed call."""
    said = orjson.loads(answered.body)
    return "; ".join(issue["diagnostics"] for issue in said["issue"])
