"""The table of services: which hooks, under which id, in which words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cds.dosing.drug import Coding
from cds.fhir.needs import APPOINTMENTS, ORDERS, PERSON, STATEMENTS, Need, templates
from hooks.protocol import APPOINTMENT_BOOK, ENCOUNTER_START, ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW
from hooks.wire import Discovery

_REQUIREMENTS = (
    "All MedicationAdministrations of the patient, of any date and status: a history that is cut short is answered "
    "as incomplete. Without FHIR access for the service, each MedicationAdministration and each order must carry "
    "its medication inline (medicationCodeableConcept) or contained. Bundles that are split over pages need fhirServer "
    "and fhirAuthorization with the scopes patient/MedicationAdministration.read, patient/MedicationRequest.read, "
    "patient/MedicationStatement.read, patient/Patient.read, patient/Medication.read and patient/Appointment.read, or "
    "their user/ forms."
)
_LABORATORY = (
    " Where the label asks for laboratory tests before each dose, also the Observations of `results`, with the scope "
    "patient/Observation.read."
)
_MARKERS = " Where a site marks that therapy has ended, also {keys}, with the scopes {scopes}."


@dataclass(frozen=True, slots=True)
class Service:
    """One service: `id` is the last part of its URL, `hooks` those it is registered for, `beside` what it needs beside
    the history."""

    id: str
    hooks: tuple[str, ...]
    title: str
    description: str
    beside: tuple[Need, ...] = ()


CHART = Service(
    "nusinersen-chart",
    (PATIENT_VIEW,),
    "Nusinersen: next dose",
    "Tells when the next dose of nusinersen is due or overdue, which catch-up the label gives for a delayed dose, and "
    "where the history is incomplete or the label leaves the decision to a clinician. A dose that is due is not told "
    "while an order or an appointment for it fits.",
    (ORDERS, STATEMENTS, PERSON, APPOINTMENTS),
)
# One id on two hooks: the cards of order-sign replace those of order-select in the client.
ORDER = Service(
    "nusinersen-order",
    (ORDER_SELECT, ORDER_SIGN),
    "Nusinersen: dosing interval",
    "Checks the date of a nusinersen order against the doses given: the minimum interval, the schedule of the label, "
    "and the catch-up after a delay; and against the dates of other active orders. Orders of other drugs are not "
    "looked at.",
    (ORDERS, STATEMENTS, PERSON),
)
APPOINTMENT = Service(
    "nusinersen-appointment",
    (APPOINTMENT_BOOK,),
    "Nusinersen: date of an appointment",
    "Checks the start of a proposed appointment for a dose of nusinersen as the date of an order. It is known by a "
    "code of the site in its service type or reason, or by a link to an order for nusinersen. Others are not read.",
    (ORDERS, STATEMENTS, PERSON),
)
ENCOUNTER = Service(
    "nusinersen-encounter",
    (ENCOUNTER_START,),
    "Nusinersen: visit",
    "Tells what is told when the chart is opened, and checks the dose for which an order or an appointment is dated on "
    "the day of the visit.",
    (ORDERS, STATEMENTS, PERSON, APPOINTMENTS),
)
SERVICES: dict[str, Service] = {service.id: service for service in (CHART, ORDER, APPOINTMENT, ENCOUNTER)}


def discovery(
    codes: Iterable[Coding] = (),
    silent: Sequence[Collection[str]] = ((),),
    laboratory: tuple[Need, ...] = (),
    markers: tuple[Need, ...] = (),
) -> dict[str, Any]:
    """The answer to `GET /cds-services`; `codes` are those that every site filters by, `silent` the services in silent
    mode, for each site, `laboratory` the results that labels of the sites ask for, `markers` those by which sites say
    that therapy has ended."""
    codes = tuple(codes)
    requirements = _REQUIREMENTS + _LABORATORY * bool(laboratory)
    if markers:
        scopes = " and ".join(f"patient/{need.resource_type}.read" for need in markers)
        requirements += _MARKERS.format(keys=" and ".join(f"`{need.key}`" for need in markers), scopes=scopes)
    services = [
        {
            "hook": hook,
            "id": service.id,
            "title": service.title,
            "description": service.description,
            "prefetch": templates(codes, (*service.beside, *laboratory, *markers)),
            "usageRequirements": _silence(service.id, silent) + requirements,
        }
        for service in SERVICES.values()
        for hook in service.hooks
    ]
    answer: dict[str, Any] = {"services": services}
    Discovery.model_validate(answer)
    return answer


def _silence(service: str, silent: Sequence[Collection[str]]) -> str:
    """The sentence that says that cards are withheld; empty where they are not."""
    quiet = [service in services for services in silent]
    if not any(quiet):
        return ""
    where = "" if all(quiet) else " for some of the sites"
    return f"Silent mode is on{where}: calls are evaluated and recorded, and no cards are shown, whatever is found. "
