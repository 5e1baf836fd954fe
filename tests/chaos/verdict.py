"""What must not come of a fault: a row of the table, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.calls import Kind, Seen
from tests.spec.markdown import table


class Promise(StrEnum):
    """What is promised where a fault is."""

    JUDGED = "judged as ever"
    """The fault does not touch the judgement."""
    LOUD = "told that it is not checked, or not wholly"
    """The history cannot be read, or not whole: nobody may take it for a safe one."""
    EITHER = "one of the two"
    """It depends on how fast the machine is."""
    REFUSED = "refused with 401"
    """CDS Hooks demands it: the caller is not known."""
    GONE = "no answer, for calls in flight"
    """Nobody is left to give one."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fault and a kind of call: what came of its calls, and the problems, empty where all is as promised."""

    fault: str
    kind: Kind
    every: tuple[Seen, ...]
    promise: Promise
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """Something that was counted under a fault."""

    fault: str
    promised: str
    found: str
    problems: tuple[str, ...] = ()


def problem(kind: Kind, one: Seen, promise: Promise) -> str:
    """What is wrong with the answer to one call; empty where it is as promised."""
    if promise is Promise.REFUSED:
        return "" if one.status == 401 else f"{one.got}: the token had to be refused"
    if promise is Promise.GONE and not one.status:
        return ""
    if kind is Kind.OTHER:
        return "" if one.status == 200 and not one.cards else f"{one.got}: another drug is no business of ours"
    if kind is Kind.OURS and one.all_clear:
        return f"{one.got}: an order for nusinersen ends as all clear"
    if one.status == 200 and not one.cards:
        return f"{one.got}: no cards for a history that was not read"
    if not one.status:
        return "no answer"
    unchecked = one.status != 200 or "NotChecked" in one.cards
    if promise is Promise.JUDGED and unchecked:
        return f"{one.got}: the history could be read, and was not judged"
    whole = not unchecked and "HistoryIncomplete" not in one.cards
    if promise is Promise.LOUD and whole:
        return f"{one.got}: judged as if the history had been read"
    return ""


def row(fault: str, kind: Kind, every: Iterable[Seen], promise: Promise) -> Row:
    """The row of a fault and a kind of call, with what is wrong with each call once."""
    every = tuple(every)
    found = dict.fromkeys(filter(None, (problem(kind, one, promise) for one in every)))
    return Row(fault, kind, every, promise, (*found, *(() if every else ("nothing was called",))))


def count(fault: str, promised: str, found: object, expected: object) -> Count:
    """Something counted, which must be what is expected."""
    return Count(fault, promised, str(found), () if found == expected else (f"{found}, and not {expected}",))


def answers_table(rows: Iterable[Row]) -> str:
    """Fault, call, what the caller got, what the clinician sees."""
    said = [(each.fault, each.kind, *_columns(each), _verdict(each)) for each in rows]
    return table(("fault", "call", "the caller got", "the clinician sees", "verdict"), said)


def counts_table(counts: Iterable[Count]) -> str:
    """Fault, promise, what was counted."""
    said = [(each.fault, each.promised, each.found, "; ".join(each.problems) or "as promised") for each in counts]
    return table(("fault", "promise", "counted", "verdict"), said)


def _verdict(each: Row) -> str:
    said = {Promise.REFUSED: "refused, as CDS Hooks demands", Promise.GONE: "the process is gone"}
    return f"FAILS: {'; '.join(each.problems)}" if each.problems else said.get(each.promise, "as promised")


def _columns(each: Row) -> tuple[str, str]:
    got, sees = Counter(one.got for one in each.every), Counter(one.sees for one in each.every)
    return _numbers(got), _numbers(sees)


def _numbers(counted: Counter[str]) -> str:
    one = len(counted) == 1
    return "; ".join(text if one else f"{number} x {text}" for text, number in sorted(counted.items()))
