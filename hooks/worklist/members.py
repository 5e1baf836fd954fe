"""Who is in a Group, with the members of the Groups that are in it. Which of these could not be read is told."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from logging import ERROR

from cds.fhir.errors import FhirError
from cds.fhir.group import THE_GROUP, Members, Unknown
from hooks.operations.logs import event, reduced

AT_ONCE = 4
"""What of a server is read at the same time: cards are read from the same one."""
FAILED = "an error in this service; it is in the log"
_DEEPEST = 5
_MOST = 50
_TOO_DEEP = f"more than {_DEEPEST} Groups within one another are not looked up"
_TOO_MANY = f"more than {_MOST} Groups are not looked up"

Read = Callable[[str, str], Awaitable[Members]]
"""Reads the Group of an id, which messages call by the second text. Raises FhirError."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """The members of a Group and of those in it, each once. `patients`, `unknown`, `left`, `others` and `twice` as
    those of `Members`. `within`: the ids of the Groups in it that were read. `doubts`: why people can be missing."""

    name: str
    patients: tuple[str, ...]
    unknown: tuple[Unknown, ...]
    left: tuple[str, ...]
    others: Mapping[str, int]
    twice: int
    within: tuple[str, ...]
    doubts: tuple[str, ...]


async def everybody(read: Read, name: str, until: float, late: str) -> Everybody:
    """All members of the Group `name`: one level of Groups after the other, each Group once, whichever hold one
    another, until the time `until` of the event loop; `late` is the reason of those that are not read by then. Raises
    FhirError where the Group itself cannot be read."""
    found = {name: await read(name, THE_GROUP)}
    faults: dict[str, str] = {}
    level = [name]
    for depth in range(_DEEPEST + 1):
        wanted = dict.fromkeys(each for of in level for each in found[of].groups)
        fresh = [each for each in wanted if each not in found and each not in faults]
        room = _MOST - len(found) - len(faults) if depth < _DEEPEST else 0
        level = fresh[:room]
        answers = await _read_all(read, level, until)
        found |= {each: answer for each in level if isinstance(answer := answers.get(each), Members)}
        faults |= {each: str(answers.get(each, late)) for each in level if each not in found}
        faults |= dict.fromkeys(fresh[room:], _TOO_MANY if depth < _DEEPEST else _TOO_DEEP)
        level = [each for each in level if each in found]
    return _joined(list(found.items()), faults)


async def _read_all(read: Read, names: Sequence[str], until: float) -> dict[str, Members | str]:
    """The Groups that were read in time, or why one could not be."""
    answers: dict[str, Members | str] = {}
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with turns:
            try:
                answers[name] = await read(name, _called(name))
            except FhirError as error:
                answers[name] = error.message
            except Exception as error:  # noqa: BLE001  whatever went wrong, the others are to be seen, and this one told
                event("failed", ERROR, **reduced(error))
                answers[name] = FAILED

    try:
        async with asyncio.timeout_at(until):
            await asyncio.gather(*map(one, names))
    except TimeoutError:
        pass
    return answers


def _joined(found: Sequence[tuple[str, Members]], faults: Mapping[str, str]) -> Everybody:
    groups = [group for _, group in found]
    patients = [each for group in groups for each in group.patients]
    others: Counter[str] = Counter()
    for group in groups:
        others.update(group.others)
    # who has left one of them can be a member by another one, and so can a Group
    here = {*patients, *(_called(name) for name, _ in found)}
    return Everybody(
        name=groups[0].name,
        patients=tuple(dict.fromkeys(patients)),
        unknown=tuple(each for group in groups for each in group.unknown),
        left=tuple(sorted({each for group in groups for each in group.left} - here)),
        others=dict(sorted(others.items())),
        twice=sum(group.twice for group in groups) + len(patients) - len(set(patients)),
        within=tuple(name for name, _ in found[1:]),
        doubts=tuple(_doubts(found, faults)),
    )


def _doubts(found: Sequence[tuple[str, Members]], faults: Mapping[str, str]) -> Iterator[str]:
    for number, (name, group) in enumerate(found):
        called = _called(name) if number else "The Group"
        if not group.in_use:
            yield f"{called} is marked as no longer in use: nobody may have kept it up to date."
        for each in group.astray:
            yield f"{each.who} {each.why}: its members are not looked up."
        if group.quantity is not None and group.quantity > group.listed:
            yield f"{called} says that it has {group.quantity:,} members, and lists {group.listed:,}."
    by_reason: dict[str, list[str]] = {}
    for name, why in faults.items():
        by_reason.setdefault(why, []).append(_called(name))
    for why, names in by_reason.items():
        yield f"Groups in it that were not read, with their members: {', '.join(names)}: {why}."


def _called(name: str) -> str:
    return f"Group/{name}"
