"""JSON documents as lines: each entry of a Bundle, each resource of a list, or the one resource that a file holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from cds.audit.lines import RejectedError, parsed
from cds.fhir.bundle import read_contents
from cds.fhir.deletions import deletes
from cds.fhir.plain import kind

LARGEST = 128 << 20
"""Bytes of a document, unpacked: one is held in memory as a whole."""
_DEEPEST = 4
_TOO_DEEP = b"no JSON, since it is too deep to be written on a line"
"""In the place of an entry: it is rejected, and the others stay."""
_READ = frozenset(
    {"MedicationAdministration", "MedicationRequest", "MedicationStatement", "Medication", "Substance", "Patient"}
)


class NoDocumentError(Exception):
    """What is in a file is no FHIR. The message says what it is, and holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Document:
    """One that was read. `lines`: one for each entry, also for one that holds nothing. `faults`: what is missing from
    it or says that something is; `own_url` and `next_url`: of a page of several."""

    lines: tuple[bytes, ...]
    faults: tuple[str, ...] = ()
    own_url: str = ""
    next_url: str = ""


def read_document(content: bytes) -> Document:
    """The resources of a document. Raises NoDocumentError."""
    if len(content) > LARGEST:
        raise NoDocumentError(f"is longer than {LARGEST >> 20} MB; split it, or write it as NDJSON")
    try:
        value = parsed(content)
    except RejectedError as broken:
        raise NoDocumentError(broken.reason) from None
    if isinstance(value, list) and any(isinstance(each, dict) and "resourceType" in each for each in value):
        return Document(tuple(map(line_of, value)))
    if not isinstance(value, dict):
        raise NoDocumentError(f"is {kind(value)}, not a FHIR resource")
    if not isinstance(value.get("resourceType"), str):
        raise NoDocumentError("has no resourceType, so it is no FHIR resource")
    if value["resourceType"] != "Bundle":
        return Document((line_of(value),))
    links = {str(link.get("relation")): link.get("url") for link in _objects(value.get("link"))}
    contents = read_contents(value, page="previous" in links or "prev" in links)
    own = links.get("self")
    return Document(
        tuple(map(line_of, _entries(value, 0))),
        contents.problems,
        own.strip() if isinstance(own, str) else "",
        contents.next_url or "",
    )


def _entries(bundle: Mapping[str, Any], depth: int) -> Iterator[object]:
    """What each entry holds, nothing left out; references by the address of an entry are those to its resource."""
    entries = bundle.get("entry")
    entries = entries if isinstance(entries, list) else []
    names = _names(entries)
    for entry in entries:
        held = None if deletes(entry) else _held(entry)
        if isinstance(held, dict) and held.get("resourceType") == "Bundle" and held is not entry and depth < _DEEPEST:
            yield from _entries(held, depth + 1)
        elif isinstance(held, dict) and held.get("resourceType") in _READ:
            full_url = entry.get("fullUrl")
            known = names.get(full_url) if isinstance(full_url, str) else None
            if known and "id" not in held:
                held = {**held, "id": known.rpartition("/")[2]}
            _rename(held, names)
            yield held
        elif held is None and isinstance(entry, dict) and ("request" in entry or "response" in entry):
            # a deletion, or the answer to one
            bare = {name: value for name, value in entry.items() if name != "resource"}
            yield {"resourceType": "Bundle", "type": "transaction", "meta": bundle.get("meta"), "entry": [bare]}
        else:
            yield held


def _held(entry: object) -> object:
    """The resource of an entry. Some senders leave out the wrapper and put the resource there itself."""
    if not isinstance(entry, dict):
        return entry
    return entry if "resourceType" in entry else entry.get("resource")


def _names(entries: list[Any]) -> dict[str, str]:
    """`Type/id` by the addresses that mean something within their Bundle alone, and by those of what has no id, which
    takes that of its address."""
    found: dict[str, str] = {}
    for entry in _objects(entries):
        full_url, held = entry.get("fullUrl"), entry.get("resource")
        if not isinstance(full_url, str) or not isinstance(held, dict):
            continue
        of_type, name = str(held.get("resourceType")), held.get("id")
        if full_url.startswith("urn:"):
            own = name if isinstance(name, str) and name else full_url.rpartition(":")[2]
            found[full_url] = f"{of_type}/{own}"
        elif "id" not in held and (split := full_url.split("/"))[-2:-1] == [of_type] and split[-1]:
            found[full_url] = f"{of_type}/{split[-1]}"
    return found


def _rename(value: object, names: Mapping[str, str]) -> None:
    """Put the names in the place of the references that they stand for, however deep the value is."""
    waiting = [value] if names else []
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if isinstance(written := each.get("reference"), str):
                each["reference"] = names.get(written, written)
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each


def _objects(values: object) -> Iterator[dict[str, Any]]:
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, dict))


def line_of(value: object) -> bytes:
    """A value on one line."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        pass  # it is deep, or has a number of more than 64 bits
    try:
        return json.dumps(value, separators=(",", ":")).encode()
    except RecursionError:
        return _TOO_DEEP
