"""Installs the OpenID Connect provider with npm, once for each state of its sources, and runs it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nusinersen-cds"
INSTALL_SECONDS = 600
_FILES = ("package.json", "package-lock.json", "provider.mjs")
_SERVING = "serving "


class ProviderFailed(Exception):
    """The provider could not be installed or started; the message says why, with the end of what was written."""


def installed() -> Path:
    """The folder of the program with its packages."""
    said = hashlib.sha256(b"".join((SOURCES / name).read_bytes() for name in _FILES))
    made = CACHE / f"openid-{said.hexdigest()[:16]}"
    if made.is_dir():
        return made
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            raise ProviderFailed(f"{tool} is not on the PATH: these tests need Node.js 20 or newer, and npm")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="installing-") as folder:
        target = Path(folder) / "program"
        target.mkdir()
        for name in _FILES:
            shutil.copy(SOURCES / name, target)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            ended = subprocess.run(
                command, cwd=target, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
            )
        except subprocess.TimeoutExpired:
            raise ProviderFailed(f"npm did not end within {INSTALL_SECONDS} seconds") from None
        if ended.returncode != 0:
            raise ProviderFailed(f"npm failed with {ended.returncode}:\n{_tail(ended.stdout + ended.stderr)}")
        # last, so that packages whose installation was broken off are never taken for whole
        target.rename(made)
    return made


@contextmanager
def running(told: Mapping[str, Any], log: Path) -> Iterator[str]:
    """The root URL of the provider, until the block ends; `/fhir` below it is the FHIR server. `told`: see
    provider.mjs."""
    made = installed()
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            ["node", "provider.mjs"], cwd=made, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(f"{json.dumps(told)}\n")
            process.stdin.flush()
            # it writes this line, or ends
            line = process.stdout.readline()
            if not line.startswith(_SERVING):
                raise ProviderFailed(f"the provider did not start:\n{_tail(log.read_text(encoding='utf-8'))}")
            yield line.removeprefix(_SERVING).strip()
        finally:
            process.kill()


def _tail(written: str) -> str:
    return "\n".join(written.splitlines()[-40:])
