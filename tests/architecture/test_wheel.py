"""The wheel works alone: installed into an empty environment, without the checkout and without extras."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.sources import ROOT

# The index that pip is set up to ask is the one that installed this environment, and its cache is warm.
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
# One worker does it all, since each would make an environment of its own.
pytestmark = pytest.mark.xdist_group("wheel")
# Neither the checkout nor the settings of this machine's service may help the installed program.
ALONE = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("PYTHON", "NUSINERSEN_CDS_")) and name != "VIRTUAL_ENV"
}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, env=ALONE, capture_output=True, text=True, check=False)


def must(*command: str | Path, cwd: Path) -> None:
    ended = run(*command, cwd=cwd)
    assert ended.returncode == 0, f"{' '.join(map(str, command))}\n{ended.stdout}\n{ended.stderr}"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    must(*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script in an environment that holds the pinned dependencies of the service and the wheel."""
    folder = tmp_path_factory.mktemp("empty")
    must(sys.executable, "-m", "venv", "--without-pip", "env", cwd=folder)
    binaries = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    pip = (*PIP, "--python", binaries / "python")
    pins = ROOT / "requirements" / "service.txt"
    must(*pip, "install", "--require-hashes", "--only-binary", ":all:", "--no-compile", "-r", pins, cwd=folder)
    must(*pip, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    must(*pip, "check", cwd=folder)
    return binaries / "nusinersen-cds"


def administration(number: int, day: str) -> dict[str, Any]:
    return {
        "resource": {
            "resourceType": "MedicationAdministration",
            "id": f"a{number}",
            "status": "completed",
            "subject": {"reference": "Patient/p1"},
            "medicationCodeableConcept": {"text": "nusinersen 12 mg"},
            "effectiveDateTime": day,
        }
    }


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Two loading doses, the second one day too early."""
    entries = [administration(1, "2026-04-01"), administration(2, "2026-04-14")]
    path = tmp_path / "history.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), "utf-8")
    return path


WORDS = "hooks/languages/en.toml"


def test_the_wheel_holds_the_data_that_the_program_reads(wheel: Path) -> None:
    regimens = [path.relative_to(ROOT).as_posix() for path in (ROOT / "cds/regimens/data").rglob("*.toml")]
    fixtures = [
        f"hooks/sandbox/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "fixtures").rglob("*.*")
        if path.is_file() and "broken" not in path.parts
    ]
    assert regimens
    assert fixtures
    wanted = {*regimens, *fixtures, "cds/regimens/CLARIFICATIONS.md", "cds/py.typed", "hooks/py.typed", WORDS}

    held = set(zipfile.ZipFile(wheel).namelist())

    assert wanted - held == set()
    assert {name.partition("/")[0] for name in held if "dist-info" not in name} == {"cds", "hooks"}


def test_regimens_lists_the_shipped_regimens(program: Path, tmp_path: Path) -> None:
    ended = run(program, "regimens", cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr
    for regimen in ("eu-12mg", "us-12mg", "eu-12mg-2017", "us-12mg-2016", "eu-high-dose", "us-high-dose", "qalsody"):
        assert regimen in ended.stdout


def test_check_finds_a_dose_that_was_given_too_early(program: Path, tmp_path: Path, history: Path) -> None:
    ended = run(
        program, "check", history, "--regimen", "eu-12mg", "--on", "2026-04-15", "--format", "ndjson", cwd=tmp_path
    )

    assert ended.returncode == 1, ended.stderr
    [line] = ended.stdout.splitlines()
    assessment = json.loads(line)
    assert (assessment["patient"], assessment["on"]) == ("Patient/p1", "2026-04-15")
    assert [
        (judged["earliest"], judged["step"], judged.get("interval_days"), [f["code"] for f in judged["findings"]])
        for judged in assessment["evaluations"]
    ] == [
        ("2026-04-01", "loading-1", None, ["identified-by-text"]),
        ("2026-04-14", "loading-2", 13, ["interval-too-short", "identified-by-text"]),
    ]


def test_without_a_regimen_the_choices_are_named(program: Path, tmp_path: Path, history: Path) -> None:
    ended = run(program, "check", history, "--on", "2026-04-15", cwd=tmp_path)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "eu-12mg" in ended.stderr
    assert "us-12mg" in ended.stderr
