"""The pages about many patients and where they are: the worklist, its table, and what became of the cards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from hooks.database.database import DatabaseDown
from hooks.launch.cookies import NO_STORE
from hooks.memory import Memory
from hooks.pages.door import Door, Room, Visit
from hooks.pages.feedback import feedback, read_days
from hooks.pages.listing import Timeline, csv_answer, listing
from hooks.pages.live import GroupPages
from hooks.pages.people import FEEDBACK, WORKLIST, Access, Around
from hooks.pages.worklist import doubts, worklist
from hooks.sites import Sites
from hooks.worklist.audited import AuditRead, Audits, NoWorklistError
from hooks.worklist.choice import read_choice
from hooks.worklist.table import as_csv

_NOT_SHOWN = "Nothing is shown, because nothing is known. This does not mean that there is nothing to do."
_HEALTH = "Whoever runs the service sees it at /health/ready."
_INSTEAD = "Until then, find the patients who are due by other means."


class WorkPages:
    """`timeline` gives the address of a patient's timeline."""

    def __init__(self, access: Access, timeline: Timeline, around: Around | None = None) -> None:
        self._access, self._timeline = access, timeline
        around = around or Around()
        self._list = Room("Worklist", "worklist", WORKLIST, "/worklist", around)
        self._table = replace(self._list, name="worklist-table", path="/worklist.csv")
        self._feedback = Room("What became of the cards", "feedback-page", FEEDBACK, "/feedback", around)
        self._audits = Audits()
        self._groups = GroupPages(timeline, around)

    @property
    def names(self) -> Mapping[str, str]:
        """What log and counters call its paths."""
        own = {room.path: room.name for room in (self._list, self._table, self._feedback)}
        return own | dict(self._groups.names)

    def add(self, app: FastAPI, sites: Sites, memory: Memory) -> None:
        """Bind the pages. Raises ValueError for Groups that cannot be used, which begins with the setting."""
        door = Door(self._access, sites, memory)
        self._groups.add(app, sites, door, self._list.address)

        @app.get(self._list.path, include_in_schema=False)
        async def page(request: Request) -> Response:
            """The worklist."""
            visit = await door.enter(request, self._list)
            if isinstance(visit, Response):
                return visit
            lists = self._groups.lists(visit, self._list.address)
            if visit.desk.site.worklist_folder is None and lists:
                return RedirectResponse(lists[0].address, 303, NO_STORE)
            audit = await self._audit(visit)
            if isinstance(audit, Response):
                return audit
            choice, faults = read_choice(request.query_params)
            choice = replace(choice, source="")
            listed = listing(
                audit.rows,
                choice,
                faults,
                visit=visit,
                export=self._table.address,
                timeline=self._timeline,
                server=_server(audit, visit),
            )
            return worklist(audit, listed, visit=visit, lists=lists)

        @app.get(self._table.path, include_in_schema=False)
        async def table(request: Request) -> Response:
            """All lines of the choice as a table for spreadsheets."""
            choice, faults = read_choice(request.query_params)
            if faults:
                return self._table.empty(400, "Nothing was saved.", " ".join(faults))
            visit = await door.enter(request, self._table)
            if isinstance(visit, Response):
                return visit
            audit = await self._audit(visit)
            if isinstance(audit, Response):
                return audit
            rows = choice.of(audit.rows, visit.desk.today())
            return csv_answer(as_csv(rows, audit.about, doubts(audit)), audit.about.on)

        @app.get(self._feedback.path, include_in_schema=False)
        async def cards(request: Request) -> Response:
            """What became of the cards."""
            visit = await door.enter(request, self._feedback)
            return visit if isinstance(visit, Response) else await self._cards(visit, memory, request)

    async def _cards(self, visit: Visit, memory: Memory, request: Request) -> Response:
        desk, room = visit.desk, visit.room
        days = read_days(request.query_params, desk.today())
        read = partial(memory.usage, site=desk.site.id, first=days.first, last=days.last, zone=desk.zone)
        try:
            found = await asyncio.to_thread(read)
        except DatabaseDown:
            await visit.note("failed")
            return room.empty(502, "Nothing is shown.", "The database of the journal cannot be read just now.", _HEALTH)
        waiting = memory.journal.status().backlog
        return await visit.refusal() or feedback(found, days, visit, waiting=waiting)

    async def _audit(self, visit: Visit) -> AuditRead | Response:
        """The audit of the site, once it is recorded that it is shown; or the page to show in its place."""
        folder = visit.desk.site.worklist_folder
        if folder is None:
            await visit.note("failed")
            return visit.room.empty(
                404,
                _NOT_SHOWN,
                "This site has no worklist: the setting worklist_folder names no audit, and worklist_groups no Group.",
            )
        try:
            audit = await asyncio.to_thread(self._audits.read, folder.expanduser())
        except NoWorklistError as error:
            await visit.note("failed")
            return visit.room.empty(502, _NOT_SHOWN, f"The last audit cannot be used: {error}.", _INSTEAD)
        return await visit.refusal() or audit


def _server(audit: AuditRead, visit: Visit) -> str:
    """The server at which the patients of an audit have their ids, where it is one of the site's: people sign in at
    these alone."""
    return audit.about.server if audit.about.server in visit.desk.site.fhir_servers else ""
