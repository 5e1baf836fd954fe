"""Comments of clinicians, encrypted: they may tell of the patient, and nothing but the key file opens them again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from hooks.journal.keys import KeyFileError

_FORM = (
    "write one key a line, the newest first, each as this prints it: "
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


class Comments:
    """Seals with the newest key, and opens with all of them. Raises KeyFileError for a file that cannot be used."""

    def __init__(self, path: Path) -> None:
        try:
            keys: Sequence[Fernet] = [Fernet(key) for key in path.read_text("ascii").split()]
        except OSError as error:
            raise KeyFileError(f"{path}: cannot be read ({error.strerror})") from None
        except ValueError:
            raise KeyFileError(f"{path}: holds a key that cannot be used; {_FORM}") from None
        if not keys:
            raise KeyFileError(f"{path}: holds no key; {_FORM}")
        self._keys = MultiFernet(keys)

    def seal(self, comment: str) -> str:
        """The comment, encrypted."""
        return self._keys.encrypt(comment.encode(errors="replace")).decode("ascii")

    def open(self, sealed: str) -> str | None:
        """The comment; None where its key is no longer in the file."""
        try:
            return self._keys.decrypt(sealed).decode()
        except InvalidToken:
            return None
