"""The Medications that records refer to: each asked for once, many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cds.fhir.errors import FhirError, Kind
from cds.fhir.history import unresolved
from cds.fhir.limits import Budget
from cds.fhir.links import Base
from cds.fhir.needs import escaped
from cds.fhir.pages import Get, Search
from cds.fhir.plain import Resource
from cds.fhir.references import reference_of

Target = tuple[str, str]

_TYPE = "Medication"
_FOLLOWED = frozenset({_TYPE, "Substance"})
_ROUNDS = 3
"""A Medication, an ingredient of it, and an ingredient of that one."""
_IDS = 20
"""Ids in one search: few servers then split the answer over pages."""
_LONGEST = 1500
"""Characters of ids in one search: some proxies refuse URLs above 2,000, and ids of 194 characters are met."""


@dataclass(slots=True)
class Medications:
    """What is asked for while it is asked for; kept outside of the tasks, so that a deadline loses nothing.

    `wanted` maps each target to the references that name it, `got` to what came. `waiting` are those without an
    answer: that the server does not have a Medication is an answer (rule C1: the record stays unidentified).
    """

    wanted: dict[Target, list[str]] = field(default_factory=dict)
    got: dict[Target, Resource] = field(default_factory=dict)
    waiting: dict[Target, None] = field(default_factory=dict)
    faults: dict[Target, str] = field(default_factory=dict)
    outside: dict[str, None] = field(default_factory=dict)
    _refusals: int = 0

    def want(self, base: Base, references: Iterable[str]) -> bool:
        """Note what to fetch; whether any of it is new. References to other servers are not followed, since the token
        must not go there."""
        known = len(self.wanted)
        for reference in references:
            target = base.resource(reference)
            if target is None or target[0] not in _FOLLOWED:
                self.outside[reference] = None
                continue
            if target not in self.wanted:
                self.waiting[target] = None
            names = self.wanted.setdefault(target, [])
            if reference not in names:
                names.append(reference)
        return len(self.wanted) > known

    async def run(
        self, base: Base, get: Get, budget: Budget, records: Iterable[Resource], full_urls: Mapping[str, Resource]
    ) -> None:
        """Ask for what is wanted, then for the ingredients of what came without a code."""
        records = tuple(records)
        for _ in range(_ROUNDS):
            await self._ask(base, get, budget)
            if not self.want(base, unresolved(records, medications=self.by_reference, full_urls=full_urls)):
                return

    async def _ask(self, base: Base, get: Get, budget: Budget) -> None:
        """Many by one `_id` search, several searches at a time; then one by one for those that did not come."""
        gate = asyncio.Semaphore(budget.limits.concurrency)
        names = [name for kind, name in self._open() if kind == _TYPE]
        if len(names) > 1:
            await asyncio.gather(*(self._batch(base, get, budget, gate, batch) for batch in batches(names)))
        await asyncio.gather(*(self._single(base, get, budget, gate, target) for target in self._open()))

    def _open(self) -> list[Target]:
        return [target for target in self.waiting if target not in self.faults]

    async def _batch(self, base: Base, get: Get, budget: Budget, gate: asyncio.Semaphore, names: list[str]) -> None:
        search = Search(_TYPE)
        parameters = (("_id", ",".join(map(escaped, names))), ("_count", str(len(names))))
        async with gate:
            try:
                await search.first(base, get, budget, (parameters,))
            except FhirError as error:
                # A refused search says nothing of single reads. A server that is down would only be kept down by them.
                if error.kind is Kind.UNAVAILABLE:
                    self.faults.update(dict.fromkeys(((_TYPE, name) for name in names), error.message))
                return
        wanted = set(names)
        for resource in search.resources:
            if resource.get("resourceType") == _TYPE and resource.get("id") in wanted:
                self._got((_TYPE, str(resource["id"])), resource)

    async def _single(self, base: Base, get: Get, budget: Budget, gate: asyncio.Semaphore, target: Target) -> None:
        async with gate:
            if self._refusals >= budget.limits.concurrency:
                self.faults[target] = next(reversed(self.faults.values()))
                return
            try:
                self._got(target, await read(base, get, budget, *target))
            except FhirError as error:
                if error.kind is Kind.MISSING:
                    self.waiting.pop(target, None)
                    return
                self.faults[target] = error.message
                self._refusals += error.kind in (Kind.UNAVAILABLE, Kind.DENIED)

    def _got(self, target: Target, resource: Resource) -> None:
        self.waiting.pop(target, None)
        self.got[target] = resource

    @property
    def found(self) -> tuple[Resource, ...]:
        """What came, in the order of the references."""
        return tuple(self.got[target] for target in self.wanted if target in self.got)

    @property
    def by_reference(self) -> dict[str, Resource]:
        """What came, by the references as they were written."""
        return {name: self.got[target] for target, names in self.wanted.items() if target in self.got for name in names}

    @property
    def unread(self) -> tuple[str, ...]:
        """The references without an answer, as they were written."""
        return tuple(name for target in self.waiting for name in self.wanted[target])

    def problems(self, otherwise: str) -> tuple[str, ...]:
        """Why some were not read, each reason once; `otherwise` is that of those not answered in time."""
        reasons: dict[str, int] = {}
        for target in self.waiting:
            reason = self.faults.get(target, otherwise)
            reasons[reason] = reasons.get(reason, 0) + 1
        found = [f"Medications not read: {count}; {reason}" for reason, count in reasons.items()]
        if self.outside:
            found.append(f"Medications on other servers, where the token must not go: {len(self.outside)}")
        return tuple(found)


async def read(base: Base, get: Get, budget: Budget, resource_type: str, name: str) -> Resource:
    """One resource by its logical id. Raises FhirError."""
    what = f"the read of a {resource_type}"
    found = await get(base.read(resource_type, name), what, budget, read=True)
    if not isinstance(found, dict) or found.get("resourceType") != resource_type or found.get("id") != name:
        instead = (reference_of(found) if isinstance(found, dict) else None) or ""
        text = f"{what}: {base.url} answered with something else; check the base URL"
        raise FhirError(Kind.UNUSABLE, text, instead=instead)
    return found


def batches(names: Iterable[str]) -> list[list[str]]:
    """The ids in groups small enough for one URL."""
    groups: list[list[str]] = []
    length = 0
    for name in names:
        if not groups or len(groups[-1]) == _IDS or length + len(name) > _LONGEST:
            groups.append([])
            length = 0
        groups[-1].append(name)
        length += len(name) + 1
    return groups
