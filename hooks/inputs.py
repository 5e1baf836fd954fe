"""INPUT paths of the command line as FHIR resources, each with its place; nothing is passed over in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from cds.fhir.bundle import read_contents
from cds.fhir.deletions import deletions_in, later, unnamed_deletions, updated_after
from cds.fhir.plain import Resource, kind
from cds.fhir.references import reference_of
from hooks.folders import Folders
from hooks.packed import BrokenFile, chunks, lines

_LINES = (".ndjson", ".jsonl")
# The types that an assessment looks at; of a bulk export the rest is counted and let go.
_LOOKED_AT = frozenset(
    {"MedicationAdministration", "MedicationRequest", "MedicationStatement", "Medication", "Patient", "Substance"}
)
_STILL_TELL = frozenset({"Medication", "Substance", "Patient"})
"""What these say of records that are there holds though they were deleted themselves, as in an audit."""
_TOO_DEEP = "depth limit"
"""In orjson's words for more levels than it has room for."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Inputs:
    """What the files hold.

    `places` tells where a resource was read (`export/a.ndjson:12`), by the identity of the object. `lost`: places
    that are broken, so that records may be missing. `not_fhir`: files of folders that hold JSON and no FHIR;
    `named_not_fhir`: the same, and other text, where the user named the file. `not_read`: files of a folder with
    other endings; `blank`: files without a line in them. `others`: resources that are not looked at, by type;
    `looked_at`: the types that are.
    `deleted`: references of deleted resources, each with when that was, empty where it is not told; `gone`: places of
    records that are none any more, since they were deleted.
    `next_pages` and `own_urls` are the links of Bundles to further pages, each with what to say if it is missing, and
    to themselves.
    """

    looked_at: frozenset[str] = _LOOKED_AT
    resources: list[Resource] = field(default_factory=list)
    full_urls: dict[str, Resource] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_fhir: list[str] = field(default_factory=list)
    named_not_fhir: list[str] = field(default_factory=list)
    not_read: list[str] = field(default_factory=list)
    blank: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    files: int = 0
    deleted: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    next_pages: dict[str, str] = field(default_factory=dict)
    own_urls: set[str] = field(default_factory=set)

    def missing_pages(self) -> None:
        """A page that a Bundle names and no other Bundle is, is lost."""
        self.lost += [lost for url, lost in self.next_pages.items() if url not in self.own_urls]

    def take_away(self) -> None:
        """Records that were deleted, and have not come back since, are none."""
        gone = [each for each in self.resources if self._is_gone(each)]
        self.gone = [f"{self.places[id(each)]}: {reference_of(each)}" for each in gone]
        ids = {id(each) for each in gone}
        self.resources = [each for each in self.resources if id(each) not in ids]

    def _is_gone(self, resource: Resource) -> bool:
        reference = reference_of(resource)
        if resource.get("resourceType") in _STILL_TELL:
            return False
        return reference in self.deleted and not updated_after(resource, self.deleted[reference])


def read_inputs(paths: Iterable[Path], also: Collection[str] = ()) -> Inputs:
    """All resources of files and folders that are looked at, and those of the types `also`. Raises UsageError where a
    path cannot be entered, with all that cannot."""
    inputs = Inputs(looked_at=_LOOKED_AT.union(also))
    folders = Folders()
    for file, named in folders.every(paths):
        _Document(file, inputs, named=named).read()
    inputs.missing_pages()
    inputs.take_away()
    inputs.lost += [*folders.lost, *folders.links_elsewhere()]
    inputs.not_read += folders.not_read
    return inputs


class _Document:
    """One file while it is read. `named`: the user named it, and did not find it in a folder."""

    def __init__(self, path: Path, inputs: Inputs, *, named: bool) -> None:
        self.path = path
        self.inputs = inputs
        self.named = named
        self.fhir = False

    def read(self) -> None:
        """Read all of it, as lines where its name or its content says so."""
        self.inputs.files += 1
        bare = self.path.name.lower().removesuffix(".gz")
        try:
            if bare.endswith(_LINES):
                self._lines(lines(self.path))
            else:
                self._whole(b"".join(chunks(self.path)))
        except BrokenFile as broken:
            used = "the lines before that are used" if bare.endswith(_LINES) else "the file is lost"
            self.inputs.lost.append(f"{self.path}: {broken}; {used}")

    def _lines(self, content: Iterable[bytes]) -> None:
        """NDJSON: one resource a line. A file of which no line is JSON is no NDJSON at all."""
        lost = self.inputs.lost
        before = len(lost)
        first = b""
        for number, line in enumerate(content, start=1):
            text = line.removeprefix(_BYTE_ORDER_MARK).strip() if number == 1 else line.strip()
            if not text:
                continue
            first = first or text
            place = f"{self.path}:{number}"
            try:
                value = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                lost.append(f"{place}: is not JSON{_fault(text, error)}; the line is lost")
                continue
            if _is_fhir(value):
                self._take(value, place)
            else:
                lost.append(f"{place}: {_what(value)}; the line is lost")
        if not first:
            self.inputs.blank.append(str(self.path))
        if not self.fhir and first and not first.startswith(b"{") and self.named:
            del lost[before:]
            self._not_fhir(self.path, _text(first))
        elif not self.fhir and len(lost) - before > 1:
            number = len(lost) - before
            lost[before:] = [
                f"{self.path}: none of its {number} lines is a resource; call it .json if it is one document"
            ]

    def _whole(self, content: bytes) -> None:
        text = content.removeprefix(_BYTE_ORDER_MARK).strip()
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            first = text.partition(b"\n")[0]
            if _is_object(first) and b"\n" in text:
                self._lines(content.splitlines())
            elif text.startswith((b"{", b"[")) or not self.named:
                where = f"{self.path}:{error.lineno}" if text else str(self.path)
                what = f"is broken JSON{_fault(text, error)}" if text else "is empty"
                self.inputs.lost.append(f"{where}: {what}; the file is lost")
            else:
                self._not_fhir(self.path, _text(text))
            return
        if isinstance(value, list) and any(map(_is_fhir, value)):
            for index, item in enumerate(value):
                place = f"{self.path}[{index}]"
                if _is_fhir(item):
                    self._take(item, place)
                else:
                    self.inputs.lost.append(f"{place}: {_what(item)}; it is lost")
        elif _is_fhir(value):
            self._take(value, str(self.path))
        else:
            self._not_fhir(self.path, _what(value))

    def _not_fhir(self, place: Path, what: str) -> None:
        (self.inputs.named_not_fhir if self.named else self.inputs.not_fhir).append(f"{place}: {what}")

    def _take(self, value: dict[str, Any], place: str) -> None:
        """A resource or a Bundle."""
        self.fhir = True
        inputs = self.inputs
        links = dict(_links(value))
        contents = read_contents(value, page="previous" in links or "prev" in links)
        inputs.lost += [f"{place}: {problem}" for problem in contents.problems]
        inputs.notes += [f"{place}: {note}" for note in contents.notes]
        inputs.full_urls.update(contents.full_urls)
        if "self" in links:
            inputs.own_urls.add(links["self"])
        if contents.next_url is not None:
            inputs.next_pages[contents.next_url] = f"{place}: goes on on a further page, which is not among the files"
        for reference, when in deletions_in(value):
            inputs.deleted[reference] = later(inputs.deleted.get(reference, when), when)
        if not inputs.looked_at.union({""}).isdisjoint(unnamed_deletions(value)):
            inputs.lost.append(
                f"{place}: deletes resources without naming them by type and id, so that nobody can tell which are left"
            )
        is_bundle = value.get("resourceType") == "Bundle"
        for index, resource in enumerate(contents.resources, start=1):
            of_type = str(resource.get("resourceType"))
            if of_type in inputs.looked_at:
                inputs.resources.append(resource)
                inputs.places[id(resource)] = f"{place}, resource {index}" if is_bundle else place
            else:
                inputs.others[of_type] += 1


def _links(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    links = value.get("link") if value.get("resourceType") == "Bundle" else None
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and isinstance(link.get("relation"), str) and isinstance(link.get("url"), str):
            yield link["relation"], link["url"].strip()


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _is_fhir(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    named = value.get("resourceType")
    return (isinstance(named, str) and bool(named)) or ("resourceType" not in value and _is_entry(value))


def _is_entry(value: dict[str, Any]) -> bool:
    inner = value.get("resource")
    return isinstance(inner, dict) and isinstance(inner.get("resourceType"), str)


def _what(value: object) -> str:
    """What a JSON value is that is no FHIR resource."""
    if isinstance(value, dict):
        if isinstance(value.get("hook"), str):
            return "is a CDS Hooks request, not a FHIR resource; the service takes it: nusinersen-cds serve"
        return "has no resourceType, so it is no FHIR resource"
    return f"is {kind(value)}, not a FHIR resource"


def _text(text: bytes) -> str:
    if not text:
        return "is empty; export it again"
    if text.startswith(b"<"):
        return "is HTML or XML, not FHIR JSON; ask the server for application/fhir+json"
    return "is not JSON" if _is_utf8(text) else "is not UTF-8 text; save it as UTF-8"


def _fault(text: bytes, error: orjson.JSONDecodeError) -> str:
    if not _is_utf8(text):
        return " (not UTF-8 text)"
    if _TOO_DEEP in error.msg:
        return " (nested too deeply)"
    return f" (column {error.colno})"


def _is_utf8(text: bytes) -> bool:
    """Whether it is; UTF-16 without its mark can be taken for it, but has zeros, which JSON has not."""
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in text
