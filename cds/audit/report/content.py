"""What stands in the report: figures, lists of a bounded length, and how much more there is in the other files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from cds.audit.identifiers import Identifiers, Shown
from cds.audit.ledger import Key, Ledger
from cds.audit.report.timeline import Dose, doses, timeline, window_after
from cds.audit.rows import RECALLED, Row
from cds.audit.tally import Tally
from cds.dosing.assessment import Forecast
from cds.dosing.codes import Code, Severity, Status
from cds.dosing.findings import Finding
from cds.dosing.in_force import Regimens

MOST_RECALLED = 200
"""Lines of the recall list that the report shows."""
MOST_REJECTED = 50

KEYS = {
    Key.USED: "administrations that a dose rests on",
    Key.AFTER_ON: "records dated after the day of the audit",
    Key.NOT_GIVEN: "records that say that the dose was not given",
    Key.UNREADABLE: "of the drug and not to be read, or of no drug that anybody could tell",
    Key.ENTERED_IN_ERROR: "of the drug, and withdrawn",
    Key.OTHER_DRUG: "administrations of another drug",
    Key.OTHER_RESOURCE: "other resources",
    Key.SUPERSEDED: "older versions, repetitions, deleted",
    Key.BLANK: "empty lines",
    Key.REJECTED: "no resource",
    Key.NO_TRACE: "not parsed: their bytes prove that they are none of ours",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the headline, with words below it. `grave`: worth an eye, since it is not 0."""

    number: str
    words: str
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A patient shown. `earlier`: doses before those that are listed; `of_doses`: their findings of warning or above;
    `findings`: those of the next step and the history."""

    name: str
    line: Markup
    doses: tuple[Dose, ...]
    earlier: int
    forecast: Forecast
    of_doses: tuple[tuple[Dose, Finding], ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """The first rows of a list, and how many more there are."""

    rows: Sequence[Any]
    more: int


def headline(tally: Tally, ledger: Ledger) -> tuple[Figure, ...]:
    """The figures at the top, the gravest first."""
    judged, on_time = sum(tally.doses.values()), sum(tally.on_time.values())
    short, unclear = tally.unsafe - tally.undecidable, tally.undecidable
    overdue, due, decision = (tally.statuses[each.value] for each in (Status.OVERDUE, Status.DUE, Status.DECISION))
    rejected = len(ledger.rejected)
    return (
        Figure(f"{short:,}", "intervals too short", short > 0),
        Figure(f"{unclear:,}", "intervals that the dates do not settle", unclear > 0),
        Figure(
            f"{100 * on_time / judged:.1f} %" if judged else "none", f"on time, of {judged:,} doses after the first"
        ),
        Figure(f"{overdue:,}", "patients overdue", overdue > 0),
        Figure(f"{due:,}", "patients due"),
        Figure(f"{decision:,}", "patients who need a clinician's decision", decision > 0),
        Figure(f"{tally.patients:,}", "patients assessed"),
        Figure(f"{rejected:,}", f"lines rejected, of {ledger.lines:,} read", rejected > 0),
    )


def findings(tally: Tally) -> list[dict[str, Any]]:
    """How often each finding was made, in the order of the closed list."""
    severities, codes = list(Severity), list(Code)
    counted = [
        {"code": code, "severity": severity, "count": count} for (code, severity), count in tally.findings.items()
    ]
    return sorted(counted, key=lambda each: (severities.index(each["severity"]), codes.index(each["code"])))


def with_findings(tally: Tally) -> int:
    """How many patients have a finding of warning or above."""
    return tally.gravest[Severity.CRITICAL.value] + tally.gravest[Severity.WARNING.value]


def cases(tally: Tally, regimens: Regimens, shown: Shown, since: date | None) -> Iterator[Drawn]:
    """The patients with the gravest findings, drawn; the findings of doses are those from the day `since` on."""
    for number, case in enumerate(tally.cases, 1):
        listed = doses(case, regimens)
        reference = shown.reference(case.patient)
        name = f"{reference} {number}" if shown.how is Identifiers.NONE else reference
        line = timeline(case, listed, window_after(case, regimens), f"case-{number}", f"Doses of {name}")
        yield Drawn(
            name=name,
            line=Markup(line),  # noqa: S704  drawn by us, and escaped
            doses=listed,
            earlier=len(case.evaluations) - len(listed),
            forecast=case.forecast,
            of_doses=tuple(
                (dose, each)
                for dose in listed
                for each in dose.evaluation.findings
                if each.severity != Severity.INFO and (since is None or dose.day >= since)
            ),
            findings=tuple(sorted(dict.fromkeys((*case.forecast.findings, *case.findings)), key=_gravest_first)),
        )


def _gravest_first(finding: Finding) -> int:
    return list(Severity).index(finding.severity)


def recalled(rows: Sequence[Row], tally: Tally) -> Listed:
    """The first lines of the recall list, and how many more there are."""
    all_of_them = sum(tally.statuses[each.value] for each in RECALLED)
    return Listed(rows, all_of_them - len(rows))


def account(ledger: Ledger) -> Iterator[tuple[str, int, str]]:
    """The keys of the ledger with their lines, those of none too."""
    return ((key.value, ledger.counts.get(key, 0), words) for key, words in KEYS.items())


def rejections(ledger: Ledger, shown: Shown) -> Listed:
    """Lines and files that could not be read: file, line, reason."""
    every = [*sorted(ledger.faults), *sorted(ledger.rejected)]
    listed = [(shown.file(each.place.file), each.place.line, each.reason) for each in every[:MOST_REJECTED]]
    return Listed(listed, len(every) - len(listed))
