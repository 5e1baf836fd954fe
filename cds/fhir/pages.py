"""One search and its pages: what came, and whether that is all."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cds.fhir.bundle import read_contents
from cds.fhir.errors import FhirError, Kind, issue_codes, wants_post
from cds.fhir.limits import Budget
from cds.fhir.links import Base, form
from cds.fhir.needs import Parameters, relaxed
from cds.fhir.patients import other_ids, other_subject
from cds.fhir.plain import Resource
from cds.fhir.references import reference_of
from cds.fhir.versions import refused_version


class Get(Protocol):
    """How a page is had."""

    def __call__(
        self, url: str, what: str, budget: Budget, *, read: bool = False, form: str | None = None
    ) -> Awaitable[object]:
        """The JSON value at a URL, by POST where there is a `form`. Raises FhirError. `what` names the request in its
        message."""


@dataclass(slots=True)
class Search:
    """A search while it runs. It is kept outside of the task that reads it, so that a deadline loses no page.

    `patient` (`Patient/x`) is whose records are asked for, None where that is not the question; `also` are other ids
    that are known to be of the same. `done`: it came to its
    end, good or bad. `whole`: the last page is in and nothing is missing. `notes` are remarks of the server that take
    nothing away. `error` says why no page came at all.
    """

    resource_type: str
    patient: str | None = None
    also: Collection[str] = ()
    resources: list[Resource] = field(default_factory=list)
    full_urls: dict[str, Resource] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pages: int = 0
    total: int | None = None
    done: bool = False
    whole: bool = False
    error: FhirError | None = None
    _seen: dict[str, Resource] = field(default_factory=dict)
    _matches: int = 0
    _distinct: int = 0
    _others: dict[str, int] = field(default_factory=dict)

    @property
    def what(self) -> str:
        """The words for this search."""
        return f"the search for {self.resource_type}"

    async def run(self, base: Base, get: Get, budget: Budget, parameters: Parameters) -> None:
        """Ask for the first page, for less where the server refuses the query, then follow it to the end."""
        try:
            link, url = await self.first(base, get, budget, (parameters, *relaxed(parameters)))
        except FhirError as error:
            self.error = error.with_traceback(None)
        else:
            await self.follow(base, get, budget, link, url)
        self.done = True

    def hand_over(self) -> FhirError | None:
        """Why no page came, to be raised. Kept any longer, the error and the frames that it then holds would be a
        circle."""
        error, self.error = self.error, None
        return error

    async def first(
        self, base: Base, get: Get, budget: Budget, queries: Sequence[Parameters]
    ) -> tuple[str | None, str]:
        """Take the first page, by the first of the queries that is answered: its next link and its own URL. A server
        that wants searches by POST is asked so, and from then on in this call. Raises FhirError."""
        try:
            return await self._first(base, get, budget, queries, by_post=budget.by_post)
        except FhirError as error:
            if budget.by_post or not error.by_post:
                raise
            refused = error.with_traceback(None)
        try:
            page = await self._first(base, get, budget, queries, by_post=True)
        except FhirError as error:
            raise (refused if error.kind is Kind.UNUSABLE else error) from None
        finally:
            del refused
        budget.by_post = True
        return page

    async def _first(
        self, base: Base, get: Get, budget: Budget, queries: Sequence[Parameters], *, by_post: bool
    ) -> tuple[str | None, str]:
        for asked in queries:
            url = base.search(self.resource_type, () if by_post else asked)
            body = form(asked) if by_post else None
            try:
                return self.take(await get(url, self.what, budget, form=body), base), url
            except FhirError as error:
                if not error.query_refused or asked == queries[-1]:
                    raise
        raise AssertionError("unreachable: the last query returns or raises")

    async def follow(self, base: Base, get: Get, budget: Budget, link: str | None, page: str | None = None) -> None:
        """Read the pages after the one at the URL `page`, whose next link is `link`. Links are taken as they are."""
        await self._follow(base, get, budget, link, page)
        self._tell_others()
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
            codes = issue_codes(body)
            seen = f"OperationOutcome ({', '.join(codes)})" if kind == "OperationOutcome" else "something else"
            text = f"{self.what}: {base.url} answered no Bundle of type searchset but {seen}; check the base URL"
            raise FhirError(Kind.UNUSABLE, text, by_post=wants_post(codes))
        contents = read_contents(body, page=True)
        older = next(filter(None, map(refused_version, contents.resources)), "")
        if older:
            text = f"{self.what}: {base.url} answers with records that look like FHIR {older}, which is not read"
            raise FhirError(Kind.UNUSABLE, f"{text}; use the base URL of its R4 or R5 endpoint")
        types = {resource.get("resourceType") for resource in contents.resources}
        if not self.pages and types and self.resource_type not in types:
            text = f"{self.what}: {base.url} answered with other resources and none of these; check the base URL"
            raise FhirError(Kind.UNUSABLE, text)
        self.pages += 1
        self.problems += [f"{self.what}, page {self.pages}: {problem}" for problem in contents.problems]
        self.notes += [f"{self.what}, page {self.pages}: {note}" for note in contents.notes]
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
        if self.patient is not None and asked_for and (other := other_subject(resource, self.patient)):
            self._others[other] = self._others.get(other, 0) + 1
        if before is None:
            self.resources.append(resource)
            self._distinct += asked_for
            if reference:
                self._seen[reference] = resource
        elif asked_for and before != resource:
            self.resources.append(resource)
            self.problems.append(f"{self.what}: a record changed while its pages were read; ask again")

    def _tell_others(self) -> None:
        """Records of others are never counted (rule C9). Where they come, the server did not do what it was asked, or
        two ids are one patient: in neither case is it known that all records of this one came."""
        known = other_ids(self.resources, self.patient) if self.patient is not None and self._others else ()
        also = {*known, *self.also}
        strange = sum(number for whose, number in self._others.items() if whose not in also)
        if strange:
            text = f"{self.what}: the answer holds records of other patients ({strange}), which are not counted"
            self.problems.append(f"{text}; the server does not search by patient, or has this one under several ids")

    def _count(self) -> None:
        """Bundle.total counts the matches of all pages, without what `_include` adds."""
        if self.total is not None and self.total > self._distinct:
            text = (
                f"{self.what}: the server counts {self.total} and delivered {self._distinct}; some may not be visible"
            )
            self.problems.append(f"{text} to this user")
