"""The codes of a Drug arranged for looking up: product, look-alike, route, whatever the spelling of the system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from cds.dosing.drug import Coding, Drug
from cds.fhir.identity import Answer, Identity

Value = TypeVar("Value")


def canonical(system: str) -> str:
    """A system's URI for comparing: no version, no closing slash, http for https, in lower case."""
    system = system.strip().partition("|")[0].rstrip("/").lower()
    return "http:" + system[6:] if system.startswith("https:") else system


# The Turkish capital of i is in lower case an i and a dot above it; U+0131 is an i without one. An accent is part of
# its letter, or stands after it.
_SPELT = (("i\u0307", "i"), ("\u0131", "i"), ("é", "e"), ("è", "e"), ("e\u0301", "e"), ("e\u0300", "e"))


def folded(text: str) -> str:
    """A text in lower case, for looking for names; Turkish capitals (`SPİNRAZA`) and accents (`nusinersén`) do not
    count. What looks at bytes knows the same spellings (see `cds.audit.patterns`)."""
    lowered = text.lower()
    if not lowered.isascii():
        for spelt, plain in _SPELT:
            lowered = lowered.replace(spelt, plain)
    return lowered


class Codes(Generic[Value]):
    """A table by system and code. Codes are compared without white space around them and without case."""

    __slots__ = ("_as_written", "_folded")

    def __init__(self, table: Mapping[Coding, Value]) -> None:
        self._as_written = {(coding.system, coding.code): value for coding, value in table.items()}
        self._folded = {(canonical(coding.system), coding.code.strip().lower()): v for coding, v in table.items()}

    def get(self, system: str, code: str) -> Value | None:
        """The value of a code, None if the table does not have it (so no value should be None)."""
        found = self._as_written.get((system, code))
        if found is None and code:
            return self._folded.get((canonical(system), code.strip().lower()))
        return found


class DrugCodes:
    """What `identify` and the reading of routes look up for one drug. `products` holds the answer that a code gives
    on its own, `medications` that of products and look-alikes together."""

    __slots__ = (
        "drug",
        "look_alikes",
        "medications",
        "names",
        "other_routes",
        "other_therapies",
        "products",
        "routes",
        "systems",
        "therapies",
    )

    def __init__(self, drug: Drug) -> None:
        self.drug = drug
        self.names = drug.names
        products = {coding: Identity(Answer.OURS, strength=strength) for coding, strength in drug.products.items()}
        self.products = Codes(products)
        self.medications = Codes({**dict.fromkeys(drug.look_alikes, Identity(Answer.OTHER)), **products})
        self.look_alikes = Codes(drug.look_alikes)
        therapies = {code: name for code, name in drug.look_alikes.items() if name in drug.other_therapies}
        self.other_therapies = Codes(therapies)
        self.therapies = tuple([(each, name) for name, names in drug.other_therapies.items() for each in names])
        self.routes = Codes({coding: name or coding.code for coding, name in drug.routes.items()})
        self.other_routes = Codes({coding: name or coding.code for coding, name in drug.other_routes.items()})
        self.systems = frozenset(canonical(system) for system in drug.systems)

    def names_the_drug(self, text: str) -> bool:
        """Whether a text holds a name of the drug, in any case (C1)."""
        lowered = folded(text)
        for name in self.names:  # noqa: SIM110 a generator would double the time, and every record comes by here
            if name in lowered:
                return True
        return False

    def therapy_in(self, lowered: str) -> str | None:
        """The other therapy that a folded text names, the first listed one; None where it names none."""
        for written, therapy in self.therapies:
            if written in lowered:
                return therapy
        return None


_KEPT = 32
_by_identity: dict[int, DrugCodes] = {}


def codes_of(drug: Drug) -> DrugCodes:
    """The lookup of a drug, built once. It is kept by identity, since the tables of a Drug have no hash."""
    found = _by_identity.get(id(drug))
    if found is None or found.drug is not drug:
        if len(_by_identity) >= _KEPT:
            _by_identity.clear()
        found = _by_identity[id(drug)] = DrugCodes(drug)
    return found
