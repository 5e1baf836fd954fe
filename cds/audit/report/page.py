"""The report as one file of HTML, which asks nothing of any other place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cds.audit.identifiers import Shown
from cds.audit.ledger import Ledger
from cds.audit.report import content, plots
from cds.audit.report.drawing import style
from cds.audit.report.timeline import legend
from cds.audit.rows import Row
from cds.audit.shares import Question
from cds.audit.tally import Tally
from cds.dosing.codes import Severity

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Reported:
    """What the report tells of. `recall`: the first lines of the recall list, as they are shown; `not_read`: inputs
    that could not be read at all; `not_looked_at`: what nothing that was read tells of, in words; `only`: how many
    patients were asked for, all where it is None; `since` and `sample`: see Wanted."""

    question: Question
    tally: Tally
    ledger: Ledger
    recall: Sequence[Row]
    only_unidentified: int
    at_least: Severity
    shown: Shown
    not_read: int = 0
    not_looked_at: Sequence[str] = ()
    only: int | None = None
    since: date | None = None
    sample: int | None = None


def page(told: Reported) -> str:
    """The whole page."""
    tally, ledger, shown = told.tally, told.ledger, told.shown
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["words"] = lambda code: str(code).replace("-", " ")
    regimens = told.question.regimens
    weeks = plots.bins(tally.intervals)
    steps, months = tally.by_step(), tally.by_month()
    with style():
        return environment.get_template("report.html.j2").render(
            told=told,
            css=Markup((_HERE / "report.css").read_text("utf-8")),  # noqa: S704  our own
            regimens=regimens,
            figures=content.headline(tally, ledger),
            steps=steps,
            months=months,
            weeks=weeks,
            by_step=Markup(plots.by_step(steps)) if steps else "",  # noqa: S704  drawn by us, and escaped
            by_month=Markup(plots.by_month(months)) if months else "",  # noqa: S704
            intervals=Markup(plots.intervals(weeks, regimens.on(told.question.on)[0])) if weeks else "",  # noqa: S704
            findings=content.findings(tally),
            with_findings=content.with_findings(tally),
            cases=list(content.cases(tally, regimens, shown, told.since)),
            legend=Markup(legend()) if len(tally.cases) else "",  # noqa: S704
            recall=content.recalled(told.recall, tally),
            account=list(content.account(ledger)),
            rejections=content.rejections(ledger, shown),
        )
