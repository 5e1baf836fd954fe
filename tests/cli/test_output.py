"""Where output goes: readers that go away, disks that are full, outputs that are closed, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.files import ON, ZONE, bundle, loading, write

PROGRAM = Path(sys.executable).with_name("nusinersen-cds")
OPTIONS = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE)
FORMS = ("ndjson", "json", "text")


def command(path: Path, form: str = "ndjson") -> list[str]:
    return [str(PROGRAM), "check", str(path), *OPTIONS, "--format", form]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return write(tmp_path / "history.json", bundle(*loading()))


@pytest.mark.parametrize("form", FORMS)
def test_a_reader_that_goes_away_is_no_fault(history: Path, form: str) -> None:
    with subprocess.Popen(command(history, form), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        said = started.stderr.read()
    assert started.returncode == 141
    assert b"Traceback" not in said
    assert b"BrokenPipe" not in said


def in_shell(words: list[str], redirected: str) -> tuple[int, str]:
    """Exit code, and what was said, of a command whose output a shell redirects."""
    ended = subprocess.run(
        ["sh", "-c", f'"$@" {redirected}', "sh", *words], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("form", FORMS)
def test_a_full_disk_is_said_and_is_no_result(history: Path, form: str) -> None:
    code, said = in_shell(command(history, form), ">/dev/full")
    assert code == 74
    assert "nusinersen-cds: standard output cannot be written (No space left on device)" in said
    assert "fault of this program" not in said


@pytest.mark.parametrize("form", FORMS)
def test_a_closed_output_is_said_and_is_no_result(history: Path, form: str) -> None:
    code, said = in_shell(command(history, form), ">&-")
    assert code == 74
    assert "nusinersen-cds: standard output is closed" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("arguments", "redirected"),
    [
        (("regimens",), ">/dev/full"),
        (("regimens", "eu-12mg"), ">/dev/full"),
        (("regimens", "eu-12mg"), ">&-"),
        (("--help",), ">/dev/full"),
        (("check", "--help"), ">/dev/full"),
    ],
)
def test_every_command_says_so(arguments: tuple[str, ...], redirected: str) -> None:
    code, said = in_shell([str(PROGRAM), *arguments], redirected)
    assert code == 74
    assert "lost or cut short" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_messages_that_cannot_be_written_are_not_taken_for_findings(history: Path) -> None:
    assert in_shell(command(history), "2>/dev/full") == (74, "")


def test_ctrl_c_ends_with_its_own_code(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    started = subprocess.Popen(command(pipe), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    # opens once the command reads, and keeps it waiting for content
    with started, pipe.open("wb"):
        started.send_signal(signal.SIGINT)
        out, said = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, b"")
    assert b"Traceback" not in said
