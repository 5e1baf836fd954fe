"""The members of a FHIR Group: patients of the same server, those who are members no more, and others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo

from cds.dosing.facts import DateRange
from cds.fhir.dates import read_date
from cds.fhir.errors import FhirError, Kind
from cds.fhir.links import Base
from cds.fhir.plain import Malformed, Resource, list_in, object_in, text_in
from cds.fhir.references import LOGICAL_ID, relative, without_history

GROUP = "Group"
THE_GROUP = "the Group"
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Unknown:
    """A member of whom it is not known which patient of this server it is. `who` names the place in the Group, and
    the display that stands there: patient data."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Members:
    """Who is in a Group on a day, each once, in its order: `patients` by `Patient/x`.

    `unknown` may be patients, `left` are those who are members no more, or not yet. `others` counts members of other
    types. `groups` are the ids of the Groups of the server among the members, `astray` Groups that cannot be followed:
    the members of neither are here. `twice` counts entries that name a patient again. `quantity` is the number that the
    Group itself gives. `in_use` is False where it says so.
    """

    name: str
    patients: tuple[str, ...]
    unknown: tuple[Unknown, ...]
    left: tuple[str, ...]
    others: Mapping[str, int]
    groups: tuple[str, ...]
    astray: tuple[Unknown, ...]
    twice: int
    quantity: int | None
    in_use: bool

    @property
    def listed(self) -> int:
        """How many members it lists, each once."""
        some = (self.patients, self.unknown, self.left, self.groups, self.astray)
        return sum(map(len, some)) + sum(self.others.values())


def read_members(group: Resource, base: Base, on: date, zone: tzinfo, called: str = THE_GROUP) -> Members:
    """The members of a Group of the server at `base` on a day; `called` is what messages call it. Raises FhirError
    (unusable) for what is no Group, and for one that lists nobody, since nobody to look at and nobody known are not the
    same."""
    if group.get("resourceType") != GROUP:
        raise FhirError(Kind.UNUSABLE, f"{called}: {base.url} answered with something else; ask its operator why")
    try:
        listed = list_in(group, "member")
        name = text_in(group, "name")
    except Malformed as fault:
        raise FhirError(Kind.UNUSABLE, f"{called}: {fault}; have it mended at {base.url}") from None
    if not listed:
        raise FhirError(Kind.UNUSABLE, f"{called}: {_nobody(group)}")
    found = [_member(entry, f"member {number} of {called}", base, on, zone) for number, entry in enumerate(listed, 1)]
    patients = [each.patient for each in found if each.patient and each.current]
    left = {each.patient for each in found if each.patient and not each.current} - set(patients)
    others = Counter(each.other for each in found if each.other)
    quantity, active = group.get("quantity"), group.get("active")
    return Members(
        name=name,
        patients=tuple(dict.fromkeys(patients)),
        unknown=tuple(each.unknown for each in found if each.unknown is not None),
        left=tuple(sorted(left)),
        others=dict(sorted(others.items())),
        groups=tuple(dict.fromkeys(each.group for each in found if each.group)),
        astray=tuple(each.astray for each in found if each.astray is not None),
        twice=len(patients) - len(set(patients)),
        quantity=quantity if isinstance(quantity, int) and not isinstance(quantity, bool) else None,
        in_use=active is not False,
    )


def _nobody(group: Resource) -> str:
    """Why a Group lists nobody."""
    if group.get("actual") is False or group.get("membership") in ("definitional", "conceptual"):
        return "describes whom it is about and lists no members; name one that lists them"
    quantity = group.get("quantity")
    if isinstance(quantity, int) and quantity:
        return f"says that it has {quantity} members and lists none of them; name one that lists them"
    return "lists no members; see at the server whether it is the right one, and whether this client may see them"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry: a patient, a Group, something of another type, or nobody knows."""

    patient: str = ""
    current: bool = True
    group: str = ""
    astray: Unknown | None = None
    other: str = ""
    unknown: Unknown | None = None


def _member(entry: object, who: str, base: Base, on: date, zone: tzinfo) -> _Entry:
    if not isinstance(entry, dict):
        return _Entry(unknown=Unknown(who, "the entry is no object"))
    try:
        entity = object_in(entry, "entity") or {}
        reference, kind, display = (text_in(entity, name, "entity") for name in ("reference", "type", "display"))
    except Malformed as fault:
        return _Entry(unknown=Unknown(who, str(fault)))
    current = _is_current(entry, on, zone)
    who += f" ({display[:_LONGEST]})" if display else ""
    named = relative(reference) or ""
    of_type = named.partition("/")[0] or kind.rpartition("/")[2]
    if of_type and of_type not in ("Patient", GROUP):
        return _Entry(other=of_type if current else "")
    if not current:
        return _Entry(patient=named or who, current=False)
    there = base.resource(without_history(reference)) if named else None
    is_here = there is not None and LOGICAL_ID.fullmatch(there[1])
    if of_type == GROUP:
        if there is not None and is_here:
            return _Entry(group=there[1])
        why = "of another server, or has an id that is none" if named else "and is named by no reference"
        return _Entry(astray=Unknown(who, f"is a Group itself, {why}"))
    if not named:
        return _Entry(unknown=Unknown(who, "names no patient by a reference that can be followed"))
    if not is_here:
        return _Entry(unknown=Unknown(who, "is a patient of another server, or has an id that is none"))
    return _Entry(patient=named)


def _is_current(entry: Resource, on: date, zone: tzinfo) -> bool:
    """Whether an entry stands on a day; what does not say for certain that it is over, does."""
    if entry.get("inactive") is True:
        return False
    period = entry.get("period")
    if not isinstance(period, dict):
        return True
    start, end = (_days(period.get(name), zone) for name in ("start", "end"))
    return not (start is not None and start.earliest > on) and not (end is not None and end.latest < on)


def _days(value: object, zone: tzinfo) -> DateRange | None:
    dated = read_date(value, zone) if isinstance(value, str) else None
    return dated[0] if dated is not None else None
