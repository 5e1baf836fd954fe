"""What `check` asks of every patient: by which regimen, on which day, in which time zone, which proposed dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from cds.dosing.regimen import Regimen
from cds.regimens.library import UnknownRegimen
from hooks.console import UsageError, say
from hooks.settings import CheckSettings
from hooks.show_regimens import library


@dataclass(frozen=True, slots=True)
class Question:
    """`proposed` are in order of date, none before `on`."""

    regimen: Regimen
    on: date
    zone: ZoneInfo
    proposed: tuple[date, ...] = ()


def ask(settings: CheckSettings, on: str | None, proposed: Sequence[str]) -> Question:
    """The question, said on standard error too, since results rest on it. Raises UsageError."""
    regimen = _regimen(settings)
    zone = ZoneInfo(settings.time_zone or "UTC")
    days = tuple(sorted(_day(text, "--proposed") for text in proposed))
    today = _today(zone) if on is None else _day(on, "--on")
    if days and days[0] < today:
        raise UsageError(f"--proposed {days[0]} lies before {today}, the day asked about; a past date proposes nothing")
    unverified = "" if regimen.verified == "yes" else f"; not verified: {regimen.verified}"
    say(f"Regimen {regimen.id}, version {regimen.version}, {regimen.digest}{unverified}")
    unset = "" if settings.time_zone else ", since neither --time-zone nor NUSINERSEN_CDS_TIME_ZONE is given"
    say(f"On {today}{' (today)' if on is None else ''}, time zone {zone.key}{unset}")
    return Question(regimen, today, zone, days)


def _regimen(settings: CheckSettings) -> Regimen:
    known = library(settings.site_folder)
    if settings.regimen is None:
        choices = ", ".join(known.regimens)
        raise UsageError(f"--regimen is missing, and there is no default; choose one of: {choices}")
    try:
        return known.get(settings.regimen).with_tolerance(
            loading=settings.tolerance_loading, maintenance=settings.tolerance_maintenance
        )
    except UnknownRegimen as unknown:
        raise UsageError(f"--regimen: {unknown}") from None
    except ValueError as unfit:
        raise UsageError(f"--tolerance-loading, --tolerance-maintenance: {unfit}") from None


def _today(zone: ZoneInfo) -> date:
    # only here, since the clock stands in the room of the service, which is slow to enter
    from hooks.app import now

    return now().astimezone(zone).date()


def _day(text: str, option: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    # fromisoformat also takes week dates and dates without hyphens
    if found is None or found.isoformat() != text:
        raise UsageError(f"{option}: {text!r} is no date; write YYYY-MM-DD")
    return found
