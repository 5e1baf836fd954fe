"""The timeline of the patient of a session, read with the token of the user by the code that reads for cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError
from hooks.desk import Desk
from hooks.launch.cookies import NO_STORE
from hooks.launch.failure import AGAIN_FROM_EHR, LaunchError
from hooks.launch.guard import Guard
from hooks.launch.places import DRUG, LAUNCH, SIGN_OUT, TIMELINE, Places
from hooks.launch.session import Session
from hooks.launch.views import note
from hooks.memory import Memory
from hooks.operations.call import current
from hooks.pages.listing import SERVER
from hooks.pages.person import name_of
from hooks.pages.timeline import Place, timeline
from hooks.pages.view import Question
from hooks.phrases import drug_name
from hooks.sites import Sites

_LONGEST_DATE = 32


class PatientPage:
    """The page, for the sessions that a guard lets in."""

    def __init__(self, guard: Guard, places: Places, memory: Memory, sites: Sites) -> None:
        self._guard, self._places, self._memory = guard, places, memory
        self._desks = {desk.site.id: desk for desk in sites}

    async def show(self, request: Request, asked: Mapping[str, str]) -> Response:
        """One look at it; for a patient of the worklist a session is made first. Raises LaunchError and
        DatabaseDown."""
        if "patient" in asked:
            view = await self._opened(request, asked["patient"], asked.get(SERVER, ""))
            drug = {DRUG: asked[DRUG]} if DRUG in asked else {}
            return RedirectResponse(self._places.path(TIMELINE, view=view, **drug), 303, NO_STORE)
        session = await self._guard.enter(request, asked.get("view", ""))
        if not session.patient:
            raise LaunchError("no-patient", "You are signed in, and no patient was chosen.", AGAIN_FROM_EHR)
        of_site, tried = self._desks[session.site], asked.get("date", "")[:_LONGEST_DATE]
        desk = _desk_of(asked.get(DRUG), session.drug, of_site)
        place = self._place(session.view, desk, of_site)
        question = Question(session.patient, session.server, current().incident, session.token)
        answer = await timeline(question, tried, desk, await _who(session, desk), place)
        page, seen = "what-if" if tried else "timeline", answer.status_code < 500
        await note(self._memory, session, page, "shown" if seen else "not-read")
        return answer

    async def _opened(self, request: Request, patient: str, server: str) -> str:
        """As `Guard.open_patient`; a refusal of somebody who is signed in is recorded too."""
        try:
            return await self._guard.open_patient(request, patient, server)
        except LaunchError:
            who = await self._guard.who(request)
            if who is not None:
                await note(self._memory, replace(who, patient=patient), "timeline", "refused")
            raise

    def _place(self, view: str, desk: Desk, of_site: Desk) -> Place:
        """How the page of one drug is reached, and those of the others."""
        others = [each.regimens.drug for each in of_site.every if each is not desk]
        return Place(
            self._places.path(TIMELINE),
            (("view", view), *(((DRUG, desk.regimens.drug.id),) if others else ())),
            again=self._places.path(LAUNCH),
            sign_out=self._places.path(SIGN_OUT),
            others=tuple(
                (drug_name(each.names[0]), self._places.path(TIMELINE, view=view, drug=each.id)) for each in others
            ),
        )


def _desk_of(named: str | None, launched: str, of_site: Desk) -> Desk:
    """The desk of the drug that the address names, else of that of the launch, else the first of the site. Raises
    LaunchError where the address names another one: the doses of one drug must not be taken for those of another."""
    wanted = launched if named is None else named
    desk = next((each for each in of_site.every if each.regimens.drug.id == wanted), None)
    if desk is None and named is not None:
        raise LaunchError("no-such-drug", "This page was opened for a drug that is not looked at here.", AGAIN_FROM_EHR)
    return desk or of_site


async def _who(session: Session, desk: Desk) -> str:
    """The patient as people name one another. Without a name the id is there to compare."""
    assert desk.http is not None, "the connections are opened when the application starts"
    try:
        client = FhirClient(desk.http, session.server, token=session.token, limits=desk.limits)
        return name_of(await client.read("Patient", session.patient))
    except FhirError as error:
        return f"The name could not be read ({error.message}): compare the id"
