"""The real service in a process of its own, to be killed, filled up and measured."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.chaos.calls import Json

SCRIPT = Path(sys.executable).with_name("nusinersen-cds")
WAITS = 60.0
"""Seconds after which the run gives up waiting: long, since machines are shared."""


class Program:
    """`nusinersen-cds serve` on a free port. What it writes goes to a file, which never blocks it."""

    def __init__(self, folder: Path, **settings: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / f"service-{len(list(folder.glob('service-*')))}.log"
        chosen = {
            "REGIMEN": "eu-12mg",
            "TIME_ZONE": "UTC",
            "CLIENT_AUTH": "off",
            "FHIR_NETWORKS": "127.0.0.0/8",
            "STATE_FOLDER": str(folder / "state"),
            "METRICS_OPEN": "true",
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NUSINERSEN_CDS_")}
        environment = kept | {f"NUSINERSEN_CDS_{name}": value for name, value in chosen.items()}
        with self.log.open("w") as written:
            self._process = subprocess.Popen([SCRIPT, "serve", "--port", "0"], stderr=written, env=environment)
        self.client = httpx.Client(base_url=self._url(), trust_env=False, timeout=WAITS)

    def _url(self) -> str:
        until = time.monotonic() + WAITS
        while time.monotonic() < until and self._process.poll() is None:
            for line in self.log.read_text().splitlines(keepends=True):
                if line.endswith("\n") and json.loads(line)["event"] == "serving":
                    return str(json.loads(line)["url"]).removesuffix("/cds-services")
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the service did not start: {self.log.read_text()[-2000:]}")

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """An orderly end."""
        self.client.close()
        self._process.terminate()
        try:
            self._process.wait(WAITS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError("the service did not end") from None

    def limit_files(self, size: int) -> None:
        """Let its files grow no more than to this size in bytes, as a disk that is full; -1: no limit."""
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def limit_open_files(self, number: int) -> None:
        """How many files and connections it may have open."""
        resource.prlimit(self._process.pid, resource.RLIMIT_NOFILE, (number, number))

    def ready(self) -> Json:
        """What `/health/ready` says."""
        said: Json = self.client.get("/health/ready").json()
        return said

    def metric(self, name: str) -> int:
        """The number of a metric without labels."""
        found = re.search(rf"^nusinersen_cds_{name} (\S+)$", self.client.get("/metrics").text, re.MULTILINE)
        if found is None:
            raise RuntimeError(f"there is no metric nusinersen_cds_{name}")
        return int(float(found[1]))

    def megabytes(self, field: str = "VmRSS") -> int:
        """Memory that it holds (VmRSS), or held at most since `forget_peak` (VmHWM)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split(f"{field}:")[1].split()[0]) // 1024

    def forget_peak(self) -> None:
        """Measure the peak from now on."""
        Path(f"/proc/{self._process.pid}/clear_refs").write_text("5")


@contextmanager
def program(folder: Path, **settings: str) -> Iterator[Program]:
    """A program that is ended with the block, whatever happens in it."""
    started = Program(folder, **settings)
    try:
        yield started
        if started.runs:
            started.end()
    finally:
        started.client.close()
        if started.runs:
            started.kill()


def wait(until: Callable[[], bool], what: str) -> None:
    """Wait for something that a thread of the service does. Raises RuntimeError where it does not come."""
    end = time.monotonic() + WAITS
    while not until():
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.05)
