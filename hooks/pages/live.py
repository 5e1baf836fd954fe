"""The pages of the worklists that are read from Groups: the list, its table, and the button that reads the Group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from hooks.launch.cookies import NO_STORE
from hooks.pages.door import Door, Room, Visit
from hooks.pages.group import failed, group_page, waiting
from hooks.pages.listing import OneList, Timeline, csv_answer, listing
from hooks.pages.people import WORKLIST, Around
from hooks.sites import Sites
from hooks.worklist.choice import Choice, read_choice
from hooks.worklist.live import GroupNotReadError, GroupRead
from hooks.worklist.readings import GroupList, by_site
from hooks.worklist.table import group_as_csv

_PATIENCE = 5.0
"""Seconds for which an answer waits for a reading to end: without a script, nobody is told later."""
_NOT_READ = "The Group could not be read."
_NOT_SHOWN = "Nothing is shown, because nothing is known. This does not mean that there is nothing to do."
_NO_GROUP = "This site has no list of this Group: the setting worklist_groups does not name it."
_NO_LIST = "The Group has to be read before its list can be saved, and to the end."


class GroupPages:
    """`timeline` gives the address of a patient's timeline."""

    def __init__(self, timeline: Timeline, around: Around) -> None:
        self._timeline = timeline
        self._list = Room("Worklist", "worklist-group", WORKLIST, "/worklist/group", around)
        self._table = replace(self._list, name="worklist-group-table", path="/worklist/group.csv")
        self._reading = replace(self._list, name="worklist-group-reading")
        self._groups: Mapping[str, tuple[GroupList, ...]] = {}

    @property
    def names(self) -> Mapping[str, str]:
        """What log and counters call its paths."""
        return {room.path: room.name for room in (self._list, self._table)}

    def lists(self, visit: Visit, audit: str, current: GroupList | None = None) -> tuple[OneList, ...]:
        """The worklists of the site of a visit; `audit`: the path of that of the last audit."""
        groups = self._groups.get(visit.desk.site.id, ())
        of_audit = visit.desk.site.worklist_folder is not None
        return (
            *([OneList("Last audit", audit, current is None)] if of_audit else ()),
            *(OneList(f"Group {each.name}", self._here(each), each is current) for each in groups),
        )

    def add(self, app: FastAPI, sites: Sites, door: Door, audit: str) -> None:
        """Bind the pages. Raises ValueError for Groups that cannot be used, which begins with the setting."""
        self._groups = by_site(sites)

        @app.get(self._list.path, include_in_schema=False)
        async def page(request: Request) -> Response:
            """The list, or how far its reading is."""
            choice, faults = read_choice(request.query_params)
            entered = await self._enter(door, request, self._list, choice)
            return entered if isinstance(entered, Response) else await self._page(*entered, choice, faults, audit)

        @app.post(self._list.path, include_in_schema=False)
        async def begin(request: Request) -> Response:
            """Read the Group, and go to its list."""
            choice = Choice(source=request.query_params.get("of", ""))
            entered = await self._enter(door, request, self._reading, choice)
            return entered if isinstance(entered, Response) else await self._begin(*entered)

        @app.get(self._table.path, include_in_schema=False)
        async def table(request: Request) -> Response:
            """All lines of the choice, and who was not read, as a table for spreadsheets."""
            choice, faults = read_choice(request.query_params)
            if faults:
                return self._table.empty(400, "Nothing was saved.", " ".join(faults))
            entered = await self._enter(door, request, self._table, choice)
            return entered if isinstance(entered, Response) else await self._save(*entered, choice)

    async def _page(
        self, visit: Visit, group: GroupList, choice: Choice, faults: Sequence[str], audit: str
    ) -> Response:
        await group.wait(_PATIENCE)
        lists, here, last = self.lists(visit, audit, group), self._here(group), group.last
        if last is None or not last.is_done:
            await visit.note("not-read")
            progress = last.progress if last is not None else None
            return waiting(group, visit=visit, here=here, lists=lists, reading=progress)
        try:
            read = last.result()
        except GroupNotReadError as error:
            await visit.note("failed")
            fault = (_NOT_READ, f"{error}.", _NOT_SHOWN)
            return failed(group, fault, visit=visit, here=here, lists=lists)
        refused = await visit.refusal()
        return refused or self._shown(group, read, choice, faults, visit, lists)

    async def _begin(self, visit: Visit, group: GroupList) -> Response:
        refused = await visit.refusal()
        if refused is not None:
            return refused
        group.begin()
        return RedirectResponse(self._here(group), 303, NO_STORE)

    async def _save(self, visit: Visit, group: GroupList, choice: Choice) -> Response:
        last = group.last
        if last is None or not last.is_done:
            await visit.note("not-read")
            return self._table.empty(409, "Nothing was saved.", _NO_LIST)
        try:
            read = last.result()
        except GroupNotReadError as error:
            await visit.note("failed")
            return self._table.empty(502, "Nothing was saved.", f"{_NOT_READ} {error}.", _NOT_SHOWN)
        refused = await visit.refusal()
        rows = choice.of(read.rows, visit.desk.today())
        return refused or csv_answer(group_as_csv(rows, read), read.began.date())

    async def _enter(
        self, door: Door, request: Request, room: Room, choice: Choice
    ) -> tuple[Visit, GroupList] | Response:
        visit = await door.enter(request, room)
        if isinstance(visit, Response):
            return visit
        groups = self._groups.get(visit.desk.site.id, ())
        group = next((each for each in groups if each.source.id == choice.source), None)
        if group is None:
            await visit.note("failed")
            return room.empty(404, "Nothing is shown.", _NO_GROUP)
        return visit, group

    def _shown(
        self,
        group: GroupList,
        read: GroupRead,
        choice: Choice,
        faults: Sequence[str],
        visit: Visit,
        lists: Sequence[OneList],
    ) -> Response:
        server = group.source.base_url
        listed = listing(
            read.rows,
            choice,
            faults,
            visit=visit,
            export=self._table.address,
            timeline=self._timeline,
            server=server,
            many_drugs=bool(visit.desk.others),
        )
        return group_page(
            group,
            read,
            listed,
            visit=visit,
            here=self._here(group),
            lists=lists,
            timeline=lambda patient: self._timeline(patient, "", server),
        )

    def _here(self, group: GroupList) -> str:
        return f"{self._list.address}?{urlencode({'of': group.source.id})}"
