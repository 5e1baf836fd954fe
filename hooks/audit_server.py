"""What an audit reads from a FHIR server, fetched into files: by searches, or by a Bulk Data export."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from cds.audit.manifest import errors_in
from cds.audit.work import DOWNLOAD
from cds.dosing.drug import Drug
from cds.fhir.backend_services import TYPES
from cds.fhir.errors import FhirError, Kind
from cds.fhir.history import lost as may_be_lost
from cds.fhir.history import read_history, unresolved
from cds.fhir.plain import Resource
from cds.fhir.read import RESOURCE
from cds.fhir.references import relative
from hooks.audit_options import Options
from hooks.console import UsageError, say
from hooks.credentials import tokens_of
from hooks.question import Question
from hooks.settings import CheckSettings

if TYPE_CHECKING:
    from cds.fhir.bulk import Wish
    from cds.fhir.client import FhirClient

FETCHED = "input"
"""The folder beside the results with what was read from a server."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_BATCH = 100
"""Patients in one file, which is not read again after an interruption."""
_REFERENCES = 200
_PATIENCE = 24 * 3600.0
_DONE = "search.json"


@dataclass(frozen=True, slots=True)
class Server:
    """A FHIR server to read from. `wish`: what to have exported; where it is None the server is searched, `parallel`
    patients at once."""

    url: str
    settings: CheckSettings = field(repr=False)
    wish: Wish | None = None
    parallel: int = 4


@dataclass(slots=True)
class Delivered:
    """The files, each with how many resources it should hold where that is told. `lost`: what was not read.
    `incomplete`: patients of whom something is missing; `all_incomplete`: it may be missing of anyone."""

    files: dict[Path, int | None] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)
    all_incomplete: bool = False


def server_of(inputs: Sequence[str], options: Options) -> tuple[list[str], Server | None]:
    """The files among the input, and the server that is to be read beside them or alone. Raises UsageError."""
    from cds.fhir.bulk import Wish

    urls = [given for given in inputs if given.lower().startswith(("http://", "https://"))]
    files = [given for given in inputs if given not in urls]
    settings = options.settings
    if options.export is None:
        if options.group is not None or options.export_since is not None:
            raise UsageError("--group and --export-since are for an export; write --export BASE_URL too")
        if len(urls) > 1 or (urls and files):
            raise UsageError("name files and folders, or one FHIR server: ids of one mean nothing in another")
        if not inputs:
            raise UsageError("INPUT is missing: name files, a folder or a FHIR server, or --export BASE_URL")
        return files, Server(urls[0], settings, parallel=options.parallel) if urls else None
    if urls:
        raise UsageError(f"{urls[0]}: is read by searches; name that server as INPUT, or by --export, not two of them")
    if files and options.export_since is None:
        raise UsageError("files beside --export are an earlier export of the server: write --export-since INSTANT too")
    if options.export_since is not None and not _INSTANT.fullmatch(options.export_since):
        text = (
            f"--export-since: {options.export_since!r} is no instant; write the transactionTime of the earlier export"
        )
        raise UsageError(f"{text}, such as 2026-05-01T00:00:00Z")
    wish = Wish(TYPES, options.group, options.export_since)
    return files, Server(options.export, settings, wish)


def keep(work: Path, output: Path) -> None:
    """Put the files that were fetched where the ledger says that they are, in place of those of an audit before."""
    before = work / "before"
    if (output / FETCHED).exists():
        (output / FETCHED).replace(before)
    for path in (work / DOWNLOAD).iterdir():
        if path.suffix != ".ndjson":
            path.unlink()
    (work / DOWNLOAD).replace(output / FETCHED)


def fetch(server: Server, folder: Path, patients: Iterable[str] | None, question: Question) -> Delivered:
    """Read the server into files of a folder, or what is not there yet: all patients, or those named. Raises UsageError
    for what the user can mend, FhirError where not everything could be read."""
    folder.mkdir(exist_ok=True)
    return asyncio.run(_fetch(server, folder, patients, question))


async def _fetch(server: Server, folder: Path, patients: Iterable[str] | None, question: Question) -> Delivered:
    async with _client(server, question.only.drug) as client:
        if server.wish is not None:
            return await _exported(client, server, server.wish, folder)
        if patients is None:
            return await _whole(client, server, folder)
        return await _histories(client, server, folder, sorted(patients), question)


@asynccontextmanager
async def _client(server: Server, drug: Drug) -> AsyncIterator[FhirClient]:
    from cds.fhir.addresses import EVERYWHERE
    from cds.fhir.allowed import Allowed
    from cds.fhir.client import FhirClient
    from cds.fhir.connections import Http
    from cds.fhir.limits import Limits

    settings, url = server.settings, server.url
    limits = Limits(seconds=settings.deadline_seconds, pages=settings.max_pages, page_size=settings.page_size)
    try:
        # who names a server on the command line lists it, wherever it is
        allowed = Allowed([url], EVERYWHERE)
    except FhirError as error:
        raise UsageError(error.message) from None
    async with Http(limits, allowed, outbound=settings.outbound) as http:
        token = tokens_of(settings, http, url)
        codes = tuple(drug.products) if settings.filter_by_code else ()
        try:
            yield FhirClient(http, url, token=token, limits=limits, codes=codes, search_by_post=settings.search_by_post)
        except FhirError as error:
            if error.kind is Kind.DENIED and token is None:
                text = f"{error.message}; a token comes from NUSINERSEN_CDS_FHIR_TOKEN, or by --client-id and --key"
                raise FhirError(error.kind, text) from None
            raise


async def _exported(client: FhirClient, server: Server, wish: Wish, folder: Path) -> Delivered:
    from cds.fhir.bulk import Export

    files = await Export(client, server.url.rstrip("/"), folder, patience=_PATIENCE, tell=say).fetch(wish)
    found = Delivered(all_incomplete=wish.since is not None)
    for each in files:
        if each.of != "error":
            found.files[each.path] = each.count
        elif told := errors_in(each.path):
            what = ", ".join(f"{number:,} x {code}" for code, number in sorted(told.items()))
            found.lost.append(f"{server.url}: errors of the export ({what})")
    return found


async def _whole(client: FhirClient, server: Server, folder: Path) -> Delivered:
    """All administrations of a server, and the Medications that they refer to."""
    path = folder / f"{RESOURCE}.ndjson"
    found = Delivered({path: None})
    noted = _noted(folder / _DONE)
    if noted is None:
        parameters = (
            ("_count", str(server.settings.page_size)),
            ("_include", "MedicationAdministration:medication"),
        )
        wanted: set[str] = set()
        held: set[str] = set()
        number = 0
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as file:
            async for page in client.pages(RESOURCE, parameters):
                number += 1
                held |= {f"Medication/{each.get('id')}" for each in page.resources if _is(each, "Medication")}
                wanted |= {name for name in unresolved(page.resources) if relative(name) not in held}
                file.writelines(orjson.dumps(each) + b"\n" for each in page.resources)
                if number % 10 == 0:
                    say(f"reading: {number:,} pages")
            missing = sorted(name for name in wanted if relative(name) not in held)
            unread = await _medications(client, missing, file, found)
        found.incomplete = _patients_with(unread, part) if unread else set()
        part.replace(path)
        _note(folder / _DONE, found)
    else:
        found.lost, found.incomplete = noted["lost"], set(noted["incomplete"])
    return found


async def _medications(client: FhirClient, references: Sequence[str], file: Any, found: Delivered) -> set[str]:
    """Fetch Medications into a file; the references to those that could not be read."""
    unread: set[str] = set()
    for at in range(0, len(references), _REFERENCES):
        fetched = await client.medications(references[at : at + _REFERENCES])
        file.writelines(orjson.dumps(each) + b"\n" for each in fetched.resources)
        unread |= {*fetched.unread, *fetched.not_asked}
        found.lost += [each for each in fetched.problems if each not in found.lost]
    return unread


def _patients_with(references: set[str], path: Path) -> set[str]:
    """The patients with records that refer to one of these Medications."""
    found: set[str] = set()
    with path.open("rb") as lines:
        for line in lines:
            resource = orjson.loads(line)
            if references.intersection(unresolved([resource])):
                subject = resource.get("subject") or {}
                whose = relative(str(subject.get("reference", "")))
                found |= {whose} if whose else set()
    return found


async def _histories(
    client: FhirClient, server: Server, folder: Path, patients: Sequence[str], question: Question
) -> Delivered:
    """The histories of the named patients, several at once, in files of some patients each."""
    found = Delivered()
    turns = asyncio.Semaphore(server.parallel)
    for number, at in enumerate(range(0, len(patients), _BATCH)):
        path, done = folder / f"patients-{number:05d}.ndjson", folder / f"patients-{number:05d}.json"
        noted = _noted(done)
        if noted is None:
            part = Delivered()
            batch = patients[at : at + _BATCH]
            read = await asyncio.gather(*(_history(client, each, question, turns, part) for each in batch))
            with path.open("wb") as file:
                file.writelines(orjson.dumps(each) + b"\n" for resources in read for each in resources)
            part.lost.sort()
            _note(done, part)
            noted = {"lost": part.lost, "incomplete": sorted(part.incomplete)}
            say(f"reading: {min(at + _BATCH, len(patients)):,} of {len(patients):,} patients")
        found.files[path] = None
        found.lost += noted["lost"]
        found.incomplete |= set(noted["incomplete"])
    return found


async def _history(
    client: FhirClient, patient: str, question: Question, turns: asyncio.Semaphore, found: Delivered
) -> Sequence[Resource]:
    async with turns:
        try:
            fetched = await client.history(patient)
        except FhirError as error:
            found.lost.append(f"{patient}: {error.message}")
            found.incomplete.add(patient)
            return ()
    records = read_history(
        fetched.resources,
        drug=question.only.drug,
        zone=question.zone,
        patient=patient,
        medications=fetched.by_reference,
        full_urls=fetched.full_urls,
    )
    if not fetched.whole or may_be_lost(records, (*fetched.unread, *fetched.not_asked)):
        found.incomplete.add(patient)
        problems = fetched.problems or ("not everything could be read",)
        found.lost += [f"{patient}: {problem}" for problem in problems]
    return fetched.resources


def _is(resource: Mapping[str, Any], of_type: str) -> bool:
    return resource.get("resourceType") == of_type


def _noted(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return found


def _note(path: Path, found: Delivered) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(orjson.dumps({"lost": found.lost, "incomplete": sorted(found.incomplete)}))
    part.replace(path)
