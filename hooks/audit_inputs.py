"""The files that an audit reads: those of the folders named, of whatever form, and what is missing among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cds.audit.blocks import BrokenFileError
from cds.audit.documents import NoDocumentError, read_document
from cds.audit.files import Form, InputFile, content_of, name_of
from cds.audit.ledger import Ledger
from cds.audit.lines import RejectedError, parsed
from cds.audit.manifest import Manifest, errors_in, is_manifest, read_manifest
from cds.audit.parquet import NoRowsError, row_groups
from hooks.console import UsageError, counted
from hooks.delivered import Delivered
from hooks.folders import Folders

_PACKED = ("", ".gz", ".zst")
_LINES = tuple(f"{ending}{packed}" for ending in (".ndjson", ".jsonl") for packed in _PACKED)
_DOCUMENTS = tuple(f".json{packed}" for packed in _PACKED)
_PARQUET = ".parquet"
_ENDINGS = (*_LINES, *_DOCUMENTS, _PARQUET)


@dataclass(slots=True)
class AuditInputs:
    """The files in order of name, and what is to be said of the input. `lost`: what is not there or cannot be read, so
    that histories may be incomplete; `passed_over`: what is no FHIR; `counts`: how many resources a file holds by its
    manifest."""

    files: list[InputFile] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, delivered: Delivered, kept: Path) -> None:
        """Take what was fetched from a server. `kept`: where the files will be when the audit is complete."""
        for path, count in delivered.files.items():
            file = replace(InputFile.of(path), path=name_of(kept / path.name))
            self.files.append(file)
            if count is not None:
                self.counts[file.path] = count
        self.lost += delivered.lost

    def not_read(self, ledger: Ledger) -> list[str]:
        """What could not be read, and the files that hold fewer resources than a manifest says."""
        held = ledger.held
        return self.lost + [
            f"{path}: holds {counted(held.get(path, 0), 'resource')}, and the manifest says {count:,}"
            for path, count in self.counts.items()
            if held.get(path, 0) < count
        ]


def audit_inputs(inputs: Sequence[str], column: str) -> AuditInputs:
    """All files of the input; `column`: of Parquet. Raises UsageError."""
    if not inputs:
        return AuditInputs()
    if not all(given.strip() for given in inputs):
        raise UsageError("INPUT is empty, from a variable that is not set perhaps; name a file or a folder")
    folders = Folders(endings=_ENDINGS)
    listing = _Listing(column)
    for path, named in sorted(folders.every(map(Path, inputs))):
        listing.add(path, named=named)
    listing.conclude()
    found = listing.found
    found.lost += [*folders.lost, *folders.links_elsewhere()]
    read = {file.path for file in found.files}
    found.passed_over += [path for path in folders.not_read if path not in read]
    found.files.sort(key=lambda file: file.path)
    if not found.files and not found.lost:
        raise UsageError(f"no file of the input ends in one of {', '.join(_ENDINGS)}; name files one by one")
    return found


class _Listing:
    """The input while it is looked through."""

    def __init__(self, column: str) -> None:
        self.found = AuditInputs()
        self._column = column
        self._manifests: list[Manifest] = []
        self._own_urls: set[str] = set()
        self._next_urls: dict[str, str] = {}

    def add(self, path: Path, *, named: bool) -> None:
        """Take a file, as what its name and its first bytes say it is. `named`: the user named it himself."""
        try:
            file = InputFile.of(path)
            if path.name.lower().endswith(_PARQUET):
                self._parquet(file)
            elif path.name.lower().endswith(_DOCUMENTS):
                self._document(path, file, named=named)
            else:
                self.found.files.append(file)
        except OSError as error:
            self.found.lost.append(f"{path}: cannot be read ({error.strerror})")

    def _parquet(self, file: InputFile) -> None:
        try:
            with Path(file.location).open("rb") as opened:
                groups = row_groups(opened, self._column)
        except NoRowsError as fault:
            self.found.lost.append(f"{file.path}: {fault}")
        else:
            self.found.files.append(replace(file, form=Form.PARQUET, column=self._column, groups=groups))

    def _document(self, path: Path, file: InputFile, *, named: bool) -> None:
        whole = replace(file, form=Form.DOCUMENT)
        try:
            with path.open("rb") as opened:
                content = content_of(whole, opened)
        except BrokenFileError:
            # the ledger says how
            self.found.files.append(whole)
            return
        if _is_lines(content):
            self.found.files.append(file)
            return
        try:
            document = read_document(content)
        except NoDocumentError as fault:
            value = _value(content)
            if is_manifest(value):
                assert isinstance(value, dict)
                self._manifests.append(read_manifest(path, value))
            elif value is None:
                self.found.files.append(whole)
            elif named:
                raise UsageError(f"{path}: {fault}") from None
            else:
                self.found.passed_over.append(f"{path}: {fault}")
            return
        self.found.files.append(whole)
        self._own_urls.add(document.own_url)
        if document.next_url:
            self._next_urls[document.next_url] = f"{path}: goes on on a further page, which is not among the files"

    def conclude(self) -> None:
        """What is known once all files are."""
        self.found.lost += [lost for url, lost in self._next_urls.items() if url not in self._own_urls]
        for manifest in self._manifests:
            self._files_of(manifest)

    def _files_of(self, manifest: Manifest) -> None:
        known = {Path(file.location).resolve(): file.path for file in self.found.files}
        if manifest.further:
            self.found.lost.append(f"{manifest.path}: the export goes on in a further manifest, which is not read")
        self.found.lost += [
            f"{manifest.path}: several of its files are called {name}; only one can be beside it"
            for name in manifest.alike
        ]
        for each in manifest.data:
            path = manifest.find(each)
            if path is None:
                self.found.lost.append(f"{manifest.path}: names {each.name}, which is not beside it; fetch it again")
                continue
            if path.resolve() not in known:
                # a manifest that was named alone stands for its files, and may call them as it likes
                self.found.files.append(InputFile.of(path))
                known[path.resolve()] = name_of(path)
            if each.count is not None:
                self.found.counts[known[path.resolve()]] = each.count
        for each in manifest.errors:
            path = manifest.find(each)
            if path is None:
                self.found.lost.append(f"{manifest.path}: names the errors {each.name}, which are not beside it")
                continue
            told = errors_in(path)
            if told:
                what = ", ".join(f"{number:,} x {code}" for code, number in sorted(told.items()))
                self.found.lost.append(f"{path}: errors of the export ({what})")


def _is_lines(content: bytes) -> bool:
    """Whether a file that is called .json is NDJSON: several lines, the first of them an object by itself."""
    first, _, rest = content.strip().partition(b"\n")
    return bool(rest.strip()) and isinstance(_value(first), dict)


def _value(content: bytes) -> object:
    try:
        return parsed(content)
    except RejectedError:
        return None


def outside(output: Path, inputs: Iterable[str]) -> None:
    """Raises UsageError where the next audit would read what this one writes."""
    for given in inputs:
        if output.resolve().is_relative_to(Path(given).resolve()):
            raise UsageError(f"--output {output}: is within the input {given}; name a folder outside of it")
