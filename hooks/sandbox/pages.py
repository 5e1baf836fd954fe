"""The pages of the demonstration: timelines and playground, without a login, since all patients are made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import FastAPI, Query, Request, Response

from hooks.memory import Memory
from hooks.operations.call import current
from hooks.pages.listing import patient_query
from hooks.pages.people import Anybody, Around
from hooks.pages.timeline import Place, not_seen, timeline
from hooks.pages.view import Question
from hooks.pages.work import WorkPages
from hooks.protocol import PATIENT_VIEW
from hooks.sandbox.patients import DemoPatient
from hooks.sandbox.playground import PLAYGROUND, ask, send_edited
from hooks.sites import Sites

TIMELINE = f"{PLAYGROUND}/timeline"
_FIRST = "overdue"
"""The patient that the playground begins with."""


class DemoPages:
    """What the demonstration serves beside the service."""

    def __init__(self, fhir: str, service: str, patients: Iterable[DemoPatient], site: str = "default") -> None:
        """`fhir` is the base URL of the sandbox, `service` that of the service."""
        around = Around(back=(PLAYGROUND, "Playground"))
        self._work = WorkPages(Anybody(site), patient_query(TIMELINE), around)
        self._fhir, self._service = fhir, service
        self._patients = {patient.id: patient for patient in patients}

    @property
    def names(self) -> Mapping[str, str]:
        """What log and counters call its paths."""
        return {TIMELINE: "timeline", PLAYGROUND: "playground", **self._work.names}

    def add(self, app: FastAPI, sites: Sites, memory: Memory) -> None:
        """Bind the pages."""
        self._work.add(app, sites, memory)

        @app.get(TIMELINE, include_in_schema=False)
        async def one_timeline(
            patient: Annotated[str, Query(max_length=64)] = "", date: Annotated[str, Query(max_length=32)] = ""
        ) -> Response:
            """The timeline of one demo patient; `date` is the date to try."""
            place = Place(
                TIMELINE, (("patient", patient),), (f"{PLAYGROUND}?{urlencode({'patient': patient})}", "Playground")
            )
            known = self._patients.get(patient)
            if known is None:
                return not_seen("there is no demo patient of this name", "", place, 404)
            desk = sites.choose(None, self._fhir)
            question = Question(patient, self._fhir, current().incident)
            return await timeline(question, date, desk, _name(known), place)

        @app.get(PLAYGROUND, include_in_schema=False)
        async def playground(
            patient: Annotated[str, Query(max_length=64)] = _FIRST,
            hook: Annotated[str, Query(max_length=64)] = PATIENT_VIEW,
        ) -> Response:
            """The form with a request."""
            return ask(self._patients, self._fhir, patient, hook)

        @app.post(PLAYGROUND, include_in_schema=False)
        async def sent(request: Request) -> Response:
            """The answer of the service to an edited request."""
            return await send_edited(request, self._patients, self._service, self._fhir)


def _name(patient: DemoPatient) -> str:
    person = patient.resources[0]
    [name] = person["name"]
    return f"{name['family']}, {' '.join(name['given'])}, born {person['birthDate']}"
