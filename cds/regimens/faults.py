"""What is wrong with regimen files: every fault of every file, told together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault: the file, the place in it (a key path or a line; empty for the whole file), what to do about it."""

    file: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.what}" if self.where else f"{self.file}: {self.what}"


class RegimenFaults(ValueError):
    """Regimen files cannot be used. `faults` holds all of them, sorted by file and in the order of each file; `where`
    says in words what kind of files they are."""

    def __init__(self, faults: Iterable[Fault], where: str = "the regimen files") -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.file))
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n".join([f"{count} in {where}", *(f"  {fault}" for fault in self.faults)]))


class UnknownRegimen(LookupError):
    """No regimen has this id. The message lists the ids to choose from."""

    def __init__(self, wanted: str, choices: Sequence[str]) -> None:
        self.wanted = wanted
        self.choices = tuple(choices)
        super().__init__(f"there is no regimen {wanted!r}; choose one of: {', '.join(self.choices)}")
