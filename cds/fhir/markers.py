"""Markers by which a site says that the therapy of a patient has ended: Flags and Lists of its own codes (rule F10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, tzinfo

from cds.dosing.drug import Coding
from cds.dosing.facts import Ended
from cds.fhir.beside import names_subject
from cds.fhir.codes import Codes
from cds.fhir.dates import read_element
from cds.fhir.plain import Malformed, Resource, object_in, status_of
from cds.fhir.references import newest, reference_of

FLAG, LIST = "Flag", "List"
_STANDING = {FLAG: "active", LIST: "current"}


@dataclass(frozen=True, slots=True)
class Markers:
    """The codes of a site, `flags` of Flags and `lists` of Lists; none where it marks nothing."""

    flags: frozenset[Coding] = frozenset()
    lists: frozenset[Coding] = frozenset()

    @property
    def types(self) -> frozenset[str]:
        """The types of resources that are looked at."""
        return frozenset(name for name, codes in ((FLAG, self.flags), (LIST, self.lists)) if codes)

    def concerns(self, resource: Resource) -> bool:
        """Whether a resource is a marker, whatever its status."""
        of_type = resource.get("resourceType")
        codes = {FLAG: self.flags, LIST: self.lists}.get(of_type) if isinstance(of_type, str) else None
        return bool(codes) and _coded(resource, Codes(dict.fromkeys(codes or (), True)))

    def read(self, resources: Iterable[Resource], zone: tzinfo) -> tuple[Ended, ...]:
        """What the markers of one patient say; of several versions of one the last counts. One that is not active, was
        entered in error, or is no more valid says nothing; nor does one with a date that cannot be read, since nobody
        knows for which doses it holds, or one that does not say whose it is."""
        types = self.types
        if not types:
            return ()
        marked = (each for each in resources if each.get("resourceType") in types)
        return tuple(
            Ended(reference_of(each) or f"{each['resourceType']}?index={index}", *days)
            for index, each in enumerate(newest(marked))
            if self.concerns(each)
            and names_subject(each)
            and status_of(each) == _STANDING[each["resourceType"]]
            and (days := _days(each, zone)) is not None
        )


def _coded(resource: Resource, codes: Codes[bool]) -> bool:
    concept = resource.get("code")
    codings = concept.get("coding") if isinstance(concept, dict) else None
    for coding in codings if isinstance(codings, list) else ():
        system, code = (coding.get("system"), coding.get("code")) if isinstance(coding, dict) else (None, None)
        if isinstance(system, str) and isinstance(code, str) and codes.get(system, code):
            return True
    return False


def _days(marker: Resource, zone: tzinfo) -> tuple[date | None, date | None] | None:
    """Since when it says so, and until when, each None where it does not say; None where it says it so that it cannot
    be read."""
    try:
        period = object_in(marker, "period") or {}
        begins = (marker, "date") if marker["resourceType"] == LIST else (period, "start")
        since = read_element(*begins, zone)
        until = read_element(period, "end", zone)
    except Malformed:
        return None
    return (None if since is None else since[0].earliest), (None if until is None else until[0].latest)
