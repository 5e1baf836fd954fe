"""Deletions: what the entries of a Bundle say was deleted, and when. A version of before it is no record any more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from cds.fhir.plain import Resource
from cds.fhir.references import relative

_DEEPEST = 4


def deletes(entry: object) -> bool:
    """Whether an entry of a Bundle is a deletion. What it may hold is what is deleted, and no record."""
    request = entry.get("request") if isinstance(entry, dict) else None
    return isinstance(request, dict) and request.get("method") == "DELETE"


def deletions_in(bundle: Resource) -> Iterator[tuple[str, str]]:
    """What a Bundle of deleted resources names (`Type/id`), and when it was deleted; empty where that is not told."""
    for entry, when in _deletions(bundle, 0):
        named = _named(_url(entry))
        if named is not None:
            yield named, when


def unnamed_deletions(bundle: Resource) -> tuple[str, ...]:
    """The types of which a Bundle deletes resources without naming them by their ids, by a search for example: nobody
    can tell which are gone. Empty text for a deletion that does not even say the type."""
    urls = [_url(entry) for entry, _ in _deletions(bundle, 0)]
    return tuple(dict.fromkeys(url.partition("?")[0].strip("/") for url in urls if _named(url) is None))


def later(one: str, other: str) -> str:
    """The later of two instants; empty, which no update comes after, where that cannot be told."""
    try:
        return other if datetime.fromisoformat(other) > datetime.fromisoformat(one) else one
    except (ValueError, TypeError):
        return ""


def updated_after(resource: Resource, when: str) -> bool:
    """Whether a record came back after it was deleted; where one of the times is not told, it did not."""
    meta = resource.get("meta")
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        return datetime.fromisoformat(str(updated)) > datetime.fromisoformat(when)
    except (ValueError, TypeError):
        return False


def _deletions(bundle: Resource, depth: int) -> Iterator[tuple[dict[str, Any], str]]:
    """The entries that are deletions, those of Bundles inside too, each with its time."""
    entries = bundle.get("entry") if bundle.get("resourceType") == "Bundle" else None
    for entry in entries if isinstance(entries, list) else ():
        if deletes(entry):
            yield entry, _when(bundle, entry)
        elif isinstance(entry, dict) and isinstance(inner := entry.get("resource"), dict) and depth < _DEEPEST:
            yield from _deletions(inner, depth + 1)


def _when(bundle: Resource, entry: Resource) -> str:
    """A history says it of each entry, Bulk Data of all."""
    response, meta = entry.get("response"), bundle.get("meta")
    modified = response.get("lastModified") if isinstance(response, dict) else None
    updated = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return next((each for each in (modified, updated) if isinstance(each, str)), "")


def _named(url: str) -> str | None:
    # a search can end in something that looks like a reference
    return None if "?" in url else relative(url)


def _url(entry: Resource) -> str:
    url = entry["request"].get("url")
    return url if isinstance(url, str) else ""
