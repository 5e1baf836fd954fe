"""A Drug: the names and product codes by which records are recognised. Data, read from the regimen files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Coding:
    """A code with the canonical URI of its system."""

    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Strength:
    """What a product code tells of the product: mg in all of it and mL in all of it."""

    mg: Decimal
    ml: Decimal


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug. `products` maps a code to the strength that the code tells, None if it tells none (rule C5);
    `look_alikes` are codes of other drugs (C1); `routes` are the codes of the right route, `other_routes` those of
    wrong ones (C4), each mapped to its name. `names` are in lower case. `sources` tells where each code was found.
    `default`: it is the drug that is meant where nobody names one. `other_therapies` are those of the same disease
    (C8), by the name that look-alikes have, each with the words, in lower case, by which texts tell it."""

    id: str
    title: str
    names: tuple[str, ...]
    products: Mapping[Coding, Strength | None]
    look_alikes: Mapping[Coding, str]
    routes: Mapping[Coding, str]
    other_routes: Mapping[Coding, str]
    sources: Mapping[Coding, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    default: bool = False
    other_therapies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        both = self.products.keys() & self.look_alikes.keys()
        if both:
            raise ValueError(f"drug {self.id}: {sorted(c.code for c in both)} are listed as product and as look-alike")
        routes = self.routes.keys() & self.other_routes.keys()
        if routes:
            raise ValueError(f"drug {self.id}: {sorted(c.code for c in routes)} are listed as right and as wrong route")
        if not self.names or any(name != name.lower() or not name for name in self.names):
            raise ValueError(f"drug {self.id}: names must be there and in lower case, not {self.names}")

    @property
    def systems(self) -> frozenset[str]:
        """The code systems for which the product list holds codes (C1)."""
        return frozenset(coding.system for coding in self.products)

    @property
    def searched(self) -> tuple[Coding, ...]:
        """The codes by which records are asked for where a site filters by code: those of the drug, and of the other
        therapies of the disease (C8)."""
        others = (coding for coding, name in self.look_alikes.items() if name in self.other_therapies)
        return (*self.products, *others)
