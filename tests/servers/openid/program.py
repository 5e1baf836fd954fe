"""Installs the OpenID Connect provider with npm, once for each state of its sources, and runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers.built import ServerFailed, built, run, tail

INSTALL_SECONDS = 600
_FILES = [Path(__file__).with_name(name) for name in ("package.json", "package-lock.json", "provider.mjs")]
_SERVING = "serving "


def _install(target: Path) -> None:
    """Makes a folder of the program with its packages."""
    target.mkdir()
    for path in _FILES:
        shutil.copy(path, target)
    run(("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"), seconds=INSTALL_SECONDS, within=target)


@contextmanager
def running(told: Mapping[str, Any], log: Path) -> Iterator[str]:
    """The root URL of the provider, until the block ends; `/fhir` below it is the FHIR server. `told`: see
    provider.mjs."""
    made = built("openid", _FILES, ("node", "npm"), "Node.js 20 or newer, and npm", _install)
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
                raise ServerFailed(f"the provider did not start:\n{tail(log.read_text(encoding='utf-8'))}")
            yield line.removeprefix(_SERVING).strip()
        finally:
            process.kill()
