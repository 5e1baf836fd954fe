"""Finds and reads the files of a regimen folder; nothing found is passed over in silence."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from cds.regimens.faults import Fault
from cds.regimens.schema import CodesFile, DrugFile, FileModel, RegimenFile

Report = Callable[[Fault], None]
Model = TypeVar("Model", bound=FileModel)

_KINDS: dict[str, type[FileModel]] = {"": RegimenFile, "drugs": DrugFile, "codes": CodesFile}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file: its place for faults, its kind and stem, its bytes as they are, what it states.

    `model` is None where the file has faults; they are reported.
    """

    file: str
    kind: str
    stem: str
    content: bytes
    model: FileModel | None


def read_folder(folder: Traversable, label: str, report: Report) -> list[Loaded]:
    """Every file of the folder and of its folders `drugs` and `codes`, in the order of their names.

    `label` names the folder in faults.
    """
    return [_read(kind, entry, file, report) for kind, entry, file in _entries(folder, label, report)]


def read_file(path: Path, model: type[Model], report: Report) -> Model | None:
    """What one file states; None, and its faults reported, where it cannot be used."""
    content = _content(path, str(path), report)
    return None if content is None else _parse(content, model, str(path), report)


def _entries(folder: Traversable, label: str, report: Report, kind: str = "") -> Iterator[tuple[str, Traversable, str]]:
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        report(Fault(label, "", f"is not a folder that can be read ({error.strerror}); correct the path"))
        return
    for entry in entries:
        file = f"{label}/{entry.name}"
        if entry.name.startswith((".", "README")):
            continue
        if entry.is_dir() and not kind and entry.name in _KINDS:
            yield from _entries(entry, file, report, entry.name)
        elif entry.is_dir():
            report(Fault(file, "", "is a folder that has no meaning here; only drugs and codes have one"))
        elif entry.name.endswith(".toml"):
            yield kind, entry, file
        else:
            report(Fault(file, "", "is not a .toml file; take it away, or let its name start with README"))


def _read(kind: str, entry: Traversable, file: str, report: Report) -> Loaded:
    stem = entry.name.removesuffix(".toml")
    content = _content(entry, file, report)
    if content is None:
        return Loaded(file, kind, stem, b"", None)
    model = _parse(content, _KINDS[kind], file, report)
    stated = getattr(model, "id", stem)
    if stated != stem:
        report(Fault(file, "id", f"{stated!r} is not the name of the file; call the file {stated}.toml"))
        model = None
    return Loaded(file, kind, stem, content, model)


def _content(entry: Traversable, file: str, report: Report) -> bytes | None:
    try:
        return entry.read_bytes()
    except OSError as error:
        report(Fault(file, "", f"cannot be read ({error.strerror}); make it readable or take it away"))
        return None


def _parse(content: bytes, model: type[Model], file: str, report: Report) -> Model | None:
    try:
        # a byte order mark, as some editors write it, is no part of the text
        stated = tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        report(Fault(file, f"line {line}", "is not UTF-8 text; save the file as UTF-8"))
        return None
    except tomllib.TOMLDecodeError as error:
        report(Fault(file, "", f"is not TOML: {error}"))
        return None
    try:
        return model.model_validate(stated)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            report(Fault(file, _place(fault["loc"]), _what(dict(fault))))
        return None


def _place(loc: tuple[int | str, ...]) -> str:
    """`('loading', 1, 'dose_mg')` as `loading[2].dose_mg`: counted from 1, as a reader of the file counts."""
    place = ""
    for part in loc:
        if isinstance(part, int):
            place += f"[{part + 1}]"
        elif part != "[key]":
            place += f".{part}" if place else part
    return place


def _what(fault: dict[str, Any]) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return "is not a key that is known here; remove it or correct its spelling"
        case "missing":
            return "is missing; add it"
        case "value_error":
            return str(fault["ctx"]["error"])
        case _:
            return f"{fault['msg']}, but it is {_shown(fault['input'])}"


def _shown(value: object) -> str:
    match value:
        case dict():
            return "a table"
        case list():
            return "empty" if not value else "a list"
        case Decimal() | int() | date():
            return str(value)
        case _:
            return repr(value)
