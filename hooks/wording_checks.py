"""Whether the words of a language say what the shipped ones do: no sentence missing, no number lost, none too long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from string import Formatter
from typing import Any, TypeAlias

from hooks.markdown import SUMMARY_LIMIT, harmless

Fault: TypeAlias = tuple[str, str]
"""A place in the file, and what is wrong there."""
_BOLD = "**"
_NUMBER = re.compile(r"[0-9]{1,6}")
_COUNTS = "counts."
_SUMMARIES = "summaries."
_LONGEST_DRUG = "x" * 24
_WHENS = ("phrases.on", "phrases.on-assumed", "phrases.if-given")
_A_DAY = "2026-05-10"


def flat(stated: Mapping[str, Any], begin: str = "") -> dict[str, Any]:
    """The texts of a file by their place, such as `findings.late.short`. The forms of a count are one text."""
    texts: dict[str, Any] = {}
    for name, value in stated.items():
        place = f"{begin}{name}"
        if isinstance(value, dict) and begin != _COUNTS:
            texts |= flat(value, f"{place}.")
        else:
            texts[place] = value
    return texts


def faults_of(said: Mapping[str, Any], reference: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything that is wrong with the texts of a language, beside those of the shipped one."""
    for place in reference:
        if place not in said:
            yield place, f"is missing; the shipped text is {_shown(reference[place])}"
    for place, text in said.items():
        if place not in reference:
            yield place, "is no text of the cards; remove it or correct its spelling"
        else:
            yield from ((place, what) for what in _faults(place, text, reference[place]))
    yield from _too_long(said)


def _faults(place: str, said: Any, reference: Any) -> Iterator[str]:
    if place.startswith(_COUNTS):
        yield from _of_count(said, reference)
    elif isinstance(reference, str):
        if not isinstance(said, str):
            yield "is to be one text in quotes"
        else:
            yield from _of_text(said, reference)
    elif not isinstance(said, list) or not said or not all(isinstance(each, str) for each in said):
        yield "is to be a row of texts in brackets"
    else:
        yield from _of_row(said, reference)


def _of_count(said: Any, reference: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(said, dict) or not all(isinstance(text, str) for text in said.values()):
        yield 'is to be forms by number, such as { 1 = "...", other = "..." }'
        return
    if "other" not in said:
        yield "has no form `other`, for all numbers that have none of their own"
    for number, text in said.items():
        if number != "other" and not _NUMBER.fullmatch(number):
            yield f"has a form for {number!r}, which is no number"
        # a form for one number may say it in a word
        model = reference["other"]
        if number != "other" and "number" not in (_names(text) or ()):
            model = model.replace("{number}", "")
        yield from (f"form {number}: {what}" for what in _of_text(text, model))


def _of_row(said: Sequence[str], reference: Sequence[str]) -> Iterator[str]:
    """A row may say the same numbers in several forms; it must not leave out a step from more numbers to fewer."""
    wanted = [names for names, _ in groupby(map(_names, reference))]
    given = [names for names, _ in groupby(map(_names, said))]
    for number, text in enumerate(said, 1):
        models = [each for each in reference if _names(each) == _names(text)]
        yield from (f"text {number}: {what}" for what in _of_text(text, models[0] if models else None))
    if given != wanted and None not in given:
        yield f"names {_listed(given)} in turn; it must name {_listed(wanted)}"


def _of_text(said: str, reference: str | None) -> Iterator[str]:
    """`reference` None: of the numbers is told elsewhere."""
    names = _names(said)
    if names is None:
        yield "has a brace without its pair, or more than a name in braces"
        return
    if not said.strip() or said != said.strip():
        yield "is empty, or begins or ends with a space"
    words = "".join(literal for literal, _, _, _ in Formatter().parse(said)).replace(_BOLD, "")
    if set("{}") & set(words) or harmless(f"x{words}x", longest=None) != f"x{words}x":
        yield "has a character that Markdown or HTML would take as a sign, or that hides; write plain words"
    if reference is None:
        return
    if names != _names(reference):
        yield f"names {_listed([names])}; it must name {_listed([_names(reference)])}"
    if said.count(_BOLD) != reference.count(_BOLD):
        yield f"has {said.count(_BOLD)} times two stars; it must have {reference.count(_BOLD)}"


def _too_long(said: Mapping[str, Any]) -> Iterator[Fault]:
    """Summaries whose barest form would be cut even with short names."""
    whens = [said[place] for place in _WHENS if isinstance(said.get(place), str)]
    longest = max((len(text.replace("{date}", _A_DAY)) for text in whens), default=0)
    for place, row in said.items():
        if not place.startswith(_SUMMARIES) or not isinstance(row, list) or not row or not isinstance(row[-1], str):
            continue
        length = len(row[-1].replace("{drug}", _LONGEST_DRUG).replace("{when}", "x" * longest))
        if length > SUMMARY_LIMIT:
            yield place, f"the last form can have {length} characters, and no more than {SUMMARY_LIMIT} are shown"


def _names(template: str) -> frozenset[str] | None:
    """What a text names in braces; None where it is not written so."""
    try:
        parts = [part[1:] for part in Formatter().parse(template) if part[1] is not None]
    except ValueError:
        return None
    plain = all(name and name.isidentifier() and not form and not turned for name, form, turned in parts)
    return frozenset([name for name, _, _ in parts if name]) if plain else None


def _listed(names: Sequence[frozenset[str] | None]) -> str:
    return " then ".join([", ".join(f"{{{name}}}" for name in sorted(each or ())) or "nothing" for each in names])


def _shown(text: Any) -> str:
    return repr(text[0] if isinstance(text, list) else text)
