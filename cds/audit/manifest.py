"""The manifest of a Bulk Data export: which files there should be, and what went wrong when it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cds.audit.blocks import BrokenFileError
from cds.audit.files import InputFile, blocks
from cds.audit.lines import RejectedError, read_line
from cds.fhir.errors import issue_codes
from cds.fhir.plain import Malformed, objects_in

_PACKED = ("", ".gz", ".zst")
_HARMLESS = frozenset({"warning", "information", "success"})


@dataclass(frozen=True, slots=True)
class Named:
    """A file that a manifest names: the end of its URL, and how many resources it holds, None where it does not
    say."""

    name: str
    count: int | None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """`data`: files of resources and of deletions; `errors`: files of OperationOutcomes. `further`: it goes on in
    another manifest. `alike`: names that end several URLs, so that one file beside it is not all of them."""

    path: Path
    data: tuple[Named, ...]
    errors: tuple[Named, ...]
    further: bool = False
    alike: tuple[str, ...] = ()

    def find(self, named: Named) -> Path | None:
        """Where a file is, beside the manifest, packed or not; None if it is not there."""
        for ending in _PACKED:
            path = self.path.with_name(named.name + ending)
            if path.is_file():
                return path
        return None


def is_manifest(value: object) -> bool:
    """Whether a JSON value is the manifest of an export."""
    return (
        isinstance(value, dict)
        and "resourceType" not in value
        and isinstance(value.get("output"), list)
        and ("transactionTime" in value or "request" in value)
    )


def read_manifest(path: Path, value: Mapping[str, Any]) -> Manifest:
    """The manifest in a file."""
    links = [link for link in _objects(value.get("link")) if link.get("relation") == "next"]
    data = (*_named(value, "output"), *_named(value, "deleted"))
    return Manifest(path, data, tuple(_named(value, "error")), bool(links), _alike(data))


def errors_in(path: Path) -> Counter[str]:
    """What the OperationOutcomes of a file say went wrong, by the codes that may be shown. Remarks that take nothing
    away are left out; what cannot be read is counted as such."""
    found: Counter[str] = Counter()
    try:
        for block in blocks(InputFile.of(path)):
            for line in block.content.split(b"\n"):
                found.update(_errors(line))
    except (OSError, BrokenFileError):
        found["unreadable"] += 1
    return found


def _errors(line: bytes) -> Iterator[str]:
    try:
        outcome = read_line(line)
    except RejectedError:
        yield "unreadable"
        return
    if outcome is None:
        return
    issues = list(_objects(outcome.get("issue")))
    if outcome.get("resourceType") != "OperationOutcome" or not issues:
        yield "unreadable"
    for issue in issues:
        if issue.get("severity") not in _HARMLESS:
            yield ", ".join(issue_codes({"issue": [issue]})) or "no code"


def _named(manifest: Mapping[str, Any], name: str) -> Iterator[Named]:
    """The files of a list. One of which no name can be read is one that is not there."""
    try:
        entries = [entry for entry, _ in objects_in(manifest, name)]
    except Malformed:
        yield Named("?", None)
        return
    for entry in entries:
        url, count = entry.get("url"), entry.get("count")
        name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]) if isinstance(url, str) else ""
        # a name is one, and leads nowhere else
        usable = name if name not in {"", ".", ".."} and "/" not in name and name.isprintable() else "?"
        whole = count if isinstance(count, int) and not isinstance(count, bool) else None
        yield Named(usable, whole, url if isinstance(url, str) else "")


def _alike(every: Iterable[Named]) -> tuple[str, ...]:
    urls: dict[str, set[str]] = {}
    for each in every:
        urls.setdefault(each.name, set()).add(each.url)
    return tuple(name for name, found in urls.items() if len(found) > 1 and name != "?")


def _objects(values: object) -> Iterator[dict[str, Any]]:
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, dict))
