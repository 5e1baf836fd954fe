"""An audit that was killed is gone on with, and writes the bytes of one that was not."""

from __future__ import annotations

import os
import pickle
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cds.audit import engine, plan
from cds.audit.units import once
from cds.audit.work import work_folder
from tests.cli.files import ON, ZONE, dose, lines, run

DAYS = ("2025-10-01", "2025-10-15", "2025-10-29", "2025-11-05")
OTHER = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01", "display": "paracetamol"}]}
MEDICATION = {"resourceType": "Medication", "id": "m", "code": {"text": "Spinraza"}}
DIED = {"resourceType": "Patient", "id": "p2", "deceasedDateTime": "2026-01-01"}


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Doses of several patients, some by way of a Medication, one corrected to another drug."""
    folder = tmp_path_factory.mktemp("resume") / "export"
    folder.mkdir()
    for part in range(2):
        doses = [dose(f"{part}-{who}-{day}", day, f"p{who}") for who in range(part, part + 2) for day in DAYS]
        pointing = dose(f"{part}-m", "2026-04-10", "p1", medicationReference={"reference": "Medication/m"})
        del pointing["medicationCodeableConcept"]
        corrected = dose(f"{part}-0-{DAYS[0]}", DAYS[0], "p0", medicationCodeableConcept=OTHER)
        (folder / f"{part}.ndjson").write_bytes(lines([*doses, pointing, corrected]))
    told = {**pointing, "resourceType": "MedicationStatement", "id": "s"}
    corrected = {**told, "medicationReference": {"reference": "Medication/n"}}
    therapy = {**told, "id": "t", "medicationReference": {"reference": "Medication/m", "display": "Evrysdi"}}
    (folder / "Beside.ndjson").write_bytes(lines([told, therapy, DIED, corrected]))
    (folder / "Medication.ndjson").write_bytes(lines([MEDICATION]))
    return folder


@pytest.fixture(scope="module")
def killed(export: Path) -> list[Path]:
    """The output folders of audits that were killed, each a little later, and that of one that was not."""
    outputs = export.parent / "outputs"
    outputs.mkdir()
    program = [sys.executable, str(Path(__file__).with_name("kill_at.py")), str(outputs), *options(export, "{}")]
    ended = subprocess.run(program, check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": "."})
    return [outputs / str(point) for point in range(int(ended.stdout) + 1)]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the audits that were killed."""
    monkeypatch.setattr(plan, "PART", 1500)
    monkeypatch.setattr(engine, "SHARE", 1500)


def options(export: Path, output: Path | str, *more: str) -> list[str]:
    asked = ["--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--jobs", "1"]
    return ["audit", str(export), *asked, "--output", str(output), *more]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


NOT_YET = 10
"""The one of the killed audits that is not gone on with at once."""


def test_killed_at_any_point_and_resumed_it_writes_the_same_bytes(export: Path, killed: list[Path]) -> None:
    whole = contents(killed[-1])
    assert len(killed) > 20
    assert ".work" not in whole
    assert b"interval-too-short" in whole["findings.csv"]
    assert b",Patient/p2,ended," in whole["recall.csv"]
    for number, output in enumerate(killed[:-1]):
        assert (output / ".work").is_dir()
        if number != NOT_YET:
            assert run(*options(export, output, "--resume")).exit_code == 1
            assert contents(output) == whole, output.name


def test_it_is_gone_on_with_only_where_that_is_said_and_nothing_else_has_changed(
    export: Path, killed: list[Path]
) -> None:
    left = killed[NOT_YET]
    before = contents(left / ".work")
    file = export / "0.ndjson"
    noted, content = file.stat(), file.read_bytes()

    def refused(*more: str) -> str:
        ended = run(*options(export, left, *more))
        assert ended.exit_code == 2
        assert contents(left / ".work") == before
        return ended.stderr

    assert "an audit was interrupted there. Go on with it by --resume, or remove that folder" in refused()
    changed = "--resume: since the interruption there is a change in"
    assert f"{changed} the options. Undo it, or remove that folder" in refused("--resume", "--strict")
    assert f"{changed} the regimen, the day or the time zone" in refused("--resume", "--tolerance-loading", "3")
    file.write_bytes(content + lines([dose("late", "2026-04-20")]))
    assert f"{changed} the input" in refused("--resume")
    file.write_bytes(content)
    os.utime(file, ns=(noted.st_atime_ns, noted.st_mtime_ns))
    assert run(*options(export, left, "--resume")).exit_code == 1
    assert contents(left) == contents(killed[-1])


def test_what_was_done_is_not_done_again(tmp_path: Path) -> None:
    made: list[str] = []
    file = tmp_path / "spill"

    def make() -> str:
        made.append("made")
        file.write_text("lines")
        return "result"

    assert [once(tmp_path, "scan-1", [file], make) for _ in range(2)] == ["result", "result"]
    assert made == ["made"]


DAMAGE: list[tuple[str, Callable[[Path], object]]] = [
    ("its file is cut short", lambda folder: os.truncate(folder / "spill", 2)),
    ("its file is gone", lambda folder: (folder / "spill").unlink()),
    ("it is cut short itself", lambda folder: os.truncate(folder / "scan-1.unit", 20)),
    ("it is empty", lambda folder: os.truncate(folder / "scan-1.unit", 0)),
    ("it is of something else", lambda folder: foreign(folder / "scan-1.unit")),
]


def foreign(path: Path) -> None:
    """A unit that would run a command when it is read."""
    from cds.audit.units import _digest

    class Command:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.system, (f"touch {path.parent}/ran",)

    content = pickle.dumps((Command(), []))
    path.write_bytes(_digest(content) + content)


@pytest.mark.parametrize(("damage"), [row[1] for row in DAMAGE], ids=[row[0] for row in DAMAGE])
def test_what_is_not_as_it_was_written_is_done_again(damage: Callable[[Path], object], tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> str:
        made.append("made")
        (tmp_path / "spill").write_text("lines")
        return "result"

    once(tmp_path, "scan-1", [tmp_path / "spill"], make)
    damage(tmp_path)
    assert once(tmp_path, "scan-1", [tmp_path / "spill"], make) == "result"
    assert made == ["made", "made"]
    assert not (tmp_path / "ran").exists()


def test_where_nothing_was_left_resume_begins_anew(export: Path, tmp_path: Path) -> None:
    assert run(*options(export, tmp_path / "out", "--resume")).exit_code == 1
    assert (tmp_path / "out" / "assessments.ndjson").exists()


def test_a_work_folder_that_is_there_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / ".work"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    with work_folder(tmp_path, {}, resume=True) as work:
        assert (work, stat.S_IMODE(folder.stat().st_mode)) == (folder, 0o700)


def test_two_audits_do_not_write_into_one_folder(export: Path, tmp_path: Path) -> None:
    work = tmp_path / "out" / ".work"
    work.mkdir(parents=True)
    holder = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(work / "lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        ended = run(*options(export, tmp_path / "out", "--resume"))
        process.communicate(b"\n")
    assert ended.exit_code == 2
    assert "another audit is at work there" in ended.stderr


def test_the_processes_of_a_killed_audit_end_with_it(tmp_path: Path) -> None:
    """They would write beside the audit that goes on with it."""
    big = tmp_path / "big.ndjson"
    big.write_bytes(lines(dose(f"{who}-{day}", day, f"p{who}") for who in range(40_000) for day in DAYS))
    command = [sys.executable, "-m", "hooks.cli", *options(big, tmp_path / "out"), "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as audit:
        until = time.monotonic() + 60
        children: list[int] = []
        while len(children) < 2 and time.monotonic() < until and audit.poll() is None:
            children = children_of(audit.pid)
        assert len(children) == 2
        audit.send_signal(signal.SIGKILL)
    while any(map(alive, children)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(map(alive, children))


def children_of(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children")
    return [int(each) for each in found.read_text().split()] if found.exists() else []


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_output_within_the_input_is_refused(export: Path) -> None:
    ended = run(*options(export, export / "out"))
    assert ended.exit_code == 2
    assert "is within the input" in ended.stderr
    assert not (export / "out").exists()
