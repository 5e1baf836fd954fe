"""What a page shows of one patient: found by the very calls that an EHR makes, so that a page never says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import orjson

from cds.dosing.assessment import Assessment
from cds.dosing.facts import Administration, Ordered
from cds.fhir.errors import FhirError, Kind
from cds.fhir.needs import PERSON
from cds.fhir.patients import linked
from cds.fhir.plain import Resource
from hooks.cards import Card, chart_cards
from hooks.desk import Desk
from hooks.flow import Answered, answer
from hooks.found import administrations, has_drug
from hooks.gather import Gathered
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
    `problems` say what of the history could not be read, `unknown` what beside it, as whether the patient has died.
    `moved` is the dose of an active order in whose place the date was judged, since it is too near to be another."""

    assessment: Assessment
    doses: Mapping[str, Administration]
    headline: Card | None
    verdict: tuple[Card, ...] | None
    problems: tuple[str, ...]
    unknown: tuple[str, ...]
    read_at: datetime
    moved: Ordered | None = None


class NotSeenError(Exception):
    """The history could not be read, so there is nothing to show. The message is for people, without patient data."""


async def look(question: Question, desk: Desk) -> View:
    """The doses of a patient, judged. Raises NotSeenError; a history that was not read is never an empty one."""
    now = desk.clock().astimezone(desk.zone)
    # whatever the site does with failures of a call: a page says them in words of its own
    loud = {"order_failure": OnFailure.STATUS, "chart_failure": OnFailure.STATUS}
    desk = replace(desk, site=desk.site.model_copy(update=loud))
    answered, assessment, gathered = await _answered(question, desk)
    if question.what_if is None and not has_drug(assessment):
        # all that there is can stand under another id (C9), which is looked under where the Patient is at hand
        person = await _person(question, desk, gathered)
        if linked(person):
            answered, assessment, gathered = await _answered(question, desk, person=person)
    # the next dose on another day is most often the one that is ordered already: it is moved, and not given twice
    moved = _too_near(assessment)
    if moved is not None:
        in_its_place = await _answered(question, desk, moved.reference)
        if moved in in_its_place[1].ordered:
            moved = None
        else:
            answered, assessment, gathered = in_its_place
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
        moved=moved,
    )


async def _person(question: Question, desk: Desk, gathered: Gathered) -> Resource:
    """The Patient, of nothing where the server has records of the patient and no Patient. Raises NotSeenError."""
    client = desk.client(_call(question, desk))
    assert client is not None, "the server of a question is known"
    try:
        return await client.read(PERSON.resource_type, question.patient, seconds=desk.limits.seconds)
    except FhirError as error:
        if error.kind is Kind.MISSING and gathered.resources:
            return {}
        raise NotSeenError(error.message) from None


async def _answered(
    question: Question, desk: Desk, moved: str = "", person: Resource | None = None
) -> tuple[Answered, Assessment, Gathered]:
    """The answer to the call, and what it rests on. Raises NotSeenError."""
    service = CHART if question.what_if is None else ORDER
    answered = await answer(_call(question, desk, moved, person), desk, service, question.incident)
    if answered.assessment is None or answered.gathered is None:
        raise NotSeenError(_why(answered))
    return answered, answered.assessment, answered.gathered


def _too_near(assessment: Assessment) -> Ordered | None:
    """The first dose that is ordered, where the date that is tried is too near to it (rule P3) to be another dose. Of
    an order for several doses none is moved alone."""
    if not assessment.ordered or not assessment.proposed:
        return None
    first = min(assessment.ordered, key=lambda ordered: (ordered.day, ordered.reference))
    gap = abs((assessment.proposed[0].date - first.day).days)
    alone = sum(each.reference == first.reference for each in assessment.ordered) == 1
    return first if alone and gap < assessment.regimen.minimum_interval.days else None


def _call(question: Question, desk: Desk, moved: str = "", person: Resource | None = None) -> HookRequest:
    context: dict[str, object] = {"patientId": question.patient}
    if question.what_if is not None:
        entry = {"resource": _draft(question, question.what_if, desk, moved)}
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [entry]}
    return HookRequest(
        hook=PATIENT_VIEW if question.what_if is None else ORDER_SIGN,
        hook_instance=question.incident,
        patient_id=question.patient,
        context=context,
        prefetch={} if person is None else {PERSON.key: person},
        fhir_server=question.server,
        access_token=question.token,
    )


def _draft(question: Question, day: date, desk: Desk, moved: str) -> dict[str, object]:
    """An order of the drug for one day, which says neither amount nor route: only the date is asked about. `moved`: the
    order in whose place it is."""
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
        **({"priorPrescription": {"reference": moved}} if moved else {}),
    }


def _why(answered: Answered) -> str:
    """The words of the OperationOutcome that answers a failed call."""
    said = orjson.loads(answered.body)
    return "; ".join(issue["diagnostics"] for issue in said["issue"])
