"""What a prefetch value or an HTTP body holds: resources, a next link, and what is wrong with it. Never raises."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from cds.fhir.deletions import deletes
from cds.fhir.plain import Resource, kind
from cds.fhir.references import without_history

_DEEPEST = 4
_SEVERITIES = frozenset({"fatal", "error", "warning", "information"})
_HARMLESS = frozenset({"warning", "information"})
_PLAIN = frozenset({"fullUrl", "resource", "search"})
# Issue types that say, at any severity, that something was not returned.
_LOSING = frozenset({"suppressed", "incomplete", "forbidden", "security", "login", "expired", "timeout", "too-costly",
                     "throttled", "transient", "exception", "no-store", "lock-error"})  # fmt: skip
# Bundles whose entries may do without a resource: what is asked or answered there can be a deletion.
_ANSWERED = ("batch", "batch-response", "transaction", "transaction-response", "history")
_NOT_PLAIN = frozenset({"", "Bundle", "OperationOutcome"})

_NOTHING: Mapping[str, Resource] = MappingProxyType({})


class Contents(NamedTuple):
    """What was delivered.

    `problems`: reasons, in words without patient data, why some of what was asked for may be missing; with one of
    them a history is not whole. `notes` are remarks that take nothing away. `full_urls` are the entries by
    `fullUrl`, for references, `total` is the count that a searchset states. Nothing in any of them: the question was
    answered, and the answer is nothing.
    """

    resources: tuple[Resource, ...] = ()
    next_url: str | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    full_urls: Mapping[str, Resource] = _NOTHING
    total: int | None = None


def read_contents(value: object, *, page: bool = False) -> Contents:
    """Any JSON value as Contents: null (nothing is there), a resource, a Bundle, an OperationOutcome, or rubbish.

    `page`: the value is one page of several, so that `Bundle.total` counts more than it has to hold.
    """
    if value is None:
        return Contents()
    reading = _Reading(page)
    reading.take(value, "", 0)
    return reading.contents()


def tells_of_loss(outcome: Resource) -> bool:
    """Whether an OperationOutcome says that data is missing, and is no mere remark."""
    reading = _Reading(page=False)
    reading.take_outcome(dict(outcome), "")
    return bool(reading.problems)


class _Reading:
    """Contents while they are collected."""

    def __init__(self, page: bool) -> None:
        self.page = page
        self.resources: list[Resource] = []
        self.full_urls: dict[str, Resource] = {}
        self.problems: list[str] = []
        self.notes: list[str] = []
        self.next_url: str | None = None
        self.matches = 0
        self.answered = False
        self.total: int | None = None

    def contents(self) -> Contents:
        """What was collected."""
        return Contents(
            tuple(self.resources), self.next_url, tuple(self.problems), tuple(self.notes), self.full_urls, self.total
        )

    def take(self, value: object, at: str, depth: int) -> None:
        """Add a resource, the entries of a Bundle, or the wrapper of an entry. `at` is its path, empty at the root."""
        if not isinstance(value, dict):
            html = isinstance(value, str) and value.lstrip().startswith("<")
            self.problem(at, "is a page of HTML or XML" if html else f"is {kind(value)}, not a resource")
            return
        of_type = value.get("resourceType")
        if of_type == "Bundle":
            self.take_bundle(value, at, depth)
        elif of_type == "OperationOutcome":
            # alone it stands where data was asked for: whatever it says, the data is not here
            self.take_outcome(value, at)
            if not at:
                self.problem(at, "is an OperationOutcome instead of data")
        elif isinstance(of_type, str) and of_type:
            self.resources.append(value)
        elif isinstance(value.get("resource"), dict) and depth < _DEEPEST:
            self.take(value["resource"], f"{at}.resource" if at else "resource", depth + 1)
        else:
            self.problem(at, "has no resourceType")

    def problem(self, at: str, words: str) -> None:
        """Add a problem with the element at a path."""
        self.problems.append(f"{at or 'the value'} {words}")

    def take_bundle(self, bundle: dict[str, Any], at: str, depth: int) -> None:
        """Add what a Bundle holds; one inside another is an answer to a batch."""
        path = f"{at}.entry" if at else "Bundle.entry"
        if depth > _DEEPEST:
            self.problem(at, "is a Bundle too deep inside others")
            return
        entries = bundle.get("entry")
        if entries is not None and not isinstance(entries, list):
            self.problem(path, f"is {kind(entries)}, not a list")
            entries = None
        before = self.matches
        answered = bundle.get("type") in _ANSWERED
        for index, entry in enumerate(entries or ()):
            if not self.take_plain(entry):
                # a Bundle inside says it of its own entries
                self.answered = answered
                self.take_entry(entry, f"{path}[{index}]", depth)
        if _subsetted(bundle):
            self.problem(at or "Bundle", "is tagged SUBSETTED: something was left out")
        link = self.next_link(bundle, at or "Bundle")
        if link is not None and at:
            self.problem(at, "has further pages, which cannot be followed from inside another Bundle")
        elif link is not None:
            self.next_url = link
        if bundle.get("type") == "searchset":
            self.total = _total(bundle)
            if link is None and not self.page:
                self.check_total(self.matches - before, at or "Bundle")

    def take_plain(self, entry: object) -> bool:
        """Add an entry as nearly all are: a resource in its wrapper, found by a search. False for any other."""
        if not isinstance(entry, dict) or not _PLAIN.issuperset(entry):
            return False
        resource, search, full_url = entry.get("resource"), entry.get("search"), entry.get("fullUrl")
        if not isinstance(resource, dict):
            return False
        of_type = resource.get("resourceType")
        if not isinstance(of_type, str) or of_type in _NOT_PLAIN:
            return False
        mode = search.get("mode") if isinstance(search, dict) else None
        if mode == "outcome":
            return False
        self.resources.append(resource)
        self.matches += mode != "include"
        if isinstance(full_url, str) and full_url:
            self.full_urls[without_history(full_url) if "_history" in full_url else full_url] = resource
        return True

    def take_entry(self, entry: object, at: str, depth: int) -> None:
        """Add one entry of a Bundle. Some senders leave out the wrapper and put the resource there itself."""
        if not isinstance(entry, dict):
            self.problem(at, f"is {kind(entry)}, not an entry")
            return
        self.take_response(entry.get("response"), f"{at}.response")
        wrapped = "resourceType" not in entry
        # what a deletion holds is a record no more
        resource = None if deletes(entry) else entry.get("resource") if wrapped else entry
        where = f"{at}.resource" if wrapped else at
        if resource is None:
            if not (self.answered and ("request" in entry or "response" in entry)):
                self.problem(at, "holds no resource")
            return
        search = entry.get("search")
        mode = search.get("mode") if isinstance(search, dict) else None
        if mode == "outcome" and isinstance(resource, dict):
            self.take_outcome(resource, where)
            return
        known = len(self.resources)
        self.take(resource, where, depth + 1)
        added = len(self.resources) > known
        # what a Bundle inside holds has been counted there
        counts = isinstance(resource, dict) and resource.get("resourceType") != "Bundle"
        self.matches += added and counts and mode != "include"
        full_url = entry.get("fullUrl")
        if added and self.resources[known] is resource and isinstance(full_url, str) and full_url:
            self.full_urls[without_history(full_url)] = self.resources[known]

    def take_response(self, response: object, at: str) -> None:
        """An entry of an answered batch or transaction may be a failure."""
        if not isinstance(response, dict):
            return
        status = response.get("status")
        if isinstance(status, str) and status.strip() and not status.strip().startswith("2"):
            digits = status.strip()[:3]
            self.problem(at, f"has status {digits}" if digits.isdecimal() else "has a status that is no success")
        if isinstance(response.get("outcome"), dict):
            self.take_outcome(response["outcome"], f"{at}.outcome")

    def take_outcome(self, outcome: dict[str, Any], at: str) -> None:
        """The issues of an OperationOutcome by severity and code; their texts may tell of a patient, and stay out."""
        issues = outcome.get("issue")
        if not isinstance(issues, list) or not issues:
            self.problem(at, "is an OperationOutcome that says nothing")
            return
        for issue in issues:
            severity = issue.get("severity") if isinstance(issue, dict) else None
            code = issue.get("code") if isinstance(issue, dict) else None
            known = severity if isinstance(severity, str) and severity in _SEVERITIES else "severity not said"
            named = code if isinstance(code, str) and code.replace("-", "").isalpha() and len(code) < 30 else "no code"
            harmless = known in _HARMLESS and named not in _LOSING
            (self.notes if harmless else self.problems).append(
                f"{at or 'the value'} is an OperationOutcome: {known}, {named}"
            )

    def next_link(self, bundle: dict[str, Any], at: str) -> str | None:
        """The URL of the page after this one. A next link without a usable URL is a page lost."""
        links = bundle.get("link")
        if links is not None and not isinstance(links, list):
            self.problem(f"{at}.link", f"is {kind(links)}, not a list")
            return None
        for index, link in enumerate(links or ()):
            if not isinstance(link, dict):
                self.problem(f"{at}.link[{index}]", f"is {kind(link)}, not a link")
            elif isinstance(relation := link.get("relation"), str) and relation.lower() == "next":
                url = link.get("url")
                if isinstance(url, str) and url.strip():
                    return url.strip()
                self.problem(f"{at}.link[{index}]", "is a next link without a URL")
        return None

    def check_total(self, delivered: int, at: str) -> None:
        """A server that says how many there are, delivers fewer and names no next page, has cut the list short."""
        if self.total is not None and self.total > delivered:
            self.problems.append(f"{at}.total says {self.total}, {delivered} were delivered, and there is no next link")


def _total(bundle: dict[str, Any]) -> int | None:
    """`Bundle.total`; a count written as a string is met."""
    total = bundle.get("total")
    if isinstance(total, str) and total.isdecimal() and len(total) < 10:
        return int(total)
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def _subsetted(bundle: dict[str, Any]) -> bool:
    meta = bundle.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    return isinstance(tags, list) and any(isinstance(tag, dict) and tag.get("code") == "SUBSETTED" for tag in tags)
