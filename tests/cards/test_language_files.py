"""The file of another language: what keeps it from being used, all of it told together, and what it may do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cds.regimens.faults import RegimenFaults
from hooks.wording import ENGLISH
from hooks.wording_files import read_wordings, shipped_text
from tests.cards.languages import NAME, made_up, write


def change(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    """Puts a value into a file; None takes it away."""

    def put(content: Any) -> None:
        *inner, last = path
        for name in inner:
            content = content[name]
        if to is None:
            del content[last]
        else:
            content[last] = to

    return put


LATE = ("findings", "late", "sentences")
FAULTS: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("no reviewer", change("reviewed", to=""),
     "reviewed: is missing; write the name of the file, the language, and who has reviewed the file and when"),
    ("another name than the file's", change("locale", to="sv"),
     "locale: 'sv' is not the name of the file, or no name of a language; write sv.toml and 'sv'"),
    ("a finding is missing", change("findings", "late", "short", to=None),
     "findings.late.short: is missing; the shipped text is 'late'"),
    ("a row is missing", change(*LATE, to=None),
     ("findings.late.sentences: is missing; the shipped text is 'The dose on {observed} is later than scheduled "
      "({required}).'")),
    ("a whole table is missing", change("unknown", to=None),
     "unknown.orders: is missing; the shipped text is 'Other therapies that are ordered'"),
    ("an unknown text", change("phrases", "nxt", to="x"),
     "phrases.nxt: is no text of the cards; remove it or correct its spelling"),
    ("an unknown finding", change("findings", "tardy", to={"short": "x"}),
     "findings.tardy.short: is no text of the cards; remove it or correct its spelling"),
    ("a text where a row must be", change(*LATE, to="x"),
     "findings.late.sentences: is to be a row of texts in brackets"),
    ("an empty row", change(*LATE, to=[]), "findings.late.sentences: is to be a row of texts in brackets"),
    ("a number where a text must be", change("phrases", "dose", to=7), "phrases.dose: is to be one text in quotes"),
    ("an empty text", change("phrases", "dose", to=""), "phrases.dose: is empty, or begins or ends with a space"),
    ("a space at the end", change("phrases", "dose", to="x "),
     "phrases.dose: is empty, or begins or ends with a space"),
    ("a number is lost", change("phrases", "earliest", to="**x {earliest}:** x"),
     "phrases.earliest: names {earliest}; it must name {earliest}, {interval}"),
    ("a number that nobody knows", change("phrases", "on", to="x {day}"),
     "phrases.on: names {day}; it must name {date}"),
    ("the fullest text is left out", change(*LATE, to=["x"]),
     "findings.late.sentences: names nothing in turn; it must name {observed}, {required} then nothing"),
    ("the barest text is left out", change(*LATE, to=["x {observed} {required}"]),
     "findings.late.sentences: names {observed}, {required} in turn; it must name {observed}, {required} then nothing"),
    ("a brace without its pair", change("phrases", "on", to="x {date"),
     "phrases.on: has a brace without its pair, or more than a name in braces"),
    ("more than a name", change("phrases", "on", to="x {date.year}"),
     "phrases.on: has a brace without its pair, or more than a name in braces"),
    ("a width", change("phrases", "on", to="x {date:>2000000000}"),
     "phrases.on: has a brace without its pair, or more than a name in braces"),
    ("a number instead of a name", change("phrases", "on", to="x {0}"),
     "phrases.on: has a brace without its pair, or more than a name in braces"),
    ("braces that stay", change("phrases", "on", to="x {{date}} {date}"),
     "phrases.on: has a character that Markdown or HTML would take as a sign, or that hides; write plain words"),
    ("HTML", change("phrases", "on", to="<b>{date}</b>"),
     "phrases.on: has a character that Markdown or HTML would take as a sign, or that hides; write plain words"),
    ("a table cell", change("phrases", "dose", to="x | y"),
     "phrases.dose: has a character that Markdown or HTML would take as a sign, or that hides; write plain words"),
    ("a new line", change("phrases", "dose", to="x\ny"),
     "phrases.dose: has a character that Markdown or HTML would take as a sign, or that hides; write plain words"),
    ("what turns the text round", change("phrases", "dose", to="x\u202ey"),
     "phrases.dose: has a character that Markdown or HTML would take as a sign, or that hides; write plain words"),
    ("bold is lost", change("phrases", "suggested", to="x {dates}"),
     "phrases.suggested: has 0 times two stars; it must have 2"),
    ("no form for other numbers", change("counts", "days", to={"1": "{number} x"}),
     "counts.days: has no form `other`, for all numbers that have none of their own"),
    ("a form for no number", change("counts", "days", "few", to="{number} x"),
     "counts.days: has a form for 'few', which is no number"),
    ("forms that are none", change("counts", "days", to="x"),
     "counts.days: is to be forms by number, such as { 1 = \"...\", other = \"...\" }"),
    ("a form that loses a part", change("counts", "extra-doses", "1", to="x {number}"),
     "counts.extra-doses: form 1: names {number}; it must name {interval}, {number}"),
    ("a summary that is always too long", change("summaries", "NusinersenDue", "plain", 1, to="{drug} " + "x" * 120),
     "summaries.NusinersenDue.plain: the last form can have 145 characters, and no more than 139 are shown"),
]  # fmt: skip


@pytest.mark.parametrize(("put", "told"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_what_keeps_a_file_from_being_used(put: Callable[[dict[str, Any]], None], told: str, tmp_path: Path) -> None:
    content = made_up()
    put(content)
    with pytest.raises(RegimenFaults) as caught:
        read_wordings(write(tmp_path, content))
    assert f"{tmp_path / NAME}.toml: {told}" in [str(fault) for fault in caught.value.faults]


FINE: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("a second, shorter text with the same numbers",
     change(*LATE, to=["xx {observed} {required}", "x {required} {observed}", "x"])),
    ("the numbers in another order", change("phrases", "dates-between", to="{last} x {first}")),
    ("more forms", change("counts", "days", "2", to="{number} xx")),
    ("a number as a word", change("counts", "days", "1", to="x")),
    ("signs of other languages", change("phrases", "dose", to="Dosis (à 5 mL) — «é», ß: č; 用量!")),
]  # fmt: skip


@pytest.mark.parametrize("put", [row[1] for row in FINE], ids=[row[0] for row in FINE])
def test_what_a_language_may_do(put: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    content = made_up()
    put(content)
    assert set(read_wordings(write(tmp_path, content))) == {"en", NAME}


def test_all_faults_of_all_files_are_told_together(tmp_path: Path) -> None:
    content = made_up()
    for path in (("phrases", "dose"), ("phrases", "plan")):
        change(*path, to=None)(content)
    write(tmp_path, content)
    write(tmp_path, {**made_up(), "locale": "en"}, "en")
    (tmp_path / "no-text.toml").write_bytes(b"\xff")
    (tmp_path / "no-toml.toml").write_text("a =")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "README.md").write_text("")
    with pytest.raises(RegimenFaults) as caught:
        read_wordings(tmp_path)
    assert str(caught.value).splitlines()[0] == "6 faults in the files of wording"
    assert [str(fault).removeprefix(f"{tmp_path}/") for fault in caught.value.faults] == [
        "en.toml: locale: 'en' is shipped and cannot be replaced; give this file another name, as en-x",
        "no-text.toml: is not UTF-8 text; save the file as UTF-8",
        "no-toml.toml: is not TOML: Invalid value (at end of document)",
        "notes.txt: is not a .toml file; take it away, or let its name start with README",
        "qaa.toml: phrases.dose: is missing; the shipped text is 'Dose'",
        "qaa.toml: phrases.plan: is missing; the shipped text is 'Plan'",
    ]


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(RegimenFaults, match="is not a folder that can be read"):
        read_wordings(tmp_path / "nowhere")


def test_a_copy_of_the_shipped_file_under_another_name_is_a_language(tmp_path: Path) -> None:
    """What a site begins with: the shipped file, its own name and reviewer in it."""
    text = shipped_text().replace('locale = "en"', 'locale = "en-site"', 1)
    (tmp_path / "en-site.toml").write_text(text, encoding="utf-8-sig")
    assert read_wordings(tmp_path)["en-site"].findings == ENGLISH.findings
