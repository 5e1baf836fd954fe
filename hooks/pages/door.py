"""The door before pages about many patients: who is let in, and that each look is recorded before anything is shown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from fastapi import Request, Response

from hooks.database.database import DatabaseDown
from hooks.desk import Desk
from hooks.memory import Memory
from hooks.operations.call import current
from hooks.pages.people import Access, Around, Person
from hooks.pages.render import page
from hooks.sites import Sites

WHO_IS_NOT_KNOWN = "Who is signed in cannot be told: the database of this service cannot be reached just now."
TRY_AGAIN = "Try again in a while. Whoever runs the service sees it at /health/ready."


@dataclass(frozen=True, slots=True)
class Room:
    """One page behind the door: its title, what the journal calls it, the role that opens it, its path, and what stands
    around it."""

    title: str
    name: str
    role: str
    path: str
    around: Around

    @property
    def address(self) -> str:
        """Its path as a browser sees it."""
        return self.around.base + self.path

    @property
    def sign_in(self) -> str:
        """Where to sign in for it; empty where nobody does."""
        return f"{self.around.sign_in}?{urlencode({'page': self.role})}" if self.around.sign_in else ""

    def empty(self, status: int, headline: str, why: str, what: str = "", *, sign_in: str = "") -> Response:
        """The page that says that there is nothing to show, and why: an empty one would look like nothing to do."""
        return page(
            "refused.html.j2",
            status,
            title=self.title,
            headline=headline,
            why=why,
            what=what,
            back=self.around.back,
            sign_in=sign_in,
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who may see a page of a site."""

    room: Room
    desk: Desk
    _person: Person
    _memory: Memory

    async def note(self, outcome: str) -> bool:
        """Record the look; whether that is safe."""
        person = self._person
        note = partial(self._memory.note_view, self.room.name, site=person.site, user=person.id)
        return await note(outcome=outcome, incident=current().incident)

    async def refusal(self) -> Response | None:
        """None where it is recorded that the page is shown, else the page to show in its place."""
        if await self.note("shown"):
            return None
        why = (
            "Every look at this page is recorded, and this one could not be: neither disk nor database can be written."
        )
        return self.room.empty(503, "Nothing is shown.", why, "Whoever runs the service sees it at /health/ready.")


@dataclass(frozen=True, slots=True)
class Door:
    """Lets people in by their roles."""

    access: Access
    sites: Sites
    memory: Memory

    async def enter(self, request: Request, room: Room) -> Visit | Response:
        """The visit, or the page that refuses it. A refusal of somebody who is signed in is recorded too."""
        try:
            person = await self.access.person(request)
        except DatabaseDown:
            return room.empty(503, "Nothing is shown.", WHO_IS_NOT_KNOWN, TRY_AGAIN)
        desk = next((desk for desk in self.sites if person is not None and desk.site.id == person.site), None)
        if person is None or desk is None:
            why = "Nobody is signed in here, or the session has ended."
            return room.empty(403, why, "Sign in, or open this page from the EHR.", sign_in=room.sign_in)
        visit = Visit(room, desk, person, self.memory)
        if room.role not in person.roles:
            await visit.note("refused")
            return room.empty(
                403, "Your account may not see this page.", f"The site says who may, by the role “{room.role}”."
            )
        return visit
