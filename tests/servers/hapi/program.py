"""Builds HAPI FHIR JPA with Maven, once for each change of its sources, and runs it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.built import ServerFailed, built, run, tail

SOURCES = Path(__file__).parent
BUILD_SECONDS = 1800
START_SECONDS = 600
_SERVING = re.compile(r"^serving (http://127\.0\.0\.1:[0-9]+)$", re.MULTILINE)
# It starts once and serves little: the quick compiler and the small collector save most of the start.
_JAVA = ("java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx2g")


def _build(target: Path) -> None:
    """Makes `classes` and `lib`."""
    pom = str(SOURCES / "pom.xml")
    run(("mvn", "-B", "-q", "-f", pom, f"-Dbuild.folder={target}", "process-classes"), seconds=BUILD_SECONDS)


@contextmanager
def running(token: str, log: Path) -> Iterator[str]:
    """The root URL of a running server, until the block ends: `/fhir` is open, `/closed` wants the token,
    `/posted` searches by POST."""
    sources = [path for path in SOURCES.rglob("*") if path.is_file() and path.suffix in {".xml", ".java"}]
    made = built("hapi", sources, ("java", "mvn"), "Java 17 or newer, and Maven", _build)
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
            raise ServerFailed(f"HAPI FHIR ended with {process.returncode} before it served:\n{tail(written)}")
        if time.monotonic() > until:
            raise ServerFailed(f"HAPI FHIR did not serve within {START_SECONDS} seconds:\n{tail(written)}")
        time.sleep(0.2)
