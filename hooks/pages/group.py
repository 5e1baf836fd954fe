"""The worklist of a Group as a page: its lines, who was not read, and when it was read; or why there is no list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from fastapi import Response

from hooks.console import counted
from hooks.pages.door import Visit
from hooks.pages.listing import Listing, OneList
from hooks.pages.render import page
from hooks.phrases import drug_name
from hooks.worklist.live import GroupRead, Progress
from hooks.worklist.readings import GroupList

OLD = timedelta(hours=1)
"""From which age on a list is called old."""

Fault = tuple[str, str, str]
"""Why there is no list: in a few words, the reason, and what to do."""


class Named(NamedTuple):
    """A member; `address`: that of the timeline, empty where there is none."""

    name: str
    address: str


def waiting(
    group: GroupList, *, visit: Visit, here: str, lists: Sequence[OneList], reading: Progress | None = None
) -> Response:
    """The page where nothing is read yet, or a reading is under way."""
    return _page(group, 200, visit=visit, here=here, lists=lists, reading=reading)


def failed(group: GroupList, fault: Fault, *, visit: Visit, here: str, lists: Sequence[OneList]) -> Response:
    """The page that says why there is no list: an empty one would look like nobody to call."""
    return _page(group, 502, visit=visit, here=here, lists=lists, fault=fault)


def group_page(
    group: GroupList,
    read: GroupRead,
    listed: Listing,
    *,
    visit: Visit,
    here: str,
    lists: Sequence[OneList],
    timeline: Callable[[str], str],
) -> Response:
    """The list. `timeline` gives the address of a patient by the bare id."""
    now = visit.desk.clock()
    by_reason: dict[str, list[Named]] = {}
    for each in read.not_read:
        by_reason.setdefault(each.why, []).append(_named(each.who, timeline))
    unidentified = set(read.unidentified)
    return _page(
        group,
        400 if listed.faults else 200,
        visit=visit,
        here=here,
        lists=lists,
        read=read,
        listed=listed,
        old=now - read.began >= OLD,
        age=_age(now - read.began),
        day=read.began.date(),
        time=f"{read.began:%H:%M:%S}",
        until=f"{read.ended:%H:%M:%S}",
        zone=visit.desk.site.time_zone,
        doubts=read.members.doubts,
        not_read=tuple(by_reason.items()),
        without=_named_all((each for each in read.without if each not in unidentified), timeline),
        unidentified=_named_all(read.unidentified, timeline),
        members=f"{len(read.members.patients):,}",
        assessed=f"{len({row.patient for row in read.rows}):,}",
        notes=tuple(_notes(read)),
        drugs=" or ".join(drug_name(each.regimens.drug.names[0]).lower() for each in visit.desk.every),
        nobody="No member of the Group is in this part of the list",
    )


def _page(group: GroupList, status: int, *, visit: Visit, **values: object) -> Response:
    again_at = group.again_at()
    return page(
        "group.html.j2",
        status,
        **{
            "name": group.name,
            "read": None,
            "fault": None,
            "reading": None,
            "again_at": f"{again_at:%H:%M:%S}" if again_at is not None else "",
            "today": visit.desk.today(),
            "site": visit.desk.site.id,
            "room": visit.room,
            **values,
        },
    )


def _named(who: str, timeline: Callable[[str], str]) -> Named:
    of_type, _, name = who.partition("Patient/")
    return Named(name, timeline(name)) if not of_type and name else Named(who, "")


def _named_all(people: Iterable[str], timeline: Callable[[str], str]) -> tuple[Named, ...]:
    return tuple(_named(each, timeline) for each in people)


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds()) // 60
    if minutes < 1:
        return "just now"
    return f"{counted(minutes, 'minute')} ago" if minutes < 120 else f"{minutes // 60} hours ago"


def _notes(read: GroupRead) -> Iterator[str]:
    """What else of its entries is to be said."""
    members = read.members
    if members.within:
        yield f"Groups in it, whose members are on this list: {', '.join(members.within)}."
    if members.left:
        yield f"Not members today, by the Group: {', '.join(each.removeprefix('Patient/') for each in members.left)}."
    if members.others:
        kinds = ", ".join(f"{number} {of_type}" for of_type, number in members.others.items())
        yield f"Members who are no patients: {kinds}."
    if members.twice:
        yield f"{counted(members.twice, 'entry', 'entries')} of a patient who is listed already."
