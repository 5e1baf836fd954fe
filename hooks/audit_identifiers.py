"""How the files of an audit show references, and the key of the hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cds.audit.identifiers import Identifiers, Shown
from hooks.console import UsageError, say
from hooks.journal.keys import Key, KeyFileError, own_keys, read_keys
from hooks.settings import CheckSettings

_OWN_KEY = "audit.keys"


@dataclass(frozen=True, slots=True)
class Identified:
    """How references stand in the files for machines, and in the report, which is passed around."""

    files: Shown
    report: Shown


def identifiers_of(given: str | None, settings: CheckSettings) -> Identified:
    """What the option says, of all files; without it the report alone has hashes. Raises UsageError."""
    if given is not None and given not in list(Identifiers):
        raise UsageError(f"--identifiers: {given!r} is none; write one of: {', '.join(Identifiers)}")
    if given in {Identifiers.PLAIN, Identifiers.NONE}:
        shown = Shown(Identifiers(given))
        return Identified(shown, shown)
    hashed = Shown(Identifiers.HASH, _key(settings).secret)
    return Identified(hashed if given else Shown(), hashed)


def _key(settings: CheckSettings) -> Key:
    """The key of the option or setting, else that of this machine, which is made once and never stands in an output."""
    own = settings.state_folder.expanduser() / _OWN_KEY
    named = settings.identifier_key_file
    try:
        return (read_keys(named) if named is not None else own_keys(own, tell=_made)).newest
    except KeyFileError as error:
        raise UsageError(f"the key of hashed identifiers: {error}, or write --identifiers plain or none") from None


def _made(path: Path) -> None:
    say(f"Made {path}: the key by which references are hashed; keep it, and let nobody who gets the report have it")
