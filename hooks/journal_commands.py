"""The commands on the journal: `feedback`, `decisions`, `views` and `purge`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
import typer

from hooks.console import UsageError, output, printable, say
from hooks.database.database import Database, DatabaseDown
from hooks.journal.lookup import decision_of_incident, decisions_about, views_of
from hooks.journal.purge import purge
from hooks.journal.statistics import Statistics, Tally, sealed_comments, statistics
from hooks.memory import comments_of, keys_of, open_database
from hooks.settings import PREFIX, JournalSettings, SettingsError, load_for_journal
from hooks.wording import ENGLISH

_REASONS = {(reason["system"], reason["code"]): reason["display"] for reason in ENGLISH.override_reasons}


def show_feedback(*, since: str | None, until: str | None, form: str, comments: bool, now: Clock) -> None:
    """Print the statistics, or the comments. Raises UsageError."""
    if form not in {"text", "json"}:
        raise UsageError(f"--format: {printable(form)} is no format; write text or json")
    start, end = _moment(since, "--since"), _moment(until, "--until", days=1)
    with _opened(now) as (settings, database):
        if comments:
            keys = comments_of(settings)
            told = [
                {"time": when, "card": card, "comment": keys.open(sealed)}
                for when, card, sealed in sealed_comments(database, since=start, until=end)
            ]
            _print("\n".join(orjson.dumps(one).decode() for one in told))
            return
        found = statistics(database, since=start, until=end)
    _print(orjson.dumps(_as_json(found), option=orjson.OPT_INDENT_2).decode() if form == "json" else _as_text(found))


def show_decisions(*, patient: str | None, site: str, incident: str | None, now: Clock) -> None:
    """Print the decisions about a patient, or the one of an incident, as JSON lines. Raises UsageError."""
    with _opened(now) as (settings, database):
        if patient:
            found = decisions_about(database, keys_of(settings), site=site, patient=patient)
        elif incident:
            found = decision_of_incident(database, incident)
        else:
            raise UsageError("name a patient with --patient, or an incident with --incident")
    _print("\n".join(orjson.dumps(decision).decode() for decision in found))
    if not found:
        say("nusinersen-cds: no decision of this name in the journal; for a patient, is --site that of the decision?")


def show_views(*, patient: str | None, user: str | None, site: str, now: Clock) -> None:
    """Print looks at pages as JSON lines: of a patient, by a user, or of the one by the other. Raises UsageError."""
    if not patient and not user:
        raise UsageError("name a patient with --patient, or a user with --user")
    with _opened(now) as (settings, database):
        found = views_of(database, keys_of(settings), site=site, patient=patient or None, user=user or None)
    _print("\n".join(orjson.dumps(view).decode() for view in found))
    if not found:
        say("nusinersen-cds: no look of this name in the journal; is --site that of the patient or user?")


def remove_old(*, days: int | None, dry_run: bool, now: Clock) -> None:
    """Remove what is older than the retention, and print how much. Raises UsageError."""
    with _opened(now) as (settings, database):
        kept = days or settings.retention_days
        before = now() - timedelta(days=kept)
        removed = purge(database, before=before, now=now(), dry_run=dry_run)
    verb = "would be removed" if dry_run else "removed"
    lines = [f"{name.replace('_', ' ')}: {number:,} {verb}" for name, number in removed.items()]
    _print("\n".join([f"older than {kept} days (before {before.isoformat(timespec='minutes')}):", *lines]))


Clock = Callable[[], datetime]


@contextmanager
def _opened(now: Clock) -> Iterator[tuple[JournalSettings, Database]]:
    """The database of the service. A SQLite file that is not there is not made: the folder may be a wrong one."""
    try:
        settings = load_for_journal()
        if settings.database_url is None and not (settings.folder / "journal.db").exists():
            raise UsageError(
                f"{PREFIX}STATE_FOLDER: there is no journal in {settings.folder}; name that of the service"
            )
        database = open_database(settings, clock=now)
        try:
            yield settings, database
        finally:
            database.close()
    except SettingsError as error:
        raise UsageError(str(error)) from None
    except DatabaseDown as error:
        raise UsageError(f"the database cannot be used: {error}") from None


def _moment(day: str | None, option: str, *, days: int = 0) -> datetime | None:
    """The beginning of a day in UTC, or of the day after it."""
    if day is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(day) + timedelta(days=days), time(), UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{option}: {printable(day)} is no date; write YYYY-MM-DD") from None


def _as_json(found: Statistics) -> dict[str, Any]:
    return {
        "calls": found.calls,
        "cards": found.cards,
        "withheld": found.withheld,
        "lost": found.lost,
        "unknown": found.unknown,
        "kinds": _tallies(found.by_kind),
        "findings": _tallies(found.by_finding),
    }


def _tallies(tallies: Mapping[str, Tally]) -> list[dict[str, Any]]:
    return [
        {
            "code": name,
            "shown": tally.shown,
            "accepted": tally.accepted,
            "overridden": tally.overridden,
            "unanswered": tally.unanswered,
            "reasons": [
                {"system": system, "code": code, "number": number}
                for (system, code), number in tally.reasons.most_common()
            ],
        }
        for name, tally in tallies.items()
    ]


def _as_text(found: Statistics) -> str:
    per_100 = f" ({100 * found.cards / found.calls:.1f} per 100 calls)" if found.calls else ""
    lines = [
        f"calls: {found.calls:,}; cards shown: {found.cards:,}{per_100}; withheld in silent mode: {found.withheld:,}",
        f"feedback on cards that are not in the journal: {found.unknown:,}; lines lost: {found.lost:,}",
    ]
    for title, tallies in (("card", found.by_kind), ("finding", found.by_finding)):
        lines += ["", f"{title:<36}{'shown':>8}{'accepted':>10}{'overridden':>12}{'unanswered':>12}"]
        for name, tally in tallies.items():
            numbers = f"{tally.shown:>8,}{tally.accepted:>10,}{tally.overridden:>12,}{tally.unanswered:>12,}"
            lines += [f"{name:<36}{numbers}", *_reasons(tally)]
    return "\n".join(lines)


def _reasons(tally: Tally) -> list[str]:
    return [
        f"    {number:,} x {_REASONS.get((system, code)) or printable(code) or 'no reason given'}"
        for (system, code), number in tally.reasons.most_common()
    ]


def _print(text: str) -> None:
    with output():
        if text:
            typer.echo(text)
