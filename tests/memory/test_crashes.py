"""What was answered is kept, whatever happens to the process and its disk: tried with real processes."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hooks.journal.journal import Journal
from tests.architecture.sources import ROOT
from tests.memory.conftest import Open
from tests.memory.entries import counted, decision, ids, keep, wait

NOWHERE = "postgresql://nobody@127.0.0.1:9/journal"
Journals = Callable[..., Journal]


class Child:
    """A process with a journal."""

    def __init__(self, url: str, spool: Path, run: str) -> None:
        command = [sys.executable, "-m", "tests.memory.child", url, str(spool), run]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def tell(self, what: str) -> None:
        """Tell it what to do, and do not wait."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()

    def line(self) -> str:
        """The next line that it prints."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the process has ended"
        return line.strip()

    def keep(self, start: int, end: int) -> list[str]:
        """What it has answered, all of it."""
        self.tell(f"keep {start} {end}")
        return list(iter(self.line, "done"))

    def status(self) -> tuple[int, str]:
        """How many lines it lost, and what is wrong with its spool."""
        self.tell("status")
        lost, _, spool = self.line().partition(" ")
        return int(lost), spool

    def limit_files(self, size: int) -> None:
        """Let its files grow no more than to this size in bytes, as a disk that is full; -1: no limit."""
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.communicate()

    def end(self) -> None:
        """An orderly end."""
        self._process.communicate(timeout=60)


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    """Starts processes that share a spool."""
    every: list[Child] = []

    def start(url: str) -> Child:
        every.append(Child(url, tmp_path / "spool", f"child-{len(every) + 1}"))
        return every[-1]

    yield start
    for child in every:
        child.kill()


Children = Callable[[str], Child]


def test_what_a_killed_process_answered_and_did_not_drain_is_written_by_the_next_run(
    url: str, children: Children, journals: Journals, opened: Open, tmp_path: Path
) -> None:
    child = children(NOWHERE)
    answered = child.keep(0, 20)
    child.kill()
    assert len(answered) == 20
    journal = journals(url)
    wait(lambda: ids(opened(url)) == answered, "what the killed process answered")
    wait(lambda: journal.status().backlog == 0, "an empty backlog")
    assert not (tmp_path / "spool" / "child-1").exists()


def test_a_process_that_is_killed_in_the_middle_of_its_calls_has_lost_nothing_that_it_answered(
    url: str, children: Children, journals: Journals, opened: Open
) -> None:
    child = children(url)
    child.tell("keep 0 100000")
    answered = [child.line() for _ in range(300)]
    child.kill()
    assert len(answered) == 300
    journals(url)
    # of the calls after the last answer that was read, any number may have come to an end
    wait(lambda: ids(opened(url))[: len(answered)] == answered, "what the killed process answered")


def test_two_processes_share_a_spool_and_leave_each_others_lines_alone_while_both_live(
    url: str, children: Children, journals: Journals, opened: Open
) -> None:
    cut_off, child = children(NOWHERE), children(url)
    held, written = cut_off.keep(0, 5), child.keep(0, 5)
    child.end()
    journal = journals(url)
    keep(journal, decision("z"))
    wait(lambda: ids(opened(url)) == [*written, "z"], "the lines of the two that reach the database")
    journal.close()
    assert ids(opened(url)) == [*written, "z"]
    cut_off.kill()
    journals(url)
    wait(lambda: ids(opened(url)) == [*held, *written, "z"], "the lines of the one that is dead by now")


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("room", [0, 1000], ids=["no room at all", "room for a line and a bit"])
def test_a_full_disk_sends_lines_to_the_database_at_once_and_the_spool_is_used_again_when_there_is_room(
    room: int, request: pytest.FixtureRequest, children: Children, journals: Journals, opened: Open
) -> None:
    url = request.getfixturevalue("postgresql").create(f"full_{room}")
    child = children(url)
    answered = child.keep(0, 5)
    child.limit_files(room)
    answered += child.keep(5, 15)
    if not room:
        assert child.status() == (0, "File too large")
        assert ids(opened(url))[-10:] == answered[-10:]
    child.limit_files(-1)
    answered += child.keep(15, 20)
    assert child.status() == (0, "")
    child.kill()
    journals(url)
    wait(lambda: ids(opened(url)) == answered, "all that was answered")


def test_where_disk_and_database_are_full_together_the_losses_are_counted_exactly(
    children: Children, opened: Open, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    child = children(url)
    kept = child.keep(0, 5)
    wait(lambda: ids(opened(url)) == kept, "the lines before the disk is full")
    child.limit_files(0)
    assert len(child.keep(5, 15)) == 10
    assert child.status() == (10, "File too large")
    child.limit_files(-1)
    kept += child.keep(15, 20)
    child.end()
    assert (ids(opened(url)), counted(opened(url))) == (kept, {"lost-decision": 10})
