"""From the shape of a file to the nouns of the core; what does not fit together becomes a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from cds.dosing.drug import Coding, Drug, Strength
from cds.dosing.monitoring import Asked, LabCode, LabTest, Monitoring, Threshold
from cds.dosing.regimen import CatchUp, CatchUpRow, LoadingStep, Regimen, Source, Switch, Tolerance
from cds.regimens.schema import (
    CatchUpTable,
    CodesFile,
    DrugFile,
    LabTestTable,
    MonitoringTable,
    ProductTable,
    RegimenFile,
    StatementsTable,
    SystemTable,
)

Report = Callable[[str, str], None]
"""Takes a place in the file (a key path) and what is wrong there."""

Item = TypeVar("Item")
Value = TypeVar("Value")


class _Entry(Protocol):
    """What every entry of codes has."""

    @property
    def system(self) -> str: ...
    @property
    def source(self) -> str: ...


class DrugParts:
    """A drug while its own file and the code files of a site are put together."""

    def __init__(self, file: DrugFile, report: Report) -> None:
        self.id = file.id
        self.title = file.title
        self.names = tuple(name.lower() for name in file.names)
        self.systems: dict[str, SystemTable] = {}
        self.products: dict[Coding, Strength | None] = {}
        self.look_alikes: dict[Coding, str] = {}
        self.routes: dict[Coding, str] = {}
        self.other_routes: dict[Coding, str] = {}
        self.sources: dict[Coding, str] = {}
        self.notes: list[str] = []
        self.default = file.default
        self.other_therapies = {each.drug: tuple(name.lower() for name in each.names) for each in file.other_therapy}
        self.add(file, report)
        self.systems = dict(file.systems)

    def add(self, file: DrugFile | CodesFile, report: Report) -> None:
        """Take in the codes of a file; a code of an unknown system, or one listed before, is reported and left out."""
        for key in sorted(file.systems.keys() & self.systems.keys()):
            report(f"systems.{key}", "the drug's own file states this system already; leave it out or use another key")
        systems = {**file.systems, **self.systems}
        self.notes += file.notes
        for where, product in _numbered("product", file.product):
            strengths = dict.fromkeys(product.codes, _strength(product, where, report))
            self._take(self.products, strengths, product, systems, where, report)
        for where, other in _numbered("look_alike", file.look_alike):
            self._take(self.look_alikes, dict.fromkeys(other.codes, other.drug), other, systems, where, report)
        for where, route in _numbered("route", file.route):
            self._take(self.routes, route.codes, route, systems, where, report)
        for where, route in _numbered("other_route", file.other_route):
            self._take(self.other_routes, route.codes, route, systems, where, report)

    def _take(
        self,
        into: dict[Coding, Value],
        codes: Mapping[str, Value],
        entry: _Entry,
        systems: Mapping[str, SystemTable],
        where: str,
        report: Report,
    ) -> None:
        system = systems.get(entry.system)
        if system is None:
            report(
                f"{where}.system",
                f"there is no system {entry.system!r}; state it under [systems], or use: {_list(systems)}",
            )
            return
        for code, value in codes.items():
            for uri in system.uris:
                coding = Coding(uri, code)
                if coding in self.sources:
                    report(f"{where}.codes", f"{code} of {uri} is listed already; list each code once")
                else:
                    into[coding] = value
                    self.sources[coding] = entry.source

    def drug(self) -> Drug:
        """The drug with all that was added."""
        # plain dicts, since a regimen must be able to travel to another process
        return Drug(
            id=self.id,
            title=self.title,
            names=self.names,
            products=dict(self.products),
            look_alikes=dict(self.look_alikes),
            routes=dict(self.routes),
            other_routes=dict(self.other_routes),
            sources=dict(self.sources),
            notes=tuple(self.notes),
            default=self.default,
            other_therapies=dict(self.other_therapies),
        )


def regimen(file: RegimenFile, drug: Drug, digest: str, report: Report) -> Regimen | None:
    """The regimen of a file; None, and everything reported, where it breaks an invariant of the core."""
    if (file.delay == "table") != (file.catch_up is not None):
        report("delay", "'table' needs the table [catch_up], and 'resume' and 'refer' must not have it")
        return None
    try:
        return Regimen(
            id=file.id,
            version=file.version,
            digest=digest,
            title=file.title,
            authority=file.authority,
            verified=file.verified,
            drug=drug,
            sources=tuple(Source(s.title, s.date, s.section, s.url) for s in file.source),
            loading=tuple(LoadingStep(step.dose_mg, step.interval) for step in file.loading),
            maintenance_amount=file.maintenance.dose_mg,
            maintenance_interval=file.maintenance.interval,
            minimum_interval=file.minimum_interval,
            catch_up=_catch_up(file.catch_up),
            undocumented_loading=file.limits.undocumented_loading,
            tolerance=Tolerance(file.tolerance.loading_days, file.tolerance.maintenance_days),
            tolerance_source=file.tolerance.source,
            statements=_statements(file.statements, file.monitoring),
            notes=tuple(file.notes),
            refers=file.delay == "refer",
            switches=tuple(Switch(each.from_mg, each.dose_mg, each.within) for each in file.switch),
            monitoring=_monitoring(file.monitoring, report),
        )
    except ValueError as error:
        for message in str(error).split("; "):
            report("", message.removeprefix(f"regimen {file.id}: "))
        return None


def _catch_up(table: CatchUpTable | None) -> CatchUp | None:
    if table is None:
        return None
    rows = tuple(CatchUpRow(row.from_, row.extra_doses) for row in table.row)
    return CatchUp(rows, table.interval, table.limit, table.loading_limit, table.near_boundary_days)


def _monitoring(table: MonitoringTable, report: Report) -> Monitoring:
    tests = tuple(_lab_test(test, where, report) for where, test in _numbered("monitoring.test", table.test))
    return Monitoring(Asked(table.asked), table.source, tests)


def _lab_test(table: LabTestTable, where: str, report: Report) -> LabTest:
    threshold = None
    if table.above is not None and table.unit is not None and table.advice is not None:
        threshold = Threshold(table.above, table.unit, table.advice)
    elif (table.above, table.unit, table.advice) != (None, None, None):
        report(where, "a threshold needs all three: above, unit and advice")
    codes = tuple(LabCode(Coding(table.system, code), unit) for code, unit in table.codes.items())
    strips = tuple(Coding(table.system, code) for code in table.strips)
    return LabTest(table.name, codes, strips, threshold, table.source)


def _statements(table: StatementsTable, monitoring: MonitoringTable) -> tuple[tuple[str, str], ...]:
    return (
        ("schedule", table.schedule),
        ("minimum-interval", table.minimum_interval),
        ("delayed-dose", table.delayed_dose),
        ("delayed-loading", table.delayed_loading),
        ("monitoring", monitoring.statement),
    )


def _strength(product: ProductTable, where: str, report: Report) -> Strength | None:
    if product.mg is not None and product.ml is not None:
        return Strength(product.mg, product.ml)
    if product.mg is not None or product.ml is not None:
        report(where, "a strength needs both: mg in the whole vial and ml in the whole vial")
    return None


def _numbered(key: str, items: Sequence[Item]) -> Iterator[tuple[str, Item]]:
    """Entries with their place, counted from 1 as a reader of the file counts."""
    return ((f"{key}[{number}]", item) for number, item in enumerate(items, start=1))


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none, since none is stated"
