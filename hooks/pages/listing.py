"""The table of a worklist: its lines in words, and the links that narrow and sort it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Response

from cds.dosing.codes import Status
from cds.dosing.drug import Drug
from hooks.desk import Desk
from hooks.launch.places import DRUG
from hooks.pages.door import Visit
from hooks.pages.story import STATUSES
from hooks.phrases import drug_name, quantity, step_title
from hooks.wording import FINDINGS
from hooks.worklist.choice import PAGE_SIZE, Choice, Group, Order, within
from hooks.worklist.rows import Row

Timeline = Callable[[str, str, str], str]
"""The address of the timeline of a patient, by the bare id, the drug, empty where the site has one alone, and the base
URL of the FHIR server, empty where the list does not know it."""

SERVER = "server"
"""The parameter that names the FHIR server at which a patient has an id."""

GROUPS = {
    Group.ALL: "All",
    Group.OVERDUE: "Overdue",
    Group.DECISION: "A clinician decides",
    Group.DUE: "Due",
    Group.COME: "Day has come since",
    Group.INCOMPLETE: "History incomplete",
    Group.ENDED: "Therapy ended",
}
_COLUMNS = (
    ("Patient", Order.PATIENT),
    ("Status", Order.STATUS),
    ("Next step", None),
    ("Act from", Order.DATE),
    ("When", Order.URGENCY),
    ("Last dose", Order.LAST),
    ("Why", None),
)


class Line(NamedTuple):
    """One patient. `address`: that of the timeline, empty where there is none."""

    row: Row
    address: str
    status: str
    look: str
    step: str
    how_long: str
    why: str


class Part(NamedTuple):
    """A part of the list, with how many patients are in it, and its address."""

    name: str
    number: int
    address: str
    current: bool


class Column(NamedTuple):
    """A head of the table; `address` sorts by it, `sorted` is what a screen reader says of it."""

    name: str
    address: str
    sorted: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of the list: a page of its chosen lines, `first` to `last` of `number`."""

    lines: tuple[Line, ...]
    number: int
    first: int
    last: int
    earlier: str
    later: str


class OneList(NamedTuple):
    """One of the worklists of a site, as the pages of all of them lead to it."""

    name: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """The part of a page that all worklists share."""

    choice: Choice
    faults: tuple[str, ...]
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]
    shown: Shown
    path: str
    every: str
    export: str
    title: str
    what: str


def listing(
    rows: Sequence[Row],
    choice: Choice,
    faults: Sequence[str],
    *,
    visit: Visit,
    export: str,
    timeline: Timeline,
    server: str = "",
    many_drugs: bool = False,
) -> Listing:
    """The chosen rows. `faults` say what of the address could not be understood; `export`: the address of the table;
    `many_drugs`: a patient has a line for each drug of the site."""
    today, path = visit.desk.today(), visit.room.address
    line = partial(_line, today=today, desk=visit.desk, timeline=timeline, server=server, many_drugs=many_drugs)
    return Listing(
        choice=choice,
        faults=tuple(faults),
        parts=_parts(rows, choice, today, path),
        columns=_columns(choice, path),
        shown=_shown(choice, choice.of(rows, today), path, line),
        path=path,
        every=address_of(path, Choice(source=choice.source).query()),
        export=address_of(export, choice.query()),
        title=GROUPS[choice.group],
        what="lines" if many_drugs else "patients",
    )


def address_of(path: str, query: str) -> str:
    """A path with a query, if there is one."""
    return f"{path}?{query}" if query else path


def _parts(rows: Sequence[Row], choice: Choice, today: date, path: str) -> tuple[Part, ...]:
    listed = [row for row in rows if row.listed(today)]
    return tuple(
        Part(
            name,
            sum(within(group, row, today) for row in listed),
            address_of(path, choice.query(group=group)),
            choice.group is group,
        )
        for group, name in GROUPS.items()
    )


def _columns(choice: Choice, path: str) -> tuple[Column, ...]:
    found = []
    for name, order in _COLUMNS:
        if order is None:
            found.append(Column(name, "", ""))
            continue
        by_it = choice.order is order
        address = address_of(path, choice.query(order=order, backwards=by_it and not choice.backwards))
        found.append(Column(name, address, ("descending" if choice.backwards else "ascending") if by_it else "none"))
    return tuple(found)


def _shown(choice: Choice, rows: Sequence[Row], path: str, line: Callable[[Row], Line]) -> Shown:
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    number = min(choice.page, pages)
    first = (number - 1) * PAGE_SIZE
    taken = rows[first : first + PAGE_SIZE]
    return Shown(
        lines=tuple(map(line, taken)),
        number=len(rows),
        first=first + 1 if taken else 0,
        last=first + len(taken),
        earlier=address_of(path, choice.query(page=number - 1)) if number > 1 else "",
        later=address_of(path, choice.query(page=number + 1)) if number < pages else "",
    )


def _line(row: Row, today: date, desk: Desk, timeline: Timeline, server: str, many_drugs: bool) -> Line:
    status, look = STATUSES[row.status]
    if row.come(today):
        status, look = "Day has come since", "warning"
    if row.overdue(today):
        status, look = "Overdue" if row.status is Status.OVERDUE else "Overdue by now", "warning"
    drug, step = _drug(row, desk), step_title(row.step)
    return Line(
        row=row,
        address=timeline(row.id, drug.id if drug is not None else "", server) if row.id else "",
        status=status,
        look="warning" if row.incomplete else look,
        step=f"{drug_name(drug.names[0])}: {step}" if many_drugs and drug is not None else step,
        how_long=_how_long(row, today),
        why="; ".join([*filter(None, [", ".join(FINDINGS[code].short for code in row.found)]), *row.doubts]),
    )


def _drug(row: Row, desk: Desk) -> Drug | None:
    """The drug of a row, where the site has several."""
    if not desk.others:
        return None
    drugs = {regimen.id: each.regimens.drug for each in desk.every for regimen in each.regimens.every}
    return next((drugs[name] for name in row.regimen.split() if name in drugs), None)


def _how_long(row: Row, today: date) -> str:
    """How far off the dates are today; nobody knows here what was given since the audit."""
    if row.overdue_from is not None and row.overdue_from <= today:
        since = f"overdue since {row.overdue_from}"
        late = (today - row.overdue_from).days
        return since if not late else f"{since}, {quantity(late)}"
    if row.recommended is not None:
        days = (today - row.recommended).days
        return f"recommended {quantity(days)} ago" if days > 0 else f"recommended for {row.recommended}"
    if row.options:
        return "dates to choose from: " + ", ".join(map(str, row.options))
    if row.status is Status.ENDED:
        return ""
    if row.earliest is not None and row.earliest > today:
        return f"not before {row.earliest}{', by the doses known' if row.incomplete else ''}"
    return "no recommended date"


def patient_query(path: str) -> Timeline:
    """Addresses of timelines by a query."""

    def timeline(patient: str, drug: str, server: str) -> str:
        asked = {"patient": patient, DRUG: drug, SERVER: server}
        return f"{path}?{urlencode({name: value for name, value in asked.items() if value})}"

    return timeline


def csv_answer(text: str, day: date) -> Response:
    """The table as a file of its own name, which is kept nowhere on the way."""
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="worklist-{day.isoformat()}.csv"',
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, 200, headers, "text/csv; charset=utf-8")
