"""The pages of the demonstration: the timeline of each made-up patient, without a login, since they are made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from fastapi import FastAPI, Query, Response

from hooks.operations.call import current
from hooks.pages.timeline import Place, not_seen, timeline
from hooks.pages.view import Question
from hooks.sandbox.patients import DemoPatient
from hooks.sites import Sites

TIMELINE = "/demo/timeline"


class DemoPages:
    """What the demonstration serves beside the service."""

    def __init__(self, fhir: str, patients: Iterable[DemoPatient]) -> None:
        """`fhir` is the base URL of the sandbox."""
        self._fhir = fhir
        self._patients = {patient.id: patient for patient in patients}

    @property
    def names(self) -> Mapping[str, str]:
        """What log and counters call its paths."""
        return {TIMELINE: "timeline"}

    def add(self, app: FastAPI, sites: Sites) -> None:
        """Bind the pages."""

        @app.get(TIMELINE, include_in_schema=False)
        async def one_timeline(
            patient: Annotated[str, Query(max_length=64)] = "", date: Annotated[str, Query(max_length=32)] = ""
        ) -> Response:
            """The timeline of one demo patient; `date` is the date to try."""
            place = Place(TIMELINE, (("patient", patient),))
            known = self._patients.get(patient)
            if known is None:
                return not_seen("there is no demo patient of this name", "", place, 404)
            desk = sites.choose(None, self._fhir)
            question = Question(patient, self._fhir, current().incident)
            return await timeline(question, date, desk, _name(known), place)


def _name(patient: DemoPatient) -> str:
    person = patient.resources[0]
    [name] = person["name"]
    return f"{name['family']}, {' '.join(name['given'])}, born {person['birthDate']}"
