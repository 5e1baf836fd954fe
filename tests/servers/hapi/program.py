"""Builds HAPI FHIR JPA with Maven, once for each change of its sources, and runs it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOURCES = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nusinersen-cds"
BUILD_SECONDS = 1800
START_SECONDS = 600
_SERVING = re.compile(r"^serving (http://127\.0\.0\.1:[0-9]+)$", re.MULTILINE)
# It starts once and serves little: the quick compiler and the small collector save most of the start.
_JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx2g")


class HapiFailed(Exception):
    """HAPI FHIR could not be built or started; the message says why, with the end of what it wrote."""


def built() -> Path:
    """The folder with `classes` and `lib`: made by Maven where the cache does not hold it for these sources."""
    made = CACHE / f"hapi-{_digest()}"
    if made.is_dir():
        return made
    for tool in ("java", "mvn"):
        if shutil.which(tool) is None:
            raise HapiFailed(f"{tool} is not on the PATH: these tests need Java 17 or newer, and Maven")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as folder:
        target = Path(folder) / "out"
        command = ["mvn", "-B", "-q", "-f", str(SOURCES / "pom.xml"), f"-Dbuild.folder={target}", "process-classes"]
        try:
            ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            raise HapiFailed(f"Maven did not end within {BUILD_SECONDS} seconds") from None
        if ended.returncode != 0:
            raise HapiFailed(f"Maven failed with {ended.returncode}:\n{_tail(ended.stdout + ended.stderr)}")
        # last, so that a build that was broken off is never taken for a whole one
        target.rename(made)
    return made


@contextmanager
def running(token: str, log: Path) -> Iterator[str]:
    """The root URL of a running server, until the block ends: `/fhir` is open, `/closed` wants the token,
    `/posted` searches by POST."""
    made = built()
    command = [*_JAVA, "-cp", f"{made / 'classes'}{os.pathsep}{made / 'lib' / '*'}", "servers.Hapi", token]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield _address(process, log)
        finally:
            process.kill()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + START_SECONDS
    while True:
        ended = process.poll() is not None
        written = log.read_text(encoding="utf-8", errors="replace")
        if found := _SERVING.search(written):
            return found[1]
        if ended:
            raise HapiFailed(f"HAPI FHIR ended with {process.returncode} before it served:\n{_tail(written)}")
        if time.monotonic() > until:
            raise HapiFailed(f"HAPI FHIR did not serve within {START_SECONDS} seconds:\n{_tail(written)}")
        time.sleep(0.2)


def _digest() -> str:
    """Of the sources, by name and content: another program has another folder."""
    every = sorted(path for path in SOURCES.rglob("*") if path.is_file() and path.suffix in {".xml", ".java"})
    said = hashlib.sha256()
    for path in every:
        said.update(f"{path.relative_to(SOURCES)}\n".encode() + path.read_bytes())
    return said.hexdigest()[:16]


def _tail(written: str) -> str:
    return "\n".join(written.splitlines()[-40:])
