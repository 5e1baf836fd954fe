"""Loads all regimens, shipped and of the site, or tells all faults of all files together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from cds.dosing.drug import Drug
from cds.dosing.regimen import Regimen
from cds.regimens import build
from cds.regimens.faults import Fault, RegimenFaults, UnknownRegimen
from cds.regimens.files import Loaded, read_folder
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


def load(site_folder: Path | None = None) -> Library:
    """The shipped regimens and those of a site's folder. Raises RegimenFaults with every fault of every file."""
    faults: list[Fault] = []
    loaded = read_folder(files("cds.regimens").joinpath("data"), SHIPPED, faults.append)
    if site_folder is not None:
        loaded += read_folder(site_folder, str(site_folder), faults.append)
    drugs = _drugs(loaded, faults.append)
    regimens = _regimens(loaded, drugs, faults.append)
    if faults:
        raise RegimenFaults(faults)
    return Library(MappingProxyType(dict(sorted(regimens.items()))))


@dataclass(frozen=True, slots=True)
class _DrugWithBytes:
    """A drug and the files it was made of. `drug` is None where its files have faults, which are reported."""

    drug: Drug | None
    contents: tuple[bytes, ...]


def _drugs(loaded: list[Loaded], fault: Callable[[Fault], None]) -> dict[str, _DrugWithBytes]:
    parts: dict[str, build.DrugParts] = {}
    contents: dict[str, list[bytes]] = {}
    for item in loaded:
        if isinstance(item.model, DrugFile):
            if item.model.id in parts:
                fault(Fault(item.file, "id", "is a shipped drug; to add codes to it, use the folder codes"))
                continue
            parts[item.model.id] = build.DrugParts(item.model, partial(_report, fault, item.file))
            contents[item.model.id] = [item.content]
    for item in loaded:
        if isinstance(item.model, CodesFile):
            drug_id = item.model.drug
            if drug_id not in parts:
                fault(Fault(item.file, "drug", f"no drug {drug_id!r}; choose one of: {', '.join(sorted(parts))}"))
                continue
            parts[drug_id].add(item.model, partial(_report, fault, item.file))
            contents[drug_id].append(item.content)
    return {drug_id: _DrugWithBytes(part.drug(), tuple(contents[drug_id])) for drug_id, part in parts.items()}


def _regimens(
    loaded: list[Loaded], drugs: Mapping[str, _DrugWithBytes], fault: Callable[[Fault], None]
) -> dict[str, Regimen]:
    regimens: dict[str, Regimen] = {}
    for item in loaded:
        if not isinstance(item.model, RegimenFile):
            continue
        found = drugs.get(item.model.drug)
        if found is None or found.drug is None:
            fault(Fault(item.file, "drug", f"no drug {item.model.drug!r}; choose one of: {', '.join(sorted(drugs))}"))
            continue
        regimen = build.regimen(
            item.model, found.drug, digest(item.content, *found.contents), partial(_report, fault, item.file)
        )
        if regimen is not None:
            regimens[regimen.id] = regimen
    return regimens


def digest(*contents: bytes) -> str:
    """SHA-256 over the SHA-256 of each file in turn, so that no byte can move from one file to the next unseen."""
    return "sha256:" + hashlib.sha256(b"".join(hashlib.sha256(content).digest() for content in contents)).hexdigest()


def _report(fault: Callable[[Fault], None], file: str, where: str, what: str) -> None:
    fault(Fault(file, where, what))
