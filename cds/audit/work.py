"""The work folder of an audit: left behind by one that was interrupted, and taken up again only by the same one."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

import cds
from cds.audit.files import name_of

NAME = ".work"
DOWNLOAD = "download"
"""The folder in it for what is fetched from a server."""
_FINGERPRINT = "fingerprint.json"
_LOCK = "lock"


class WorkError(Exception):
    """A work folder that cannot be used. The message says why, and what to do."""


def program() -> str:
    """A digest of this program: what another version has half done is not gone on with."""
    found = hashlib.blake2b(digest_size=16)
    for root in map(Path, cds.__path__):
        for path in sorted(root.rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode())
            found.update(path.read_bytes())
    return found.hexdigest()


def digest(parts: Iterable[object]) -> str:
    """A digest of what the parts say of themselves."""
    return hashlib.blake2b("\n".join(map(repr, parts)).encode(), digest_size=16).hexdigest()


@contextmanager
def work_folder(output: Path, fingerprint: Mapping[str, str], *, resume: bool) -> Iterator[Path]:
    """The folder in which an audit keeps what it has done, within its output folder; removed when all is done.

    One that an earlier run has left is gone on with where `resume` is said and the fingerprint, by the names of its
    parts, is the same. Raises WorkError where one is there and may not be used.
    """
    folder = output.resolve() / NAME
    fingerprint = {**fingerprint, "the place of the output folder": name_of(folder)}
    left = folder.is_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if left:
        _take_possession(folder)
    with (folder / _LOCK).open("wb") as lock:
        _take(lock.fileno(), folder)
        # a folder without a fingerprint was left before anything was done
        if left and (folder / _FINGERPRINT).exists():
            _refuse_others(folder, fingerprint, resume=resume)
        else:
            _note(folder, fingerprint)
        try:
            yield folder
        except BaseException:
            if not any(folder.glob("*.unit")) and not any(folder.glob(f"{DOWNLOAD}/*")):
                shutil.rmtree(folder)
            raise
        shutil.rmtree(folder)


def _take_possession(folder: Path) -> None:
    """It holds patient data, and what an audit that goes on loads again: nobody else may read it, or put anything
    there."""
    try:
        folder.chmod(0o700)
    except PermissionError:
        raise WorkError(f"{folder}: belongs to another user; remove it, or choose another --output") from None


def _take(lock: int, folder: Path) -> None:
    try:
        # of this process alone: processes that it has started do not hold it when this one is killed
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise WorkError(f"{folder}: another audit is at work there; wait for it, or choose another --output") from None


def _refuse_others(folder: Path, fingerprint: Mapping[str, str], *, resume: bool) -> None:
    if not resume:
        text = f"{folder}: an audit was interrupted there. Go on with it by --resume, or remove that folder"
        raise WorkError(f"{text}; it holds patient data")
    try:
        before = orjson.loads((folder / _FINGERPRINT).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        before = None
    if not isinstance(before, dict):
        raise WorkError(f"{folder}: what was left there cannot be read; remove that folder and begin anew")
    changed = [name for name, value in fingerprint.items() if before.get(name) != value]
    if changed:
        text = f"{folder}: --resume: since the interruption there is a change in {', and in '.join(changed)}"
        raise WorkError(f"{text}. Undo it, or remove that folder and begin anew")


def _note(folder: Path, fingerprint: Mapping[str, str]) -> None:
    part = folder / f".{_FINGERPRINT}.part"
    part.write_bytes(orjson.dumps(dict(fingerprint), option=orjson.OPT_INDENT_2))
    part.replace(folder / _FINGERPRINT)
