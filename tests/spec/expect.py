"""What a case expects, and what an assessment (as JSON) says of the same things: two dictionaries to compare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.spec.case import COLUMNS, Case, items, lines, rows
from tests.spec.facts import given, ordered

Said = dict[str, Any]
ABSENT = "-"


def expected(case: Case) -> Said:
    """The expectations of a case, flat: where -> what."""
    said: Said = {}
    for row in rows(case.doses, COLUMNS["doses"]):
        _say(said, f"dose {_names(items(row['records']))}", row, {"records"})
    for row in rows(case.proposed, COLUMNS["proposed"]):
        _say(said, f"proposed {row['order']} on {row['date']}", row, {"order", "date"})
    if case.tests.strip() == ABSENT:
        said["tests"] = []
    else:
        for row in rows(case.tests, COLUMNS["tests"]):
            _say(said, f"test {row['test']}", row, {"test"})
    for key, value in lines(case.forecast):
        said[f"forecast {key}"] = _as_said(key, value)
    for key in ("counted", "not_given", "unidentified", "unreadable", "judged", "series"):
        if text := getattr(case, key):
            said[key] = items(text)
    return said


def observed(assessment: Said, wanted: Said) -> Said:
    """What the assessment says in the places of `wanted`; a place that does not exist says so."""
    everything: Said = {}
    for dose in assessment["evaluations"]:
        where = f"dose {_names(_plain(dose['administrations'], given))}"
        days = dose["earliest"] if dose["earliest"] == dose["latest"] else f"{dose['earliest']} to {dose['latest']}"
        everything |= _places(where, dose | {"interval": _text(dose, "interval_days"), "days": days})
    for entry in assessment["proposed"]:
        where = f"proposed {_plain([entry['reference']], ordered)[0]} on {entry['date']}"
        everything |= _places(where, entry | {"interval": _text(entry, "interval_days")})
    everything |= _places("forecast", assessment["forecast"])
    everything["tests"] = assessment.get("tests", [])
    for entry in everything["tests"]:
        where = f"test {entry['test']}"
        everything |= {where: "there"} | {f"{where} {key}": value for key, value in entry.items()}
    everything["counted"] = [
        name for dose in assessment["evaluations"] for name in _plain(dose["administrations"], given)
    ]
    everything["judged"] = [f"{_plain([p['reference']], ordered)[0]} {p['date']}" for p in assessment["proposed"]]
    everything["not_given"] = _plain(assessment["not_given"], given)
    everything["unidentified"] = _plain(assessment["unidentified"], given)
    everything["unreadable"] = [f"{_plain([u['reference']], given)[0]} {u['reason']}" for u in assessment["unreadable"]]
    everything["series"] = _findings(assessment["findings"])
    return {where: everything.get(where, f"no such place: {where}") for where in wanted}


def _say(said: Said, where: str, row: Any, skip: set[str]) -> None:
    said[where] = "there"
    for key, value in row.items():
        if key not in skip and value:
            said[f"{where} {key}"] = _as_said(key, value)


def _as_said(key: str, value: str) -> Any:
    return items(value) if key in ("findings", "plan", "options") else value


def _places(where: str, source: Said) -> Said:
    """Every place of one dose, forecast or proposed date, in the words of the tables."""
    places: Said = {where: "there"}
    for key in (
        "status",
        "regimen",
        "step",
        "earliest",
        "recommended",
        "overdue_from",
        "interval",
        "days",
        "suggested",
    ):
        places[f"{where} {key}"] = _text(source, key)
    places[f"{where} plan"] = [f"{step['step']} {step['date']}" for step in source.get("plan", [])]
    places[f"{where} options"] = source.get("options", [])
    places[f"{where} findings"] = _findings(source["findings"])
    return places


def _findings(findings: list[Said]) -> list[str]:
    return [f"{finding['code']} {finding['severity']} {finding['rule']}" for finding in findings]


def _text(source: Said, key: str) -> str:
    return str(source[key]) if key in source else ABSENT


def _names(names: list[str]) -> str:
    return ", ".join(names)


def _plain(references: list[str], kind: Callable[[str], str]) -> list[str]:
    return [reference.removeprefix(kind("")) for reference in references]
