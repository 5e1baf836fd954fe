"""The keys of the journal: patients and inputs are kept as keyed hashes, which nobody can guess without the key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from logging import WARNING
from pathlib import Path

from hooks.operations.logs import event

_SHORTEST = 32
_FORM = "write one key a line, the newest first, each as `openssl rand -base64 32` prints it"


class KeyFileError(Exception):
    """A file of keys that cannot be used: the message says which, what is wrong and what to write."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key. Its id, which is kept beside each hash, is made from it and tells nothing of it."""

    secret: bytes

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits."""
        return hashlib.sha256(b"id of a journal key\n" + self.secret).hexdigest()[:12]

    def patient(self, site: str, patient: str) -> str:
        """The hash of a patient, given by the bare id; a patient of another site is another patient."""
        return self.digest([b"patient", site.encode(), patient.encode(errors="surrogatepass")])

    def user(self, site: str, user: str) -> str:
        """The hash of whoever looks at a page, as the session names them; at another site it is somebody else."""
        return self.digest([b"user", site.encode(), user.encode(errors="surrogatepass")])

    def digest(self, parts: Iterable[bytes]) -> str:
        """HMAC-SHA256 of the parts in their order, as 64 hexadecimal digits."""
        hashed = hmac.new(self.secret, digestmod=hashlib.sha256)
        for part in parts:
            hashed.update(b"%d " % len(part))
            hashed.update(part)
        return hashed.hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys: hashes are made with the newest, and looked for with all of them."""

    all: tuple[Key, ...]

    @property
    def newest(self) -> Key:
        """The key in use."""
        return self.all[0]


def read_keys(path: Path) -> Keys:
    """The keys of a file. Raises KeyFileError."""
    keys = []
    for number, line in enumerate(_text(path).split(), 1):
        try:
            secret = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            raise KeyFileError(f"{path}: key {number} is not in base64; {_FORM}") from None
        if len(secret) < _SHORTEST:
            raise KeyFileError(f"{path}: key {number} has fewer than {_SHORTEST} bytes; {_FORM}")
        keys.append(Key(secret))
    if not keys:
        raise KeyFileError(f"{path}: holds no key; {_FORM}")
    return Keys(tuple(keys))


def _log_made(path: Path) -> None:
    event("journal-key-made", WARNING, file=str(path), what="keep a copy: without it no patient can be looked up")


def own_keys(path: Path, *, tell: Callable[[Path], None] = _log_made) -> Keys:
    """The keys of the service's own file, made with one key where there is none; `tell` is then called with it. Raises
    KeyFileError."""
    if not path.exists():
        _make(path, tell)
    return read_keys(path)


def _make(path: Path, tell: Callable[[Path], None]) -> None:
    """Several processes may do so at once: the file of the first is the one that stays."""
    mine = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(base64.b64encode(secrets.token_bytes(_SHORTEST)) + b"\n")
            written.flush()
            os.fsync(written.fileno())
        with suppress(FileExistsError):
            os.link(mine, path)
            tell(path)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be made ({error.strerror}); choose another state_folder") from None
    finally:
        with suppress(OSError):
            mine.unlink()


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii")
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise KeyFileError(f"{path}: is no file of keys; {_FORM}") from None
