"""The tests before a dose (rule 10) in words: a section of the detail of a card, and a part of a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from cds.dosing.laboratory import Checked, Monitored, NoResult, PassedOver, Result, Standing, looked_at
from hooks.markdown import harmless
from hooks.phrases import span
from hooks.words import Wording

_MOST_RECORDS = 10
_whole = partial(harmless, longest=None)


def tests(monitored: Monitored, words: Wording) -> str:
    """How many tests are missing or old, not known, or to be looked at, for a summary."""
    said = words.monitoring
    several = (
        ("number-due", sum(each.standing in (Standing.OLD, Standing.MISSING) for each in monitored.tests)),
        ("number-not-known", sum(each.standing is Standing.NOT_KNOWN for each in monitored.tests)),
        ("number-to-look-at", sum(bool(each.above) or looked_at(each) for each in monitored.tests)),
    )
    numbers = ", ".join([said[key].format(number=number) for key, number in several if number])
    return said["number-of"].format(numbers=numbers, all=len(monitored.tests))


def section(monitored: Monitored, words: Wording) -> str:
    """Every test with its latest result; one line where each is done and none is to be looked at."""
    said = words.monitoring
    window = _window(monitored, said)
    if not monitored.told:
        return said["all-done"].format(window=window)
    lines = [f"- {_line(checked, words)}" for checked in monitored.tests]
    return "\n".join([said["title"].format(window=window) + "\n", *lines, *_not_counted(monitored, words)])


def _window(monitored: Monitored, said: Mapping[str, str]) -> str:
    """From when results count, and who says so."""
    if monitored.since is None:
        return said["window-any"]
    if monitored.days is None:
        return said["window-last-dose"].format(since=monitored.since.isoformat())
    return said["window-days"].format(since=monitored.since.isoformat(), days=monitored.days)


def _line(checked: Checked, words: Wording) -> str:
    said, latest = words.monitoring, checked.latest
    result = "" if latest is None else _result(latest, words)
    nothing = "-none" if latest is None and checked.standing is Standing.NOT_KNOWN else ""
    line = said[f"{checked.standing}{nothing}"].format(test=_whole(checked.test.name), result=result)
    threshold = checked.test.threshold
    if threshold is None or latest is None:
        return line
    fields = {
        "line": line,
        "limit": f"{threshold.above} {_whole(threshold.unit)}",
        "advice": _whole(threshold.advice),
    }
    if checked.above:
        return said["above"].format_map(fields)
    if looked_at(checked):
        return said["not-compared"].format_map(fields | {"why": said[f"why-{latest.why_not or 'only-a-limit'}"]})
    return line


def _result(result: Result, words: Wording) -> str:
    """The value as recorded, and the day of its specimen."""
    unit = f" {harmless(result.unit)}" if result.unit else ""
    return f"{harmless(result.comparator)}{result.value}{unit} ({span(result.when, words)})"


def _not_counted(monitored: Monitored, words: Wording) -> Iterator[str]:
    """The records of the window that are no result, each once: one of which the test is not known is beside all."""
    records = dict.fromkeys(
        record for checked in monitored.tests for record in checked.beside if _matters(checked, record)
    )
    for record in list(records)[:_MOST_RECORDS]:
        when = f" ({span(record.when, words)})" if record.when is not None else ""
        said = words.monitoring[record.why].format(detail=_whole(record.detail))
        yield f"- {harmless(record.reference)}{when}: {said}"
    if len(records) > _MOST_RECORDS:
        yield f"- {words.phrases.more.format(number=len(records) - _MOST_RECORDS)}"


def _matters(checked: Checked, record: NoResult) -> bool:
    """A strip, or a result that is not final yet, is no matter where the test is done."""
    return checked.standing is not Standing.DONE or record.why is PassedOver.UNREADABLE
