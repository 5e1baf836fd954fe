"""Every command that the pages show works, prints what they show, or stands in a table with the reason why not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.docs.blocks import COMMANDS, OTHERS, Block, Command, blocks, commands, commands_of, pages
from tests.docs.not_run import NOT_RUN
from tests.docs.session import Ended, in_place, run, shows
from tests.docs.worlds import WORLDS, World, empty

WITH_COMMANDS = [page for page in pages() if any(command.plain not in NOT_RUN for command in commands(page))]
STATUS = {
    (
        "nusinersen-cds audit export/ --regimen eu-12mg --time-zone Europe/Stockholm --output /srv/nusinersen-cds/audit"
    ): 1,
    "nusinersen-cds audit export/ --regimen eu-12mg --on 2026-05-01 --time-zone Europe/Stockholm --output result/": 1,
    (
        "nusinersen-cds check https://fhir.example.invalid/r4 --patient 123 --regimen eu-12mg --on 2026-05-01 "
        "--proposed 2026-05-12"
    ): 1,
    (
        "nusinersen-cds check https://ehr.example.invalid/fhir --client-id CLIENT --key fhir-key.json --patient 123 "
        "--regimen eu-12mg --time-zone Europe/Stockholm"
    ): 1,
    # the records of the sandbox refer to their Medications, which its search by code does not follow
    (
        "nusinersen-cds doctor https://ehr.example.invalid/fhir --client-id CLIENT --key fhir-key.json --patient 123 "
        "--time-zone Europe/Stockholm"
    ): 1,
}
"""How a command ends where it is not 0 and the page does not show it: 1 where the made-up records have findings."""
ASKED = "echo $?"
"""Shows how the command before it ended."""
PROGRAMS = re.compile(
    r"^\s*(\$ )?(sudo |[A-Z_]+=\S+ )*(nusinersen-cds|make|pip|python3?|docker|curl|git|openssl|spark-submit) "
    r"(?!.*\[OPTIONS\])"  # what generated pages show of the usage
)


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_the_commands_of_a_page_do_what_it_shows(page: str, tmp_path: Path) -> None:
    folder, notes = tmp_path / "folder", tmp_path / "notes"
    folder.mkdir()
    notes.mkdir()
    with WORLDS.get(page, empty)(folder) as world:
        shown = [command for command in commands(page) if command.plain not in NOT_RUN]
        results = run(shown, world, folder, notes)
    wrong = list(faults_of(results, world))
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


def faults_of(results: Sequence[Ended], world: World) -> Iterator[str]:
    """What is wrong with how the commands of a page ended."""
    after = [each.command.plain for each in results[1:]] + [""]
    for result, following in zip(results, after, strict=True):
        yield from faults(result, world, told=following == ASKED)


def faults(result: Ended, world: World, *, told: bool = False) -> list[str]:
    """What is wrong with how a command ended; `told`: the page shows which status it had, which is compared there."""
    command = result.command
    where = f"{command.page}:{command.line}: {command.plain}"
    wanted = STATUS.get(command.plain, 0)
    found = []
    if result.status is None or (result.status != wanted and not told):
        found.append(f"{where}\nended with {result.status}, not with {wanted}:\n{result.output}")
    if command.output is not None and not shows(in_place(command.output, world.places), result.output):
        found.append(f"{where}\nprinted something else than the page shows:\n{result.output}")
    return found


def test_every_block_says_what_it_is() -> None:
    unnamed = [f"{b.page}:{b.line}" for page in pages() for b in blocks(page) if b.language not in COMMANDS + OTHERS]
    assert unnamed == [], f"name the language of these blocks: one of {', '.join(COMMANDS + OTHERS)}"


def test_no_command_hides_in_a_block_of_another_language() -> None:
    hidden = [
        f"{block.page}:{block.line}: {line}"
        for page in pages()
        for block in blocks(page)
        if block.language not in COMMANDS
        for line in block.text.splitlines()
        if PROGRAMS.match(line)
    ]
    assert hidden == [], "write them in a block of the language sh or console"


def test_what_ends_otherwise_is_on_a_page() -> None:
    shown = {command.plain for page in pages() for command in commands(page)}
    assert [text for text in STATUS if text not in shown] == []
    assert NOT_RUN.keys() & STATUS.keys() == set()
    assert [page for page in WORLDS if page not in WITH_COMMANDS] == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("sh", "make run  # all\n\n# no command\nmake test", [("make run", None), ("make test", None)]),
        ("sh", "a \\\n    b # c\nd", [("a b", None), ("d", None)]),
        ("sh", "cat <<'END' >x\na b\nEND\nd", [("cat <<'END' >x\na b\nEND", None), ("d", None)]),
        ("sh", "a 'b\nc' d\ne  # don't\nf", [("a 'b\nc' d", None), ("e", None), ("f", None)]),
        ("console", "$ a\nb\n\nc\n$ d \\\n  e\n", [("a", "b\n\nc"), ("d e", "")]),
    ],
)
def test_commands_are_found(language: str, text: str, expected: list[tuple[str, str | None]]) -> None:
    found = commands_of(Block("page", 1, language, text))
    assert [(command.plain, command.output) for command in found] == expected


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a\nb", "a  \nb\n", True),
        ("a ... d", "a b c d", True),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("a\n...", "a\nb\nc\nd", True),
        ("a", "a\nb", False),
        ("a.b", "a-b", False),
        ("", "a", False),
    ],
)
def test_what_is_printed_is_compared(shown: str, printed: str, same: bool) -> None:
    assert shows(shown, printed) is same


def test_a_command_that_fails_or_prints_something_else_is_a_fault(tmp_path: Path) -> None:
    texts = [("false", None), ("echo a", "b"), ("x=1", None), ("echo $x", "1"), ("(exit 3)", None), ("echo $?", "3")]
    shown = [Command("page", line, text, output) for line, (text, output) in enumerate(texts, 1)]
    results = run(shown, World(), tmp_path, tmp_path)
    told = list(faults_of(results, World()))
    assert [fault.partition(": ")[0] for fault in told] == ["page:1", "page:2"]
    assert faults(results[4], World()) != []
