"""Regimens for people: the list, one with all that it rests on, and the faults of a site's own files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cds.dosing.codes import CATCH_UP, MAINTENANCE, loading
from cds.dosing.drug import Coding, Drug, Strength
from cds.dosing.in_force import Regimens
from cds.dosing.monitoring import Asked, Monitoring
from cds.dosing.regimen import CatchUp, Regimen, Switch
from cds.regimens.library import Library, RegimenFaults, UnknownRegimen, load
from hooks.console import UsageError, counted, output, say
from hooks.phrases import quantity, step_title
from hooks.rich_text import cells, indented, stdout_console, table

_SHORT_DIGEST = len("sha256:") + 12


def library(site_folder: Path | None) -> Library:
    """All regimens; their faults are the user's to mend."""
    try:
        return load(site_folder)
    except RegimenFaults as faults:
        raise UsageError(str(faults)) from None


def chosen(regimens: Library, ids: Sequence[str]) -> tuple[Regimens, ...]:
    """The regimens of the option `--regimen`, those of one drug together; what is wrong with it is the user's to
    mend."""
    try:
        return regimens.choose_each(ids)
    except (UnknownRegimen, ValueError) as fault:
        raise UsageError(f"--regimen: {fault}") from None


def show_all(regimens: Library) -> None:
    """One row a regimen."""
    rows = table("id", "version", "verified", "digest", "title")
    for regimen in regimens.regimens.values():
        rows.add_row(
            *cells(regimen.id, regimen.version, regimen.verified, regimen.digest[:_SHORT_DIGEST], regimen.title)
        )
    with output():
        stdout_console().print(rows)
    say("`nusinersen-cds regimens ID` shows one with its sources. There is no default: a site chooses one.")


def check_folder(folder: Path) -> None:
    """Says what a site's folder adds. Raises UsageError with every fault of every file."""
    shipped = load()
    added = library(folder).regimens.keys() - shipped.regimens.keys()
    named = f": {', '.join(sorted(added))}" if added else ""
    say(f"{folder}: no fault; it adds {counted(len(added), 'regimen')}{named}")


def show(regimen: Regimen) -> None:
    """One regimen: steps, delays, tolerances, what the label says, codes, sources, notes."""
    with output():
        _show(stdout_console(), regimen)


def _show(console: Console, regimen: Regimen) -> None:
    facts = table("", "", header=False)
    for name, value in (
        ("id", regimen.id),
        ("version", regimen.version),
        ("digest", regimen.digest),
        ("authority", regimen.authority),
        ("verified", regimen.verified),
        ("drug", f"{regimen.drug.title}; names: {', '.join(regimen.drug.names)}"),
        ("minimum interval", f"{regimen.minimum_interval} between any two doses"),
        ("tolerance", _tolerance(regimen)),
    ):
        facts.add_row(*cells(name, value))
    _section(console, regimen.title, facts)
    _section(console, "Steps", _steps(regimen))
    if regimen.switches:
        _section(console, "Changes to this regimen", _pairs("from", "", map(_switch, regimen.switches)))
    _delays(console, regimen)
    _section(console, "Laboratory tests before a dose", _monitoring(regimen.monitoring))
    _section(console, "What the label says", _pairs("topic", "statement", regimen.statements))
    _codes(console, regimen.drug)
    sources = table("document", "date", "section", "address")
    for source in regimen.sources:
        sources.add_row(*cells(source.title, source.date, source.section, source.url))
    _section(console, "Sources", sources)
    _notes(console, "Notes", regimen.notes)
    _notes(console, "Notes on the drug", regimen.drug.notes)


def _tolerance(regimen: Regimen) -> str:
    source = f" ({regimen.tolerance_source})" if regimen.tolerance_source else ""
    days = regimen.tolerance
    return f"{days.loading} days in loading and catch-up, {days.maintenance} days in maintenance{source}"


def _section(console: Console, title: str, content: Table) -> None:
    console.print(title, style="bold")
    console.print(indented(content))
    console.print()


def _notes(console: Console, title: str, notes: Iterable[str]) -> None:
    listed = table("", header=False)
    for note in notes:
        listed.add_row(*cells(f"- {note}"))
    if listed.row_count:
        _section(console, title, listed)


def _pairs(left: str, right: str, pairs: Iterable[tuple[str, str]]) -> Table:
    rows = table(left, right)
    for pair in pairs:
        rows.add_row(*cells(*pair))
    return rows


def _steps(regimen: Regimen) -> Table:
    rows = table("step", "dose", "given", "nominal day", right=("dose", "nominal day"))
    day: int | None = 0
    for number, step in enumerate(regimen.loading, start=1):
        given = "first dose" if step.interval is None else f"{step.interval} after the dose before"
        if step.interval is not None:
            # a loading interval in months has no nominal day
            day = None if day is None or step.interval.months else day + step.interval.days
        rows.add_row(*cells(step_title(loading(number)), quantity(step.amount), given, day))
    every = f"{regimen.maintenance_interval} after the last loading dose, then every {regimen.maintenance_interval}"
    rows.add_row(*cells(step_title(MAINTENANCE), quantity(regimen.maintenance_amount), every, None))
    return rows


def _switch(switch: Switch) -> tuple[str, str]:
    instead = f"{quantity(switch.amount)} in the place of the next maintenance dose"
    return f"{quantity(switch.from_amount)} maintenance", f"{instead}, less than {switch.within} after the last dose"


def _delays(console: Console, regimen: Regimen) -> None:
    catch_up = regimen.catch_up
    if catch_up is None:
        text = "The prescribed intervals go on from the last dose given; there is no table of extra doses."
        if regimen.refers:
            text = "A clinician decides: no label text was found that says what follows a delay beyond the tolerance."
        _section(console, "After a delay", _pairs("", "", [("", text)]))
        return
    rows = table("time since the last dose", "what to give", "then")
    starts = [row.from_ for row in catch_up.rows]
    again = f"maintenance {regimen.maintenance_interval} after the last of them"
    original = f"the original schedule, if at least {regimen.minimum_interval} later"
    rows.add_row(*cells(f"less than {starts[0]}", "the delayed dose", original))
    for row, until in zip(catch_up.rows, [*starts[1:], None], strict=True):
        span = f"{row.from_} or more" if until is None else f"{row.from_} to under {until}"
        if row.extra_doses is None:
            rows.add_row(*cells(span, "the whole loading again", "as loading"))
        else:
            extra = counted(row.extra_doses, step_title(CATCH_UP).partition(" of")[0])
            rows.add_row(*cells(span, f"the delayed dose and {extra}, {catch_up.interval} apart", again))
    _section(console, "A delayed maintenance dose", rows)
    _section(console, "Limits", _pairs("limit", "", _limits(catch_up, regimen)))


def _limits(catch_up: CatchUp, regimen: Regimen) -> list[tuple[str, str]]:
    limits = [
        ("an extra dose may be one until", f"{catch_up.limit} after the dose before"),
        ("a loading dose is covered until", f"{catch_up.loading_limit} after the dose before"),
        ("both actions are shown near a boundary", f"{catch_up.near_boundary_days} days each way"),
    ]
    if regimen.undocumented_loading is not None:
        said = f"the second dose more than {regimen.undocumented_loading} after the first"
        limits.append(("loading counts as not documented with", said))
    return limits


_ASKED = {
    Asked.EACH_DOSE: "before each dose",
    Asked.IF_INDICATED: "only if clinically indicated; results are not looked at",
    Asked.NOT_STATED: "not known; results are not looked at",
}


def _monitoring(monitoring: Monitoring) -> Table:
    """The tests that the label asks for, with their codes, or that it asks for none before each dose."""
    rows = table("test", "codes, each with its usual unit", "test strips, not counted", "to look at", "source")
    for test in monitoring.tests:
        codes = "\n".join(f"{coding.code} ({unit})" for coding, unit in test.codes)
        limit = test.threshold
        above = None if limit is None else f"above {limit.above} {limit.unit}: {limit.advice}"
        rows.add_row(*cells(test.name, codes, "\n".join(coding.code for coding in test.strips), above, test.source))
    if monitoring.tests:
        return rows
    return _pairs("asked for", "source", [(_ASKED[monitoring.asked], monitoring.source)])


def _codes(console: Console, drug: Drug) -> None:
    strengths = {coding: _strength(strength) for coding, strength in drug.products.items()}
    for title, meaning, codes in (
        ("Product codes", "strength", strengths),
        ("Look-alikes, never counted", "drug", drug.look_alikes),
        ("Codes of the right route", "route", drug.routes),
        ("Codes of wrong routes: a safety event, never counted", "route", drug.other_routes),
    ):
        rows = table("code", meaning, "system", "source")
        for (name, source, systems), listed in _grouped(drug, codes).items():
            rows.add_row(*cells("\n".join(listed), name, "\n".join(systems), source))
        _section(console, title, rows)


def _strength(strength: Strength | None) -> str:
    return "not told by the code" if strength is None else f"{quantity(strength.mg)} in {strength.ml} mL"


def _grouped(drug: Drug, codes: Mapping[Coding, str]) -> dict[tuple[str, str, tuple[str, ...]], list[str]]:
    """(what the codes mean, source, URIs of their system, the canonical one first) and the codes of which it holds."""
    systems: dict[tuple[str, str, str], list[str]] = {}
    for coding, meaning in codes.items():
        systems.setdefault((coding.code, meaning, drug.sources.get(coding, "")), []).append(coding.system)
    groups: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (code, meaning, source), uris in systems.items():
        groups.setdefault((meaning, source, tuple(uris)), []).append(code)
    return groups
