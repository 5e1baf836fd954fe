"""The pages of a history as the server gave them: their size, order, next links, and what came with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from itertools import pairwise

from cds.fhir.bundle import read_contents
from cds.fhir.dates import read_date
from cds.fhir.fetch import Fetched
from cds.fhir.identify import medication_references
from cds.fhir.plain import Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import reference_of
from hooks.console import counted
from hooks.doctor.checks import Check, failed, not_possible, ok, warning
from hooks.doctor.records import date_of
from hooks.doctor.visit import Seen


def check_include(seen: Iterable[Seen], records: Iterable[Resource]) -> Check:
    """Whether the Medications that records refer to came on their pages."""
    outside = [name for each in records for name in medication_references(each) if not name.startswith("#")]
    if not outside:
        return not_possible("include", "No record refers to a Medication outside of it.")
    included = sum(each.get("resourceType") == "Medication" for page in _pages(seen) for each in page)
    if included:
        return ok(
            "include", f"Medications come with the records: {included:,} for {counted(len(outside), 'reference')}."
        )
    text = f"No Medication comes with the records, though {counted(len(outside), 'reference')} of them lead to one."
    return warning("include", text, "They are read apart, which takes longer: ask the server's operator for _include.")


def check_sort(seen: Iterable[Seen]) -> Check:
    """Whether dates go down over all pages."""
    days = [dated[0] for page in _matches(seen) for each in page if (dated := read_date(date_of(each), UTC))]
    if len(set(days)) < 2:
        return not_possible("sort", "There are no two records of different days.")
    if all(before.latest >= after.earliest for before, after in pairwise(days)):
        return ok("sort", "The newest record comes first.")
    text = "The server does not sort by date, or sorts otherwise than asked."
    return warning("sort", text, "Nothing: all pages are read. A prefetch that the EHR cuts short may lack the newest.")


def check_page_size(seen: Iterable[Seen], size: int) -> Check:
    """Whether `_count` is heeded."""
    most = max((len(page) for page in _matches(seen)), default=0)
    if most > size:
        text = f"Pages of {counted(size, 'record')} were asked for, and one of {most:,} came: `_count` is not heeded."
        return warning(
            "page-size", text, "Nothing, as long as pages stay small; ask the server's operator how large they can be."
        )
    return ok("page-size", f"Pages hold no more than was asked for ({counted(size, 'record')}).")


def check_paging(seen: Sequence[Seen], fetched: Fetched, names: set[str], whole: set[str]) -> Check:
    """Whether small pages hold what large ones hold."""
    pages = list(_matches(seen))
    if not fetched.whole:
        why = fetched.problems[0] if fetched.problems else "pages are missing"
        text = f"With small pages the history is not whole: {why}."
        return failed(
            "paging", text, "A long history needs pages too. Correct the base URL, or tell the server's operator."
        )
    if names != whole:
        text = (
            f"Small pages and large ones do not hold the same: {len(whole - names):,} records are missing with small "
            f"pages, and {len(names - whole):,} come on top."
        )
        return failed(
            "paging", text, "Do not use it before the server's operator has mended this: doses would be missed."
        )
    twice = sum(number > 1 for number in Counter(reference_of(each) for page in pages for each in page).values())
    if twice:
        text = f"{counted(twice, 'record')} came on more than one page; each is counted once."
        return warning("paging", text, "Ask the server's operator: pages by offset repeat records while others change.")
    if len(pages) < 2:
        return not_possible("paging", "All records came on one page, however small it was asked to be.")
    return ok("paging", f"{len(pages):,} small pages give the same records as large ones, each once.")


def _pages(seen: Iterable[Seen]) -> Iterator[list[Resource]]:
    """The resources of each page of a search for administrations, in order."""
    for each in seen:
        if each.answers(RESOURCE):
            yield list(read_contents(each.reply.json, page=True).resources)


def _matches(seen: Iterable[Seen]) -> Iterator[list[Resource]]:
    for page in _pages(seen):
        yield [each for each in page if each.get("resourceType") == RESOURCE]
