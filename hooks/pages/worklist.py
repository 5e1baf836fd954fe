"""The worklist as a page: its lines in words, the links that narrow and sort it, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import Response

from cds.dosing.codes import Status
from hooks.console import counted
from hooks.desk import Desk
from hooks.launch.places import DRUG
from hooks.pages.door import Visit
from hooks.pages.render import page
from hooks.pages.story import STATUSES
from hooks.phrases import quantity, step_title
from hooks.wording import FINDINGS
from hooks.worklist.audited import About, AuditRead
from hooks.worklist.choice import PAGE_SIZE, Choice, Group, Order, within
from hooks.worklist.rows import Row

OLD_DAYS = 7
"""From which age on, in days, an audit is called old."""

Timeline = Callable[[str, str], str]
"""The address of the timeline of a patient, by the bare id and the drug, empty where the site has one alone."""

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


def worklist(
    audit: AuditRead,
    choice: Choice,
    faults: Sequence[str],
    *,
    visit: Visit,
    export: str,
    timeline: Timeline,
) -> Response:
    """The page. `faults` say what of the address could not be understood; `export`: the
    address of the table."""
    today, path = visit.desk.today(), visit.room.address
    return page(
        "worklist.html.j2",
        400 if faults else 200,
        about=audit.about,
        age=_age(audit.about, today),
        old=abs((today - audit.about.on).days) >= OLD_DAYS,
        today=today,
        site=visit.desk.site.id,
        doubts=tuple(_doubts(audit)),
        left_out=tuple(_left_out(audit.about)),
        parts=_parts(audit, choice, today, path),
        columns=_columns(choice, path),
        shown=_shown(
            choice, choice.of(audit.rows, today), path, partial(_line, today=today, desk=visit.desk, timeline=timeline)
        ),
        choice=choice,
        groups=GROUPS,
        read=f"{counted(audit.about.lines, 'line')} in {counted(audit.about.files, 'file')}",
        faults=faults,
        export=_address(export, choice.query()),
        room=visit.room,
    )


def _address(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def _age(about: About, today: date) -> str:
    days = (today - about.on).days
    if days == 0:
        return "today"
    return f"{quantity(days)} ago" if days > 0 else f"a day that is still to come, in {quantity(-days)}"


def _doubts(audit: AuditRead) -> Iterator[str]:
    """Why patients can be missing from the list, or their dates be wrong."""
    about = audit.about
    if audit.at_work:
        yield "Another audit is at work in the folder, or was interrupted: this list is of the one before it."
    if about.not_read:
        yield f"{counted(about.not_read, 'input')} not read, or not to the end: doses and patients can be missing."
    if about.broken:
        yield f"{counted(about.broken, 'file')} of the input broke off: what lies behind the break is not known."
    if about.rejected:
        yield f"{counted(about.rejected, 'line')} of the input rejected; each can be a dose of anybody."
    if about.only_unidentified:
        yield (
            f"{counted(about.only_unidentified, 'patient')} with records of which nobody can tell whether they are "
            "of the drug: not on this list."
        )
    if not about.plain:
        yield "The audit has hashes in the place of references, so no patient can be opened from here."


def _left_out(about: About) -> Iterator[str]:
    """Whom the audit was not asked about."""
    if about.asked_for is not None:
        yield f"The audit was asked about {counted(about.asked_for, 'patient')} alone: nobody else is on this list."
    if about.group is not None:
        yield f"The audit is of the Group {about.group} alone: nobody else is on this list."
    if about.sample is not None:
        yield f"The audit is of a sample of {counted(about.sample, 'patient')}: nobody else is on this list."


def _parts(audit: AuditRead, choice: Choice, today: date, path: str) -> tuple[Part, ...]:
    listed = [row for row in audit.rows if row.listed(today)]
    return tuple(
        Part(
            name,
            sum(within(group, row, today) for row in listed),
            _address(path, choice.query(group=group)),
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
        address = _address(path, choice.query(order=order, backwards=by_it and not choice.backwards))
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
        earlier=_address(path, choice.query(page=number - 1)) if number > 1 else "",
        later=_address(path, choice.query(page=number + 1)) if number < pages else "",
    )


def _line(row: Row, today: date, desk: Desk, timeline: Timeline) -> Line:
    status, look = STATUSES[row.status]
    if row.come(today):
        status, look = "Day has come since", "warning"
    if row.overdue(today):
        status, look = "Overdue" if row.status is Status.OVERDUE else "Overdue by now", "warning"
    return Line(
        row=row,
        address=timeline(row.id, _drug(row, desk)) if row.id else "",
        status=status,
        look="warning" if row.incomplete else look,
        step=step_title(row.step),
        how_long=_how_long(row, today),
        why=", ".join(FINDINGS[code].short for code in row.found),
    )


def _drug(row: Row, desk: Desk) -> str:
    if not desk.others:
        return ""
    drugs = {regimen.id: each.regimens.drug.id for each in desk.every for regimen in each.regimens.every}
    return next((drugs[name] for name in row.regimen.split() if name in drugs), "")


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
    return lambda patient, drug: f"{path}?{urlencode({'patient': patient, **({DRUG: drug} if drug else {})})}"


def csv_answer(text: str, about: About) -> Response:
    """The table as a file of its own name, which is kept nowhere on the way."""
    headers: dict[str, Any] = {
        "Content-Disposition": f'attachment; filename="worklist-{about.on.isoformat()}.csv"',
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(text, 200, headers, "text/csv; charset=utf-8")
