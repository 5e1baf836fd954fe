"""`nusinersen-cds keys`: a key pair for SMART Backend Services; the private half to a file, the public one printed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import orjson
import typer

from cds.fhir.client_keys import BadKey, ClientKey
from hooks.console import UsageError, output, say


def make_keys(path: Path, algorithm: str) -> None:
    """Writes the private JWK, readable by its owner alone, and prints the public key set. Raises UsageError."""
    try:
        key = ClientKey.make(algorithm.upper())
    except BadKey as bad:
        raise UsageError(f"--algorithm: {bad}") from None
    _write(path, orjson.dumps(key.private_jwk, option=orjson.OPT_INDENT_2) + b"\n")
    with output():
        typer.echo(orjson.dumps({"keys": [key.public_jwk]}, option=orjson.OPT_INDENT_2))
    say(f"The private key is in {path}: keep it where only the service reads it, and never send it to anyone.")
    say("The key set above is public: have it registered with the FHIR server's operator, who gives you a client id.")


def _write(path: Path, content: bytes) -> None:
    """To a new file: an older key of that name may be the one that is registered."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{path} is there already and is not overwritten; name another file") from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written ({error.strerror}); name a file in a folder that is there"
        ) from None
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(file)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise UsageError(f"{path} cannot be written ({error.strerror})") from None
