"""Loads all regimens, shipped and of the site, or tells all faults of all files together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from cds.dosing.drug import Drug
from cds.dosing.in_force import Regimens
from cds.dosing.regimen import Regimen
from cds.regimens import build
from cds.regimens.faults import Fault, RegimenFaults, UnknownRegimen
from cds.regimens.files import Loaded, Report, read_folder
from cds.regimens.schema import CodesFile, DrugFile, RegimenFile

__all__ = ["Fault", "Library", "RegimenFaults", "UnknownRegimen", "load"]

SHIPPED = "shipped"
"""How faults name the folder of the files that come with the project."""


@dataclass(frozen=True, slots=True)
class Library:
    """All regimens that can be chosen, by id, in the order of their ids."""

    regimens: Mapping[str, Regimen]

    def get(self, regimen_id: str) -> Regimen:
        """Raises UnknownRegimen, which lists the choices."""
        try:
            return self.regimens[regimen_id]
        except KeyError:
            raise UnknownRegimen(regimen_id, tuple(self.regimens)) from None

    def choose(self, ids: Iterable[str]) -> Regimens:
        """Regimens of one drug, allowed at once in this order (rule W11). Raises UnknownRegimen, or ValueError for what
        cannot be allowed together."""
        return Regimens.of(*[self.get(each) for each in ids])

    def choose_each(self, ids: Iterable[str]) -> tuple[Regimens, ...]:
        """Regimens of any drugs, those of one drug together: each drug is judged apart (rule W11). Drugs stand in the
        order in which the first of their regimens is named. Raises as `choose` does."""
        by_drug: dict[str, list[Regimen]] = {}
        for regimen in map(self.get, ids):
            by_drug.setdefault(regimen.drug.id, []).append(regimen)
        return tuple([Regimens.of(*regimens) for regimens in by_drug.values()])

    @property
    def default_drug(self) -> Drug | None:
        """The drug that is meant where nobody names one."""
        return next((each.drug for each in self.regimens.values() if each.drug.default), None)


def load(site_folder: Path | None = None) -> Library:
    """The shipped regimens and those of a site's folder. Raises RegimenFaults with every fault of every file."""
    faults: list[Fault] = []
    loaded = read_folder(files("cds.regimens").joinpath("data"), SHIPPED, faults.append)
    if site_folder is not None:
        loaded += read_folder(site_folder, str(site_folder), faults.append)
    loaded = _unique(loaded, faults.append)
    regimens = _regimens(loaded, _drugs(loaded, faults.append), faults.append)
    if faults:
        raise RegimenFaults(faults)
    return Library(MappingProxyType(dict(sorted(regimens.items()))))


@dataclass(slots=True)
class _DrugFiles:
    """A drug and the bytes of the files it is made of. `parts` is None where its own file has faults."""

    parts: build.DrugParts | None
    contents: list[bytes]


def _unique(loaded: list[Loaded], report: Report) -> list[Loaded]:
    """Without the files of a site that would take the place of a shipped regimen or drug."""
    seen: dict[tuple[str, str], Loaded] = {}
    for item in loaded:
        first = seen.setdefault((item.kind, item.stem), item)
        if first is item or item.kind == "codes":
            continue
        other = "to add codes to it, use the folder codes" if item.kind == "drugs" else "give this one another id"
        report(Fault(item.file, "id", f"{item.stem!r} is the id of {first.file}, which cannot be replaced; {other}"))
    return [item for item in loaded if item.kind == "codes" or seen[item.kind, item.stem] is item]


def _drugs(loaded: list[Loaded], report: Report) -> dict[str, _DrugFiles]:
    drugs: dict[str, _DrugFiles] = {}
    for item in loaded:
        if item.kind == "drugs":
            tell = partial(_tell, report, item.file)
            parts = build.DrugParts(item.model, tell) if isinstance(item.model, DrugFile) else None
            drugs[item.stem] = _DrugFiles(parts, [item.content])
    for item in loaded:
        if isinstance(item.model, CodesFile):
            drug = drugs.get(item.model.drug)
            if drug is None:
                report(_no_drug(item, item.model.drug, drugs))
            elif drug.parts is not None:
                drug.parts.add(item.model, partial(_tell, report, item.file))
                drug.contents.append(item.content)
    return drugs


def _regimens(loaded: list[Loaded], drugs: Mapping[str, _DrugFiles], report: Report) -> dict[str, Regimen]:
    built = {name: drug.parts.drug() for name, drug in drugs.items() if drug.parts is not None}
    regimens: dict[str, Regimen] = {}
    for item in loaded:
        if not isinstance(item.model, RegimenFile):
            continue
        name = item.model.drug
        if name not in drugs:
            report(_no_drug(item, name, drugs))
        elif name in built:
            seal = digest(item.content, *drugs[name].contents)
            regimen = build.regimen(item.model, built[name], seal, partial(_tell, report, item.file))
            if regimen is not None:
                regimens[regimen.id] = regimen
    return regimens


def digest(*contents: bytes) -> str:
    """SHA-256 over the SHA-256 of each file in turn, so that no byte can move from one file to the next unseen."""
    return "sha256:" + hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()


def _no_drug(item: Loaded, name: str, drugs: Mapping[str, object]) -> Fault:
    return Fault(item.file, "drug", f"there is no drug {name!r}; choose one of: {', '.join(sorted(drugs))}")


def _tell(report: Report, file: str, where: str, what: str) -> None:
    report(Fault(file, where, what))
