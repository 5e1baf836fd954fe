"""A Bulk Data export asked for and fetched: kick-off, waiting, the files, and its deletion on the server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from cds.fhir.client import FhirClient
from cds.fhir.errors import FhirError, Kind, from_status
from cds.fhir.exchange import Reply
from cds.fhir.links import Base
from cds.fhir.plain import Malformed, objects_in
from cds.fhir.retry import RETRIED, pause_before, retry_after

_WHAT = "the export"
_STATE, _MANIFEST = "export.json", "manifest.json"
_LISTS = ("output", "deleted", "error")
_GONE = frozenset({404, 410})
_TRIES = 5
_FIRST_PAUSE = 1.0
_LEAST_PAUSE = 0.1
_LONGEST_PAUSE = 300.0
_ACCEPTED = "application/fhir+ndjson"
_REFUSED_TYPES = frozenset({400, 403, 422, 501})
"""How servers answer that do not export one of the types."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to export: everything, or a `group`; resources of these `types`, and of those `also` where the server lets
    us; changed `since` (an instant) where that is given."""

    types: tuple[str, ...]
    group: str | None = None
    since: str | None = None
    also: tuple[str, ...] = ()

    def url(self, base_url: str) -> str:
        """The kick-off request."""
        level = "" if self.group is None else f"/Group/{quote(self.group, safe='')}"
        parameters = [("_outputFormat", _ACCEPTED), ("_type", ",".join((*self.types, *self.also)))]
        parameters += [("_since", self.since)] if self.since is not None else []
        return f"{base_url}{level}/$export?{urlencode(parameters)}"


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was fetched: from which list of the manifest, and how many resources it should hold, if that is
    told."""

    path: Path
    of: str
    count: int | None


class _ExpiredError(Exception):
    """The server has forgotten the export."""


class Export:
    """An export into a folder, where it is gone on with after an interruption. `wait` is asyncio.sleep; `patience`: the
    seconds that the server may take; `stores`: further servers from which its files may be fetched, without the token.
    Raises FhirError from all of its steps."""

    def __init__(
        self,
        client: FhirClient,
        base_url: str,
        folder: Path,
        *,
        patience: float,
        tell: Callable[[str], None],
        wait: Callable[[float], Awaitable[object]] = asyncio.sleep,
        stores: Sequence[Base] = (),
    ) -> None:
        self._client, self._base_url, self._folder = client, base_url, folder
        self._patience, self._tell, self._wait, self._stores = patience, tell, wait, stores

    async def fetch(self, wish: Wish) -> list[Exported]:
        """The files, in the order of the manifest. One that an interrupted run has fetched is not fetched again."""
        for again in (True, False):
            status_url = self._left() or await self._begin(wish)
            try:
                manifest = self._manifest() or await self._completed(status_url)
                files = await self._files(manifest)
            except _ExpiredError:
                if not again:
                    raise FhirError(Kind.UNUSABLE, f"{_WHAT}: {self._base_url} forgets it at once") from None
                self._tell("the server has forgotten the export; it is begun anew")
                for path in self._folder.iterdir():
                    path.unlink()
                continue
            await self._delete(status_url)
            return files
        raise AssertionError("unreachable: the second attempt returns or raises")

    def _left(self) -> str | None:
        state = _read(self._folder / _STATE)
        return state.get("status") if state else None

    def _manifest(self) -> dict[str, Any] | None:
        return _read(self._folder / _MANIFEST)

    async def _begin(self, wish: Wish) -> str:
        asked = {"Prefer": "respond-async", "Accept": "application/fhir+json"}
        reply = await self._patiently("GET", wish.url(self._base_url), f"{_WHAT}: its start", asked)
        if wish.also and reply.status in _REFUSED_TYPES:
            self._tell(f"the server refuses (status {reply.status}); asking again without {', '.join(wish.also)}")
            less = replace(wish, also=()).url(self._base_url)
            reply = await self._patiently("GET", less, f"{_WHAT}: its start", asked)
        location = reply.headers.get("content-location", "")
        if reply.status != 202 or not location:
            if reply.status == 202 or 200 <= reply.status < 300:
                text = f"{_WHAT}: {self._base_url} did not begin one (status {reply.status}, no Content-Location)"
                raise FhirError(Kind.UNUSABLE, f"{text}; ask its operator whether it supports Bulk Data")
            raise from_status(reply.status, _WHAT, self._base_url, reply.json)
        _write(self._folder / _STATE, {"status": location})
        return location

    async def _completed(self, status_url: str) -> dict[str, Any]:
        """The manifest, once the export is complete."""
        loop = asyncio.get_running_loop()
        until, waits = loop.time() + self._patience, 0
        while True:
            reply = await self._patiently("GET", status_url, f"{_WHAT}: its status", {"Accept": "application/json"})
            if reply.status in _GONE:
                raise _ExpiredError
            if reply.status == 200:
                break
            if reply.status != 202:
                raise from_status(reply.status, _WHAT, self._base_url, reply.json)
            asked = retry_after(reply.headers)
            pause = min(max(min(2.0**waits, 60.0) if asked is None else asked, _LEAST_PAUSE), _LONGEST_PAUSE)
            if loop.time() + pause > until:
                text = f"{_WHAT}: {self._base_url} has not completed it in {self._patience / 3600:g} h"
                raise FhirError(Kind.UNAVAILABLE, f"{text}; go on with it later")
            waits += 1
            self._tell(f"the export is under way; asking again in {pause:.0f} s")
            await self._wait(pause)
        manifest = reply.json
        if not isinstance(manifest, dict) or not isinstance(manifest.get("output"), list):
            raise FhirError(Kind.UNUSABLE, f"{_WHAT}: {self._base_url} answered no manifest; ask its operator why")
        if any(link.get("relation") == "next" for link in _listed(manifest, "link")):
            raise FhirError(Kind.UNUSABLE, f"{_WHAT}: its manifest goes on in another one, which is not followed")
        _write(self._folder / _MANIFEST, manifest)
        return manifest

    async def _files(self, manifest: Mapping[str, Any]) -> list[Exported]:
        with_token = manifest.get("requiresAccessToken") is not False
        found: list[Exported] = []
        entries = [(name, entry) for name in _LISTS for entry in _listed(manifest, name)]
        for number, (of, entry) in enumerate(entries, 1):
            url, count = entry.get("url"), entry.get("count")
            if not isinstance(url, str) or not url:
                raise FhirError(Kind.UNUSABLE, f"{_WHAT}: an entry of its manifest names no file")
            path = self._folder / f"{of}-{number:05d}.ndjson"
            if not path.exists():
                self._tell(f"fetching file {number} of {len(entries)}")
                await self._file(url, path, with_token=with_token)
            found.append(Exported(path, of, count if isinstance(count, int) else None))
        return found

    async def _file(self, url: str, path: Path, *, with_token: bool) -> None:
        """Fetch one file, aside, so that it has its name only when it is whole."""
        part = path.with_name(f".{path.name}.part")

        async def fetched() -> Reply:
            with part.open("wb") as file:
                accepted, what = {"Accept": _ACCEPTED}, f"{_WHAT}: a file"
                return await self._client.send(
                    "GET", url, what, accepted, with_token=with_token, into=file.write, elsewhere=self._stores
                )

        reply = await self._tried(fetched)
        if reply.status in _GONE:
            raise _ExpiredError
        if reply.status != 200:
            raise from_status(reply.status, f"{_WHAT}: a file", self._base_url, reply.json)
        part.replace(path)

    async def _delete(self, status_url: str) -> None:
        """Tell the server that it need not keep the files. That it does not know how is no fault of the audit."""
        try:
            reply = await self._client.send("DELETE", status_url, f"{_WHAT}: its deletion", {})
        except FhirError as error:
            self._tell(f"the export is left on the server: {error.message}")
            return
        if reply.status not in {200, 202, 204, *_GONE}:
            self._tell(f"the export is left on the server, which did not delete it (status {reply.status})")

    async def _patiently(self, method: str, url: str, what: str, headers: Mapping[str, str]) -> Reply:
        return await self._tried(lambda: self._client.send(method, url, what, headers))

    async def _tried(self, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """An answer, asked for again where that may help. Raises FhirError."""
        for attempt in range(1, _TRIES + 1):
            headers: Mapping[str, str] = {}
            try:
                reply = await ask()
            except FhirError as error:
                if error.kind is not Kind.UNAVAILABLE or attempt == _TRIES:
                    raise
            else:
                if reply.status not in RETRIED or attempt == _TRIES:
                    return reply
                headers = reply.headers
            await self._wait(
                min(pause_before(attempt, headers, first=_FIRST_PAUSE, random=random.random), _LONGEST_PAUSE)
            )
        raise AssertionError("unreachable: the last attempt returns or raises")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    return found if isinstance(found, dict) else None


def _write(path: Path, value: object) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(orjson.dumps(value))
    part.replace(path)


def _listed(manifest: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of the manifest. An entry that is no object may be a file, and is not passed over."""
    try:
        return [each for each, _ in objects_in(manifest, name)]
    except Malformed as fault:
        raise FhirError(Kind.UNUSABLE, f"{_WHAT}: its manifest: {fault}; ask its operator why") from None
