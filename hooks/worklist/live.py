"""A Group read now: each member's history, judged as for a card. Who could not be read is told, and never left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from logging import ERROR

from cds.dosing.document import as_json
from cds.fhir.backend_services import BackendServices
from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError, Kind
from cds.fhir.group import GROUP, Members, Unknown, read_members
from cds.fhir.limits import Budget
from cds.fhir.links import Base
from cds.fhir.needs import PERSON
from cds.fhir.patients import linked
from cds.fhir.plain import Resource
from hooks.charts import judge
from hooks.desk import Desk
from hooks.found import deadline, has_drug
from hooks.gather import Link, NoSourceError, NotReadError
from hooks.operations.logs import event, reduced
from hooks.protocol import PATIENT_VIEW, HookRequest
from hooks.wording import ENGLISH
from hooks.worklist.members import AT_ONCE, FAILED, Everybody, everybody
from hooks.worklist.rows import Row, row
from hooks.worklist.source import Source

_UNIDENTIFIED = "unidentified"


@dataclass(frozen=True, slots=True)
class NotRead:
    """A member of whom nothing can be said, by `Patient/x` or the place in the Group, and why."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class GroupRead:
    """A Group as it was found between `began` and `ended`. `rows` are of all members with records of a drug of the
    site, one for each drug; `without`: members with none of any; `unidentified`: those among them with records of which
    nobody can tell whether they are of one."""

    source: Source
    members: Everybody
    began: datetime
    ended: datetime
    rows: tuple[Row, ...]
    not_read: tuple[NotRead, ...]
    without: tuple[str, ...]
    unidentified: tuple[str, ...]
    regimens: tuple[str, ...]


class GroupNotReadError(Exception):
    """The Group could not be read, so nobody can be listed. The message is for people, without patient data."""


@dataclass(slots=True)
class Progress:
    """How far a reading is; `total` is 0 until the Group is read."""

    done: int = 0
    total: int = 0


@dataclass(slots=True)
class _Found:
    """What is known of the members so far."""

    rows: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    not_read: dict[str, str] = field(default_factory=dict)
    unidentified: set[str] = field(default_factory=set)


async def read_group(source: Source, desk: Desk, tokens: BackendServices | None, progress: Progress) -> GroupRead:
    """The Group and its members, within the limits of the site. Raises GroupNotReadError."""
    began, site = desk.clock(), desk.site
    until = asyncio.get_running_loop().time() + site.worklist_group_seconds
    members = await _members(source, desk, tokens, until)
    asked = members.patients[: site.worklist_group_members]
    progress.total = len(asked)
    found, turns = _Found(), asyncio.Semaphore(AT_ONCE)

    async def one(patient: str) -> None:
        async with turns:
            try:
                judged = await _judged(patient, source, desk, tokens)
                found.rows[patient] = tuple(each for each in judged if isinstance(each, Row))
                if _UNIDENTIFIED in judged:
                    found.unidentified.add(patient)
            except (NotReadError, NoSourceError) as error:
                found.not_read[patient] = str(error)
            except FhirError as error:
                found.not_read[patient] = error.message
            except Exception as error:  # noqa: BLE001  whatever went wrong, the others are to be seen, and this one told
                event("failed", ERROR, **reduced(error))
                found.not_read[patient] = FAILED
            progress.done += 1

    try:
        async with asyncio.timeout_at(until):
            await asyncio.gather(*map(one, asked))
    except TimeoutError:
        pass
    return GroupRead(
        source=source,
        members=members,
        began=began.astimezone(desk.zone),
        ended=desk.clock().astimezone(desk.zone),
        rows=tuple(row for patient in asked for row in found.rows.get(patient, ())),
        not_read=tuple(_not_read(members, asked, found, desk)),
        without=tuple(patient for patient in asked if patient in found.rows and not found.rows[patient]),
        unidentified=tuple(patient for patient in asked if patient in found.unidentified and not found.rows[patient]),
        regimens=tuple(f"{each.id} {each.version}" for drug in desk.every for each in drug.regimens.every),
    )


async def _members(source: Source, desk: Desk, tokens: BackendServices | None, until: float) -> Everybody:
    async def read(name: str, called: str) -> Members:
        group = await _client(source, desk, tokens).read(GROUP, name)
        return read_members(group, Base(source.base_url), desk.today(), desk.zone, called)

    try:
        return await everybody(read, source.id, until, _late(desk))
    except FhirError as error:
        raise GroupNotReadError(error.message) from None
    except Exception as error:  # noqa: BLE001  whoever asked is told that there is no list
        event("failed", ERROR, **reduced(error))
        raise GroupNotReadError(FAILED) from None


def _client(source: Source, desk: Desk, tokens: BackendServices | None) -> FhirClient:
    assert desk.http is not None, "the connections are opened when the application starts"
    return FhirClient(desk.http, source.base_url, token=tokens, limits=desk.limits)


async def _judged(
    patient: str, source: Source, desk: Desk, tokens: BackendServices | None
) -> tuple[Row | str | None, ...]:
    """What is known of one member, for each drug; where there are records of none, the Patient must be there."""
    budget = Budget.start(desk.limits, asyncio.get_running_loop().time())
    token = await tokens.token(budget) if tokens is not None else None
    request = HookRequest(
        hook=PATIENT_VIEW,
        hook_instance="",
        patient_id=patient.removeprefix("Patient/"),
        context={},
        prefetch={},
        fhir_server=source.base_url,
        access_token=token,
    )
    judged = await asyncio.gather(*(_of_drug(request, each) for each in desk.every))
    if not any(judged):
        person = await _person(patient, source, desk, tokens)
        if linked(person):
            # a Group can name an id that was replaced: all that there is then stands under another one (C9)
            request = replace(request, prefetch={PERSON.key: person})
            judged = await asyncio.gather(*(_of_drug(request, each) for each in desk.every))
    return tuple(judged)


async def _person(patient: str, source: Source, desk: Desk, tokens: BackendServices | None) -> Resource:
    """An id that the server does not know must not pass for one who was never treated. Raises FhirError."""
    try:
        return await _client(source, desk, tokens).read(PERSON.resource_type, patient.removeprefix("Patient/"))
    except FhirError as error:
        if error.kind is not Kind.MISSING:
            raise
        raise FhirError(Kind.MISSING, f"{source.base_url} knows no such patient; have the Group mended") from None


async def _of_drug(request: HookRequest, desk: Desk) -> Row | str | None:
    """What the list says of a patient and a drug; None where there is no record of it, and `unidentified` where there
    are none but some of which nobody can tell."""
    link = Link(desk.client, request)
    assessment, gathered, beside = await judge(request, desk, link, desk.today(), deadline(desk))
    elsewhere = beside.elsewhere(ENGLISH.unknown)
    told = row(as_json(assessment))
    if not has_drug(assessment) and not told.found and not elsewhere:
        return _UNIDENTIFIED if assessment.unidentified else None
    doubts = dict.fromkeys((*gathered.problems, *beside.unknown(ENGLISH.unknown)))
    return replace(told, incomplete=told.incomplete or bool(elsewhere), doubts=tuple(doubts))


def _not_read(members: Everybody, asked: Sequence[str], found: _Found, desk: Desk) -> list[NotRead]:
    late = _late(desk)
    over = f"beyond the first {desk.site.worklist_group_members} members, who are read at most"
    return [
        *(NotRead(each, found.not_read.get(each, late)) for each in asked if each not in found.rows),
        *(NotRead(each, over) for each in members.patients[len(asked) :]),
        *(_unknown(each) for each in members.unknown),
    ]


def _late(desk: Desk) -> str:
    return f"not read within {desk.site.worklist_group_seconds} seconds"


def _unknown(member: Unknown) -> NotRead:
    return NotRead(member.who, member.why)
