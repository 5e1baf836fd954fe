"""Third-party servers that a tool builds, once for each state of their sources: they are kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nusinersen-cds"
_LAST_LINES = 40


class ServerFailed(Exception):
    """A server could not be built or started; the message says why, with the end of what was written."""


def built(
    name: str, sources: Collection[Path], tools: Sequence[str], needs: str, build: Callable[[Path], None]
) -> Path:
    """The folder of a server: made by `build`, in a folder that is not there yet, where the cache does not hold it for
    these sources. `tools` have to be on the PATH; `needs` says them in words."""
    made = CACHE / f"{name}-{_digest(sources)}"
    if made.is_dir():
        return made
    for tool in tools:
        if shutil.which(tool) is None:
            raise ServerFailed(f"{tool} is not on the PATH: these tests need {needs}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="building-") as folder:
        target = Path(folder) / "out"
        build(target)
        # last, so that a build that was broken off is never taken for a whole one
        target.rename(made)
    return made


def run(command: Sequence[str], *, seconds: int, within: Path | None = None) -> None:
    """Run a command of a build to its end."""
    try:
        ended = subprocess.run(command, cwd=within, check=False, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise ServerFailed(f"{command[0]} did not end within {seconds} seconds") from None
    if ended.returncode != 0:
        raise ServerFailed(f"{command[0]} failed with {ended.returncode}:\n{tail(ended.stdout + ended.stderr)}")


def tail(written: str) -> str:
    """The end of what a program wrote."""
    return "\n".join(written.splitlines()[-_LAST_LINES:])


def _digest(sources: Collection[Path]) -> str:
    """Of the sources, by name and content: another program has another folder."""
    root = os.path.commonpath([path.parent for path in sources])
    said = hashlib.sha256()
    for path in sorted(sources):
        said.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return said.hexdigest()[:16]
