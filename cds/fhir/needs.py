"""The table of data needs: one row gives both a prefetch template and our own query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from cds.dosing.drug import Coding
from cds.dosing.monitoring import Monitoring
from cds.fhir.markers import Markers

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Need:
    """Resources of one patient that an assessment needs, or that are read beside it.

    `key` is the prefetch key. `patient` is the search parameter that names the patient, `sort` the one that puts the
    newest first, `sort_r5` what R5 calls it. `status` are the statuses asked for; all of them where it is empty.
    `include` are the `_include` values of our own queries. `by_code`: the codes of a site that filters by code apply to
    it. Without `patient` it is no search: the resource is that of the patient's id. `optional`: a server that does not
    have this type keeps nothing back. `codes` are asked for whatever the site filters by.
    """

    key: str
    resource_type: str
    patient: str
    sort: str
    sort_r5: str
    include: tuple[str, ...] = ()
    by_code: bool = False
    status: str = ""
    optional: bool = False
    codes: tuple[Coding, ...] = ()


NEEDS: tuple[Need, ...] = (
    Need(
        key="administrations",
        resource_type="MedicationAdministration",
        patient="patient",
        sort="-effective-time",
        sort_r5="-date",
        include=("MedicationAdministration:medication",),
        by_code=True,
    ),
)
"""The dose history."""

ORDERS = Need(
    key="orders",
    resource_type="MedicationRequest",
    patient="patient",
    sort="-authoredon",
    sort_r5="-authoredon",
    include=("MedicationRequest:medication",),
    by_code=True,
    status="active",
)
"""The active orders, with which proposed dates are compared (rule P3)."""

ORDERED = replace(ORDERS, key="ordered", status="", optional=True)
"""The orders of any status, among which those of other therapies tell of a change (rules C8 and F10)."""

STATEMENTS = Need(
    key="statements",
    resource_type="MedicationStatement",
    patient="patient",
    sort="-effective",
    sort_r5="-effective",
    include=("MedicationStatement:medication",),
    by_code=True,
    optional=True,
)
"""What is noted of doses given elsewhere (rule C7), and of other therapies (C8)."""

PERSON = Need(key="patient", resource_type="Patient", patient="", sort="", sort_r5="")
"""The patient, who may have died (rule F10), or have had other ids (C9)."""


APPOINTMENTS = Need(
    key="appointments",
    resource_type="Appointment",
    patient="patient",
    sort="-date",
    sort_r5="-date",
    status="booked,pending,arrived,checked-in",
)
"""The appointments still to come, and those of today."""


RESULTS = Need(key="results", resource_type="Observation", patient="patient", sort="-date", sort_r5="-date")
"""Laboratory results before a dose (rule 10), by the codes of the tests that labels ask for."""


def results(monitored: Iterable[Monitoring]) -> tuple[Need, ...]:
    """The need for the results of the tests that labels ask for before each dose; none where they ask for none."""
    codes = tuple(dict.fromkeys(coding for monitoring in monitored for coding in monitoring.codings))
    return (replace(RESULTS, codes=codes),) if codes else ()


FLAGS = Need(key="flags", resource_type="Flag", patient="patient", sort="-date", sort_r5="-date")
"""The Flags of a patient, where a site marks by them that therapy has ended (rule F10). R4 has no parameter for the
code of a Flag."""

LISTS = Need(key="lists", resource_type="List", patient="patient", sort="-date", sort_r5="-date", status="current")
"""The same by Lists, by the codes of the site."""


def marks(markers: Markers) -> tuple[Need, ...]:
    """The needs for the markers of a site; none where it marks nothing."""
    lists = tuple(sorted(markers.lists, key=lambda coding: (coding.system, coding.code)))
    return (*([FLAGS] if markers.flags else []), *([replace(LISTS, codes=lists)] if lists else []))


def beside_doses(markers: Markers) -> tuple[Need, ...]:
    """What tells beside the doses of all other needs: doses given elsewhere, other therapies, and what a site marks."""
    return (STATEMENTS, ORDERED, *marks(markers))


def template(need: Need, codes: Iterable[Coding] = ()) -> str:
    """The prefetch template of a need, within the query subset of CDS Hooks 2.0.

    There is no `_count`: in CDS Hooks 2.0 it limits the number of results, so it could cut a history short. There is
    no `_include`, which is outside the subset. `codes` turns on the filter by code.
    """
    if not need.patient:
        return f"{need.resource_type}/{{{{context.patientId}}}}"
    parts = [f"{need.patient}={{{{context.patientId}}}}"]
    parts += [f"status={need.status}"] if need.status else []
    parts.append(f"_sort={need.sort}")
    # Systems and codes stay readable (":", "/", "|", ","), as in the examples of CDS Hooks; clients encode them.
    parts += [f"{name}={quote(value, safe=':/|,')}" for name, value in _code_filter(need, codes)]
    return f"{need.resource_type}?{'&'.join(parts)}"


def templates(codes: Iterable[Coding] = (), beside: Iterable[Need] = ()) -> dict[str, str]:
    """The prefetch templates of the history and of what is read beside it, by key."""
    codes = tuple(codes)
    return {need.key: template(need, codes) for need in (*NEEDS, *beside)}


def query(need: Need, patient_id: str, *, page_size: int, codes: Iterable[Coding] = ()) -> Parameters:
    """The parameters of our own query: as the template, and with large pages and `_include`.

    `patient_id` is the bare logical id. R4's `code` parameter does not see a medicationReference or a text, so
    `codes` is a choice of the site and off by default.
    """
    return (
        (need.patient, escaped(patient_id)),
        *((("status", need.status),) if need.status else ()),
        *_code_filter(need, codes),
        ("_sort", need.sort),
        ("_count", str(page_size)),
        *(("_include", value) for value in need.include),
    )


def query_all(need: Need, *, page_size: int) -> Parameters:
    """As `query`, for those of all patients, in the order of the server, whatever the site filters by."""
    return (
        *((("status", need.status),) if need.status else ()),
        *_code_filter(need, ()),
        ("_count", str(page_size)),
        *(("_include", value) for value in need.include),
    )


_SORT_R5 = {need.sort: need.sort_r5 for need in NEEDS}


def relaxed(parameters: Parameters) -> tuple[Parameters, ...]:
    """What to ask instead where a server refuses a query: without `_include`, sorted as in R5, then only what selects
    records."""
    plain = tuple(p for p in parameters if p[0] != "_include")
    of_r5 = tuple((name, _SORT_R5.get(value, value) if name == "_sort" else value) for name, value in parameters)
    bare = tuple(p for p in plain if p[0] not in ("_sort", "_count"))
    return tuple(dict.fromkeys(p for p in (plain, of_r5, bare) if p != parameters))


def escaped(value: str) -> str:
    """A value of a search parameter, with FHIR's own separators escaped (R4 search, 3.1.1.3)."""
    for char in "\\,|$":
        value = value.replace(char, "\\" + char)
    return value


def _code_filter(need: Need, codes: Iterable[Coding]) -> Parameters:
    asked = need.codes or (codes if need.by_code else ())
    value = ",".join(f"{escaped(coding.system)}|{escaped(coding.code)}" for coding in asked)
    return (("code", value),) if value else ()
