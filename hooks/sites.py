"""The sites of one service, told apart by the caller of a request and the FHIR server that it names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cds.dosing.drug import Coding
from cds.dosing.regimen import Regimen
from cds.fhir.markers import Markers
from cds.fhir.needs import Need, marks, results
from cds.regimens.library import Library
from hooks.desk import Desk
from hooks.security.clients import Caller
from hooks.settings import Settings
from hooks.site_settings import OnFailure
from hooks.wording_files import read_wordings

_NO_SITE = (
    "no site of this service is set up for this caller and FHIR server, so its regimen and time zone are not known; "
    "add the server and the client to a site"
)
_SEVERAL = (
    "more than one site of this service fits this call, so its regimen and time zone are not known; name the tenant in "
    "the token or the FHIR server in the request"
)


class Sites:
    """All sites; the first is the only one in most services."""

    def __init__(self, desks: tuple[Desk, ...]) -> None:
        self._desks = desks
        self.several = len(desks) > 1

    @classmethod
    def of(
        cls, settings: Settings, library: Library, *, clock: Callable[[], datetime], new_id: Callable[[], str]
    ) -> Sites:
        """Raises SettingsError, UnknownRegimen, RegimenFaults for files of wording, or ValueError where the tolerances
        do not fit the regimen, or where there is no such language."""
        sites = settings.sites()
        wordings = read_wordings(settings.wording_folder)
        return cls(
            tuple(Desk.of(site, settings, library, clock=clock, new_id=new_id, wordings=wordings) for site in sites)
        )

    @property
    def filter_codes(self) -> tuple[Coding, ...]:
        """The codes to filter by where every site does; without the filter more is read, never less."""
        codes = {desk.filter_codes for desk in self._desks}
        return codes.pop() if len(codes) == 1 else ()

    @property
    def regimens(self) -> tuple[Regimen, ...]:
        """Every regimen that a site judges by, of every drug."""
        return tuple([regimen for desk in self._desks for each in desk.every for regimen in each.regimens.every])

    @property
    def laboratory(self) -> tuple[Need, ...]:
        """The laboratory results that the label of any site asks for before each dose."""
        return results(regimen.monitoring for regimen in self.regimens)

    @property
    def markers(self) -> tuple[Need, ...]:
        """The markers by which any site says that therapy has ended."""
        every = [desk.site.markers for desk in self._desks]
        return marks(Markers(*(frozenset[Coding]().union(*each) for each in zip(*map(_codes, every), strict=True))))

    def __iter__(self) -> Iterator[Desk]:
        return iter(self._desks)

    @property
    def whichever(self) -> Desk:
        """The desk by which a failure is told of which it is not known whose it is."""
        return _refusing(self._desks, _NO_SITE) if self.several else self._desks[0]

    def choose(self, caller: Caller | None, server: str | None) -> Desk:
        """The site of a call. A caller is never served as another site's, whichever server it names; where the site is
        not known, what is answered is a refusal: by which label, and on which day, to judge is not known."""
        if not self.several:
            return self._desks[0]
        fitting = [desk for desk in self._desks if caller is None or _may_call(desk, caller)]
        if server is not None and len(fitting) != 1:
            fitting = [desk for desk in fitting if desk.allowed.admits(server)]
        if len(fitting) == 1 and (caller is not None or server is not None):
            return fitting[0]
        return _refusing(fitting or self._desks, _SEVERAL if fitting else _NO_SITE)


def _codes(markers: Markers) -> tuple[frozenset[Coding], frozenset[Coding]]:
    return markers.flags, markers.lists


def _refusing(of: Sequence[Desk], why: str) -> Desk:
    """The desk of a call that can be of any of these sites: as loud as the loudest of them, so that what one site
    withholds or tells by a status is not withheld from the clinicians of another, and for the drugs of all of them."""
    site = of[0].site
    loudest = {
        "silent": frozenset.intersection(*[desk.site.silent for desk in of]),
        "order_failure": _loudest([desk.site.order_failure for desk in of]),
        "chart_failure": _loudest([desk.site.chart_failure for desk in of]),
    }
    site = site.model_copy(update=loudest)
    by_drug: dict[str, Desk] = {}
    for each in [each for desk in of for each in desk.every]:
        by_drug.setdefault(each.regimens.drug.id, replace(each, site=site, refusal=why, others=()))
    first, *others = by_drug.values()
    return replace(first, others=tuple(others))


def _loudest(failures: Iterable[OnFailure]) -> OnFailure:
    return OnFailure.CARD if OnFailure.CARD in failures else OnFailure.STATUS


def _may_call(desk: Desk, caller: Caller) -> bool:
    """Whether a caller is one of the site's clients."""
    return not set(caller.clients).isdisjoint(desk.site.clients)
