"""What an audit reads from a FHIR server, fetched into files: by searches, or by a Bulk Data export."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cds.audit.manifest import errors_in
from cds.audit.work import DOWNLOAD
from cds.dosing.drug import Drug
from cds.fhir.backend_services import TYPES
from cds.fhir.errors import FhirError, Kind
from cds.fhir.needs import beside_doses
from hooks.audit_options import Options
from hooks.console import UsageError, say
from hooks.credentials import tokens_of
from hooks.delivered import Delivered
from hooks.question import Question
from hooks.settings import CheckSettings

if TYPE_CHECKING:
    from cds.fhir.bulk import Wish
    from cds.fhir.client import FhirClient
    from cds.fhir.links import Base

FETCHED = "input"
"""The folder beside the results with what was read from a server."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_PATIENCE = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Server:
    """A FHIR server to read from. `wish`: what to have exported, and `stores` the servers from which its files may be
    fetched too; where it is None the server is searched, `parallel` patients at once."""

    url: str
    settings: CheckSettings = field(repr=False)
    wish: Wish | None = None
    parallel: int = 4
    stores: tuple[Base, ...] = ()


def server_of(inputs: Sequence[str], options: Options) -> tuple[list[str], Server | None]:
    """The files among the input, and the server that is to be read beside them or alone. Raises UsageError."""
    from cds.fhir.bulk import Wish

    urls = [given for given in inputs if given.lower().startswith(("http://", "https://"))]
    files = [given for given in inputs if given not in urls]
    settings = options.settings
    if options.export is None:
        if options.group is not None or options.export_since is not None or options.export_stores:
            text = "--group, --export-since and --export-store are for an export"
            raise UsageError(f"{text}; write --export BASE_URL too")
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
    return files, Server(options.export, settings, wish, stores=tuple(map(_store, options.export_stores)))


def _store(given: str) -> Base:
    from cds.fhir.links import Base

    try:
        return Base(given)
    except FhirError:
        text = f"--export-store: {given!r} is no server; write where the files are"
        raise UsageError(f"{text}, such as https://files.example.invalid") from None


def at_server(server: Server | None, options: Options) -> str | None:
    """The base URL of the server at which the patients of an audit have their ids: of that which is read, else of that
    which the options name; None where nobody says. Raises UsageError."""
    from cds.fhir.errors import FhirError
    from cds.fhir.links import Base

    named = options.server
    if named is not None and server is not None:
        raise UsageError("--server is for files; the server that is read is told by itself")
    if named is not None:
        try:
            Base(named)
        except FhirError as error:
            raise UsageError(f"--server: {error.message}") from None
    url = named if server is None else server.url
    return None if url is None else url.strip().rstrip("/")


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
    from hooks.audit_searches import histories, whole

    async with _client(server, question.only.drug) as client:
        if server.wish is not None:
            also = tuple([need.resource_type for need in beside_doses(question.markers)])
            return await _exported(client, server, replace(server.wish, also=also), folder)
        if patients is None:
            return await whole(client, server.settings, server.parallel, folder, question)
        return await histories(client, server.url, server.parallel, folder, sorted(patients), question)


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
        codes = drug.searched if settings.filter_by_code else ()
        try:
            yield FhirClient(http, url, token=token, limits=limits, codes=codes, search_by_post=settings.search_by_post)
        except FhirError as error:
            if error.kind is Kind.DENIED and token is None:
                text = f"{error.message}; a token comes from NUSINERSEN_CDS_FHIR_TOKEN, or by --client-id and --key"
                raise FhirError(error.kind, text) from None
            raise


async def _exported(client: FhirClient, server: Server, wish: Wish, folder: Path) -> Delivered:
    from cds.fhir.bulk import Export

    url, stores = server.url.rstrip("/"), server.stores
    files = await Export(client, url, folder, patience=_PATIENCE, tell=say, stores=stores).fetch(wish)
    found = Delivered(all_incomplete=wish.since is not None)
    for each in files:
        if each.of != "error":
            found.files[each.path] = each.count
        elif told := errors_in(each.path):
            what = ", ".join(f"{number:,} x {code}" for code, number in sorted(told.items()))
            found.lost.append(f"{server.url}: errors of the export ({what})")
    return found
