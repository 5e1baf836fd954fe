"""This service as an OAuth client of one EHR: its id, and the secret or the key by which it shows who it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cds.fhir.client_keys import BadKey, ClientKey
from hooks.launch_settings import LaunchFields
from hooks.secret_files import TooOpenError, read_secret


@dataclass(frozen=True, slots=True)
class Client:
    """Without secret and key it is a public client: PKCE alone ties the code to whoever asked for it."""

    id: str
    secret: str = field(default="", repr=False)
    key: ClientKey | None = field(default=None, repr=False)


def client_of(settings: LaunchFields) -> Client | None:
    """The client of a site; None where it has none. Raises ValueError, with the name of the setting."""
    if settings.launch_client_id is None:
        return None
    if settings.launch_secret_file is not None and settings.launch_key_file is not None:
        raise ValueError("launch_secret_file: launch_key_file is set too; take one of the two away")
    try:
        if settings.launch_key_file is not None:
            return Client(settings.launch_client_id, key=ClientKey.read(_read(settings.launch_key_file, "the key")))
    except (BadKey, ValueError) as error:
        raise ValueError(f"launch_key_file: {settings.launch_key_file} {error}") from None
    try:
        if settings.launch_secret_file is not None:
            return Client(settings.launch_client_id, secret=_secret(_read(settings.launch_secret_file, "the secret")))
    except ValueError as error:
        raise ValueError(f"launch_secret_file: {settings.launch_secret_file} {error}") from None
    return Client(settings.launch_client_id)


def _read(path: Path, what: str) -> bytes:
    try:
        return read_secret(path, what)
    except OSError as error:
        raise ValueError(f"cannot be read ({error.strerror})") from None
    except TooOpenError as error:
        raise ValueError(str(error)) from None


def _secret(content: bytes) -> str:
    try:
        secret = content.decode("ascii").strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable():
        raise ValueError("holds no secret: write it into the file as one line of ASCII")
    return secret
