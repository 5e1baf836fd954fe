"""One search and its pages: what came, and whether that is all."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Protocol

from cds.fhir.bundle import read_contents
from cds.fhir.errors import FhirError, Kind, issue_codes
from cds.fhir.limits import Budget
from cds.fhir.links import Base
from cds.fhir.needs import Parameters, relaxed
from cds.fhir.plain import Resource
from cds.fhir.references import reference_of


class Get(Protocol):
    """How a page is had."""

    def __call__(self, url: str, what: str, budget: Budget, *, read: bool = False) -> Awaitable[object]:
        """The JSON value at a URL. Raises FhirError. `what` names the request in its message."""


@dataclass(slots=True)
class Search:
    """A search while it runs. It is kept outside of the task that reads it, so that a deadline loses no page.

    `done`: it came to its end, good or bad. `whole`: the last page is in and nothing is missing. `error` says why no
    page came at all.
    """

    resource_type: str
    resources: list[Resource] = field(default_factory=list)
    full_urls: dict[str, Resource] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    pages: int = 0
    total: int | None = None
    done: bool = False
    whole: bool = False
    error: FhirError | None = None
    _seen: dict[str, Resource] = field(default_factory=dict)
    _matches: int = 0
    _distinct: int = 0

    @property
    def what(self) -> str:
        """The words for this search."""
        return f"the search for {self.resource_type}"

    async def run(self, base: Base, get: Get, budget: Budget, parameters: Parameters) -> None:
        """Ask for the first page, for less where the server refuses the query, then follow it to the end."""
        for asked in (parameters, *relaxed(parameters)):
            url = base.search(self.resource_type, asked)
            self.error = None
            try:
                link = self.take(await get(url, self.what, budget), base)
            except FhirError as error:
                self.error = error
                if not error.query_refused:
                    break
            else:
                await self.follow(base, get, budget, link, url)
                return
        self.done = True

    async def follow(self, base: Base, get: Get, budget: Budget, link: str | None, page: str | None = None) -> None:
        """Read the pages after the one at the URL `page`, whose next link is `link`. Links are taken as they are."""
        await self._follow(base, get, budget, link, page)
        self.whole = not self.problems
        self.done = True

    async def _follow(self, base: Base, get: Get, budget: Budget, link: str | None, page: str | None) -> None:
        visited = {page}
        while link is not None:
            url = base.within(link, page)
            stop = self._stop(url, visited, base, budget)
            if url is None or stop:
                self.problems.append(f"{self.what}: {stop}")
                return
            visited.add(url)
            matches, distinct = self._matches, self._distinct
            try:
                link, page = self.take(await get(url, f"{self.what}, page {self.pages + 1}", budget), base), url
            except FhirError as error:
                self.problems.append(error.message)
                return
            if link is not None and self._matches > matches and self._distinct == distinct:
                self.problems.append(f"{self.what}: page {self.pages} brings nothing new and names a further page")
                return
        self._count()

    def _stop(self, url: str | None, visited: set[str | None], base: Base, budget: Budget) -> str:
        """Why a next link is not followed; empty if it is."""
        if url is None:
            return f"a next link leads away from {base.url}, where the token must not go; correct one of the two URLs"
        if url in visited:
            return "a next link leads back to a page already read; tell the server's operator"
        if self.pages >= budget.limits.pages:
            return f"there is more after {self.pages} pages, which is the limit; raise it"
        return ""

    def take(self, body: object, base: Base) -> str | None:
        """Add a page; its next link. Raises FhirError (unusable) where the body is no searchset."""
        kind = body.get("resourceType") if isinstance(body, dict) else None
        if not isinstance(body, dict) or kind != "Bundle" or body.get("type") != "searchset":
            codes = ", ".join(issue_codes(body))
            seen = f"OperationOutcome ({codes})" if kind == "OperationOutcome" else "something else"
            text = f"{self.what}: {base.url} answered no Bundle of type searchset but {seen}; check the base URL"
            raise FhirError(Kind.UNUSABLE, text)
        contents = read_contents(body, page=True)
        types = {resource.get("resourceType") for resource in contents.resources}
        if not self.pages and types and self.resource_type not in types:
            text = f"{self.what}: {base.url} answered with other resources and none of these; check the base URL"
            raise FhirError(Kind.UNUSABLE, text)
        self.pages += 1
        self.problems += [f"{self.what}, page {self.pages}: {problem}" for problem in contents.problems]
        for resource in contents.resources:
            self.add(resource)
        self.full_urls.update(contents.full_urls)
        if contents.total is not None:
            self.total = contents.total
        return contents.next_url

    def add(self, resource: Resource) -> None:
        """Each resource once. Paging by offset repeats one, and leaves out another, where records change meanwhile."""
        reference = reference_of(resource)
        before = self._seen.get(reference) if reference else None
        asked_for = resource.get("resourceType") == self.resource_type
        self._matches += asked_for
        if before is None:
            self.resources.append(resource)
            self._distinct += asked_for
            if reference:
                self._seen[reference] = resource
        elif asked_for and before != resource:
            self.resources.append(resource)
            self.problems.append(f"{self.what}: a record changed while its pages were read; ask again")

    def _count(self) -> None:
        """Bundle.total counts the matches of all pages, without what `_include` adds."""
        if self.total is not None and self.total > self._distinct:
            text = (
                f"{self.what}: the server counts {self.total} and delivered {self._distinct}; some may not be visible"
            )
            self.problems.append(f"{text} to this user")
