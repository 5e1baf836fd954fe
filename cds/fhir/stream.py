"""All resources of a type on a server, page by page: nothing of a page is kept but the ids."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from cds.fhir.errors import FhirError, Kind
from cds.fhir.limits import Budget
from cds.fhir.links import Base
from cds.fhir.needs import Parameters, relaxed
from cds.fhir.pages import Get, Search
from cds.fhir.plain import Resource
from cds.fhir.references import reference_of


@dataclass(frozen=True, slots=True)
class Page:
    """What came on one page, what `_include` adds among it, and the remarks of the server."""

    resources: tuple[Resource, ...]
    notes: tuple[str, ...] = ()


async def stream(
    base: Base, get: Get, budget_of: Callable[[float | None], Budget], resource_type: str, parameters: Parameters
) -> AsyncIterator[Page]:
    """The pages of a search to their end. Raises FhirError where one cannot be had, or something is missing."""
    seen: set[bytes] = set()
    visited: set[str] = set()
    total: int | None = None
    search = Search(resource_type)
    async with _in_time(budget := budget_of(None), search, base):
        link, url = await search.first(base, get, budget, (parameters, *relaxed(parameters)))
    number = 1
    while True:
        visited.add(url)
        new = _new(search, seen)
        total = total if search.total is None else search.total
        if search.problems:
            raise FhirError(Kind.UNUSABLE, search.problems[0])
        if link is not None and not new:
            text = f"{search.what}: page {number} brings nothing new and names a further page"
            raise FhirError(Kind.UNUSABLE, f"{text}; tell the server's operator")
        yield Page(tuple(search.resources), tuple(search.notes))
        if link is None:
            break
        following = base.within(link, url)
        if following is None or following in visited:
            where = f"away from {base.url}" if following is None else "back to a page already read"
            raise FhirError(Kind.UNUSABLE, f"{search.what}: a next link leads {where}; tell the server's operator")
        search = Search(resource_type, pages=number)
        async with _in_time(budget := budget_of(None), search, base):
            page = await get(following, f"{search.what}, page {number + 1}", budget)
        link, url, number = search.take(page, base), following, number + 1
    if total is not None and total > len(seen):
        text = f"{search.what}: the server counts {total} and delivered {len(seen)}; some may not be visible"
        raise FhirError(Kind.UNUSABLE, f"{text} to this user, or records changed while they were read")


def _new(search: Search, seen: set[bytes]) -> bool:
    """Whether a page holds a match that no page before it held."""
    before = len(seen)
    for resource in search.resources:
        if resource.get("resourceType") == search.resource_type:
            name = reference_of(resource) or repr(sorted(resource.items()))
            seen.add(hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=12).digest())
    return len(seen) > before


@asynccontextmanager
async def _in_time(budget: Budget, search: Search, base: Base) -> AsyncIterator[None]:
    """The time limit of a page, as an error of the server."""
    try:
        async with asyncio.timeout_at(budget.until):
            yield
    except TimeoutError:
        raise budget.too_late(search.what, base.url) from None
