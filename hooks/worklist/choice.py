"""What of the worklist is shown, and in which order: read from the address of the page, and written into its links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from cds.dosing.codes import Status
from hooks.worklist.rows import Row

PAGE_SIZE = 200
_LONGEST = 128


class Group(StrEnum):
    """A part of the list. A patient can be in several: history incomplete, overdue since the audit, and another."""

    ALL = "all"
    OVERDUE = "overdue"
    DECISION = "decision"
    DUE = "due"
    COME = "come"
    """The day of the dose has come since the audit."""
    INCOMPLETE = "incomplete"
    ENDED = "ended"


class Order(StrEnum):
    """What the list is sorted by."""

    URGENCY = "urgency"
    PATIENT = "patient"
    STATUS = "status"
    DATE = "date"
    LAST = "last"


_OF_STATUS = {
    Group.DECISION: Status.DECISION,
    Group.DUE: Status.DUE,
    Group.ENDED: Status.ENDED,
}
_URGENCY = (Status.OVERDUE, Status.DECISION, Status.DUE, Status.UPCOMING, Status.NOT_STARTED, Status.ENDED)
_KEYS: Mapping[Order, Callable[[Row, date], tuple[Any, ...]]] = {
    Order.URGENCY: lambda row, today: (
        _URGENCY.index(_status(row, today)),
        not row.late_in_doubt,
        row.overdue_from or row.act_on,
    ),
    Order.PATIENT: lambda row, _: (row.patient,),
    Order.STATUS: lambda row, today: (_status(row, today),),
    Order.DATE: lambda row, _: (row.act_on,),
    Order.LAST: lambda row, _: (row.last_dose or date.min,),
}


def _status(row: Row, today: date) -> Status:
    return Status.OVERDUE if row.overdue(today) else row.status


@dataclass(frozen=True, slots=True)
class Choice:
    """`text`: a part of the patient's reference; `until`: act on that day or earlier; `page` counts from 1; `source`:
    the id of the Group of FHIR whose list it is, empty for that of the audit."""

    group: Group = Group.ALL
    text: str = ""
    until: date | None = None
    order: Order = Order.URGENCY
    backwards: bool = False
    page: int = 1
    source: str = ""

    def of(self, rows: Iterable[Row], today: date) -> list[Row]:
        """The rows of the list that are chosen, in order; those that are equal, by patient."""
        chosen = [row for row in rows if row.listed(today) and self._wants(row, today)]
        chosen.sort(key=lambda row: row.patient)
        chosen.sort(key=lambda row: _KEYS[self.order](row, today))
        return chosen[::-1] if self.backwards else chosen

    def _wants(self, row: Row, today: date) -> bool:
        named = self.text.casefold() in row.patient.casefold()
        return named and within(self.group, row, today) and (self.until is None or row.act_on <= self.until)

    @property
    def narrowed(self) -> bool:
        """Whether it leaves out any row."""
        return self.group is not Group.ALL or bool(self.text) or self.until is not None

    def query(self, **changes: Any) -> str:
        """The part of an address that stands for it, with some of it changed; another choice begins with page 1."""
        other = replace(self, **{"page": 1, **changes})
        order = f"{'-' if other.backwards else ''}{other.order}"
        fields = {
            "of": other.source,
            "group": other.group if other.group is not Group.ALL else "",
            "patient": other.text,
            "until": other.until.isoformat() if other.until is not None else "",
            "sort": order if order != Order.URGENCY else "",
            "page": str(other.page) if other.page > 1 else "",
        }
        return urlencode({name: value for name, value in fields.items() if value})


def within(group: Group, row: Row, today: date) -> bool:
    """Whether a row of the list is in a part of it."""
    if group is Group.ALL:
        return True
    if group is Group.INCOMPLETE:
        return row.incomplete
    if group is Group.OVERDUE:
        return row.overdue(today) or row.late_in_doubt
    return row.come(today) if group is Group.COME else row.status is _OF_STATUS[group]


def read_choice(asked: Mapping[str, str]) -> tuple[Choice, tuple[str, ...]]:
    """The choice of an address, and what of it could not be understood, which then does not count."""
    faults: list[str] = []

    def read(name: str, kind: Callable[[str], Any], without: Any, what: str) -> Any:
        written = asked.get(name, "").strip()
        try:
            return kind(written) if written else without
        except ValueError:
            faults.append(f"{what}. The list is not narrowed or sorted by it.")
            return without

    sort = asked.get("sort", "").strip()
    choice = Choice(
        group=read("group", Group, Group.ALL, "There is no such part of the list"),
        text=asked.get("patient", "").strip()[:_LONGEST],
        until=read(
            "until", date.fromisoformat, None, "This is no date: write it as year-month-day, such as 2026-05-01"
        ),
        order=read("sort", lambda written: Order(written.removeprefix("-")), Order.URGENCY, "There is no such column"),
        backwards=sort.startswith("-"),
        source=asked.get("of", "").strip()[:_LONGEST],
        page=read("page", _page, 1, "There is no such page of the list"),
    )
    return choice, tuple(faults)


def _page(written: str) -> int:
    number = int(written)
    if not 1 <= number <= 1_000_000:
        raise ValueError(written)
    return number
