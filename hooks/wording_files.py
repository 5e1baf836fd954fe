"""Reads the words of one language from its file, or tells everything that keeps the file from being used."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from cds.dosing.codes import Code, Severity
from cds.regimens.faults import Fault, RegimenFaults
from cds.regimens.library import digest
from hooks.card_kinds import OVERRIDE_REASONS, TOPIC_SYSTEM, Kind
from hooks.wording_checks import faults_of, flat
from hooks.words import Counts, Kept, NotChecked, Phrases, Reason, Variant, Wording, Words, counted

SHIPPED = "en"
"""The language that comes with the project, and the reference for all others."""
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_ABOUT = ("locale", "language", "reviewed")
_Table = TypeVar("_Table", Counts, Phrases)

Report = Callable[[str, str], None]
"""Takes a place in the file and what is wrong there."""


def shipped_text() -> str:
    """The file of the shipped language, as a site copies it to write another one."""
    return _shipped().read_text("utf-8")


def shipped() -> Wording:
    """The words of the shipped language."""
    content = _shipped().read_bytes()
    return _built(tomllib.loads(content.decode()), digest(content))


def read_wordings(folder: Path | None) -> Mapping[str, Wording]:
    """The words of every language by its name: the shipped one, and those of a site's folder, one `<name>.toml` each.
    Raises RegimenFaults with every fault of every file."""
    found = {SHIPPED: shipped()}
    faults: list[Fault] = []
    reference = flat(tomllib.loads(shipped_text()))
    for path in _files(folder, faults) if folder is not None else ():

        def report(where: str, what: str, file: str = str(path)) -> None:
            faults.append(Fault(file, where, what))

        known = len(faults)
        stated, seal = _stated(path, report)
        _judge(path, stated, reference, report)
        if len(faults) == known:
            found[path.stem] = _built(stated, seal)
    if faults:
        raise RegimenFaults(faults, "the files of wording")
    return MappingProxyType(found)


def _shipped() -> Traversable:
    return files("hooks").joinpath("languages").joinpath(f"{SHIPPED}.toml")


def _files(folder: Path, faults: list[Fault]) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        faults.append(Fault(str(folder), "", f"is not a folder that can be read ({error.strerror}); correct the path"))
        return
    for path in entries:
        if path.name.startswith((".", "README")):
            continue
        if path.suffix == ".toml":
            yield path
        else:
            faults.append(Fault(str(path), "", "is not a .toml file; take it away, or let its name start with README"))


def _stated(path: Path, report: Report) -> tuple[dict[str, Any], str]:
    """What a file states, and its seal; nothing, and the reason reported, where it cannot be read."""
    try:
        content = path.read_bytes()
        # a byte order mark, as some editors write it, is no part of the text
        return tomllib.loads(content.decode("utf-8-sig")), digest(content)
    except OSError as error:
        report("", f"cannot be read ({error.strerror}); make it readable or take it away")
    except UnicodeDecodeError:
        report("", "is not UTF-8 text; save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        report("", f"is not TOML: {error}")
    return {}, ""


def _judge(path: Path, stated: Mapping[str, Any], reference: Mapping[str, Any], report: Report) -> None:
    if not stated:
        return
    for key in _ABOUT:
        if not isinstance(stated.get(key), str) or not stated[key].strip():
            report(key, "is missing; write the name of the file, the language, and who has reviewed the file and when")
    name = stated.get("locale")
    if path.stem == SHIPPED:
        report("locale", f"{SHIPPED!r} is shipped and cannot be replaced; give this file another name, as {SHIPPED}-x")
    elif name != path.stem or not _LOCALE.fullmatch(path.stem):
        report("locale", f"{name!r} is not the name of the file, or no name of a language; write sv.toml and 'sv'")
    said = {key: value for key, value in flat(stated).items() if key not in _ABOUT}
    for where, what in faults_of(said, {key: each for key, each in reference.items() if key not in _ABOUT}):
        report(where, what)


def _built(stated: Mapping[str, Any], seal: str) -> Wording:
    """The table, from a file without faults."""
    findings = {Code(code): Words(each["short"], tuple(each["sentences"])) for code, each in stated["findings"].items()}
    reasons = {
        NotChecked(reason): Reason(each["short"], each["sentence"], each.get("by-hand"))
        for reason, each in stated["not-checked"].items()
    }
    unknown = dict(stated["unknown"])
    counts, phrases = _table(Counts, stated["counts"]), _table(Phrases, stated["phrases"])
    return Wording(
        locale=stated["locale"],
        digest=seal,
        findings=findings,
        cells={
            (code, severity): f"**{words.short}**" if severity is Severity.CRITICAL else words.short
            for code, words in findings.items()
            for severity in Severity
        },
        past_reasons={Code(code): text for code, text in stated["past-reasons"].items()},
        delays={Code(code): text for code, text in stated["delays"].items()},
        severities={Severity.INFO: ""} | {Severity(each): f"{text} " for each, text in stated["severities"].items()},
        summaries={
            (Kind(kind), Variant(variant)): tuple(templates)
            for kind, variants in stated["summaries"].items()
            for variant, templates in variants.items()
        },
        topics={
            kind: {"code": kind.value, "system": TOPIC_SYSTEM, "display": stated["topics"][kind.value]} for kind in Kind
        },
        override_reasons=[
            {"code": code, "system": system, "display": stated["override-reasons"][code]}
            for code, system in OVERRIDE_REASONS
        ],
        not_checked=reasons,
        unknown_orders=unknown.pop("orders"),
        unknown=unknown,
        monitoring=stated["monitoring"],
        steps=Kept(partial(_step, stated["steps"])),
        days=Kept(partial(counted, counts.days)),
        months=Kept(partial(counted, counts.months)),
        rules=Kept(lambda rule: phrases.rule.format(rule=rule)),
        dose_head=_cells(phrases.dose, phrases.step, phrases.interval, phrases.findings)
        + "\n| --- | --- | ---: | --- |",
        plan_head=_cells(phrases.plan, phrases.step) + "\n| --- | --- |",
        counts=counts,
        phrases=phrases,
    )


def _cells(*texts: str) -> str:
    return f"| {' | '.join(texts)} |"


def _step(steps: Mapping[str, str], step: str) -> str:
    begin, _, number = step.partition("-")
    if number.isdecimal() and begin in steps:
        return steps[begin].format(number=number)
    return steps.get(step) or step.replace("-", " ")


def _table(of: type[_Table], stated: Mapping[str, Any]) -> _Table:
    values: dict[str, Any] = {
        name.replace("-", "_"): tuple(text) if isinstance(text, list) else text for name, text in stated.items()
    }
    return of(**{field.name: values[field.name] for field in fields(of)})
