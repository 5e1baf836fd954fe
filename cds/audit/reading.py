"""How what stands beside the doses was had from a server: what it answered, and what it kept back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from cds.audit.beside import LOOKED_FOR


@dataclass(frozen=True, slots=True)
class Reading:
    """Types of resources (see beside.LOOKED_FOR). `answered`: the server gave all that it has of them, if only the
    answer that there are none; `unread`: some may be missing of anyone; `unread_of`: of single patients (`Patient/x`).
    Files answer nothing: of them is known what they hold."""

    answered: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    unread_of: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def not_known(self, wanted: Collection[str], met: Collection[str]) -> tuple[str, ...]:
        """Those of the `wanted` types of which nobody can know what they would say; `met`: the input holds some."""
        known = (self.answered | set(met)) - self.unread
        return tuple(of_type for of_type in LOOKED_FOR if of_type in wanted and of_type not in known)

    def not_known_of(self, patients: Collection[str]) -> tuple[str, ...]:
        """What could not be read of one patient, who may have several ids, in words."""
        if not self.unread_of:
            return ()
        unread = frozenset[str]().union(*(self.unread_of.get(patient, ()) for patient in patients))
        return tuple(words for of_type, words in LOOKED_FOR.items() if of_type in unread)
