"""What `check` and `audit` ask of every patient: by which regimens, on which day, in which zone, about which dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from cds.dosing.drug import Drug
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen
from cds.fhir.markers import Markers
from cds.regimens.library import RegimenFaults
from cds.regimens.timeline import load_timeline
from hooks.console import UsageError, say
from hooks.settings import CheckSettings
from hooks.show_regimens import chosen, library
from hooks.site_settings import markers_of


@dataclass(frozen=True, slots=True)
class Question:
    """`each_drug` are the regimens of each drug, which is judged apart (rule W11); `proposed` are in order of date,
    none before `on`; `complete_since`: see cds.dosing.assess; `markers`: how the site says that therapy has ended."""

    each_drug: tuple[Regimens, ...]
    on: date
    zone: ZoneInfo
    proposed: tuple[date, ...] = ()
    complete_since: date | None = None
    markers: Markers = field(default_factory=Markers)

    @property
    def drugs(self) -> tuple[Drug, ...]:
        """The drugs, in the order in which they were named."""
        return tuple([regimens.drug for regimens in self.each_drug])

    @property
    def only(self) -> Regimens:
        """Those of the only drug, where one alone is asked about."""
        [regimens] = self.each_drug
        return regimens

    def regimens(self, drug: Drug) -> Regimens:
        """Those of one of the drugs."""
        return next(regimens for regimens in self.each_drug if regimens.drug.id == drug.id)


def ask(settings: CheckSettings, on: str | None, proposed: Sequence[str]) -> Question:
    """The question, said on standard error too, since results rest on it. Raises UsageError."""
    each_drug = _each_drug(settings)
    zone = ZoneInfo(settings.time_zone or "UTC")
    days = tuple(sorted(day(text, "--proposed") for text in proposed))
    today = _today(zone) if on is None else day(on, "--on")
    if days and days[0] < today:
        raise UsageError(f"--proposed {days[0]} lies before {today}, the day asked about; a past date proposes nothing")
    for entry in [entry for regimens in each_drug for entry in regimens.timeline]:
        since = "" if entry.from_ == date.min else f" from {entry.from_} on"
        for regimen in entry.regimens:
            unverified = "" if regimen.unverified is None else f"; not verified: {regimen.unverified}"
            say(f"Regimen {regimen.id}{since}, version {regimen.version}, {regimen.digest}{unverified}")
    unset = "" if settings.time_zone else ", since neither --time-zone nor NUSINERSEN_CDS_TIME_ZONE is given"
    say(f"On {today}{' (today)' if on is None else ''}, time zone {zone.key}{unset}")
    complete = settings.history_complete_since
    if complete is not None:
        say(f"Records complete since {complete}; doses of before may be missing (--history-complete-since)")
    markers = markers_of(settings.ended_flags, settings.ended_lists)
    return Question(each_drug, today, zone, days, complete, markers)


def _each_drug(settings: CheckSettings) -> tuple[Regimens, ...]:
    try:
        return tuple([regimens.map(partial(_at_the_site, settings)) for regimens in _chosen(settings)])
    except ValueError as unfit:
        raise UsageError(f"--tolerance-loading, --tolerance-maintenance: {unfit}") from None


def _chosen(settings: CheckSettings) -> tuple[Regimens, ...]:
    known = library(settings.site_folder)
    if settings.regimen and settings.regimen_timeline is not None:
        raise UsageError(
            "--regimen and --regimen-timeline are both given, and each says what judges all doses; give one"
        )
    if settings.regimen:
        return chosen(known, settings.regimen)
    if settings.regimen_timeline is None:
        choices = ", ".join(known.regimens)
        raise UsageError(f"--regimen is missing, and there is no default; choose one of: {choices}")
    try:
        return (load_timeline(settings.regimen_timeline, known),)
    except RegimenFaults as faults:
        raise UsageError(str(faults)) from None


def _at_the_site(settings: CheckSettings, regimen: Regimen) -> Regimen:
    return regimen.with_tolerance(loading=settings.tolerance_loading, maintenance=settings.tolerance_maintenance)


def _today(zone: ZoneInfo) -> date:
    # only here, since the clock stands in the room of the service, which is slow to enter
    from hooks.app import now

    return now().astimezone(zone).date()


def day(text: str, option: str) -> date:
    """A date as it is written in an option. Raises UsageError."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    # fromisoformat also takes week dates and dates without hyphens
    if found is None or found.isoformat() != text:
        raise UsageError(f"{option}: {text!r} is no date; write YYYY-MM-DD")
    return found
