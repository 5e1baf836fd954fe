"""Imports go one way, and each contract that says so would be broken by the import it forbids."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, imported, modules

# What each contract must refuse: a module that is written into a copy of the code, and the import in it.
FORBIDDEN = {
    "one-way": ("cds/regimens/intruder.py", "import hooks"),
    "every-room": ("cds/intruder/__init__.py", "import datetime"),
    "pure-core": ("cds/dosing/intruder.py", "import pydantic"),
    "fhir-resources": ("hooks/intruder.py", "from fhir.resources.R4B.bundle import Bundle"),
    "httpx": ("hooks/intruder.py", "import httpx"),
}
SIDEWAYS = {
    "from fhir to regimens": ("cds/fhir/intruder.py", "import cds.regimens"),
    "from regimens to fhir": ("cds/regimens/intruder.py", "import cds.fhir"),
    "from the core upwards": ("cds/dosing/intruder.py", "import cds.fhir"),
}


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]]


def lint(folder: Path, contract: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    command = [program, "--no-cache", "--contract", contract]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in ("cds", "hooks"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_has_an_import_that_it_must_refuse() -> None:
    assert list(FORBIDDEN) == contracts()


@pytest.mark.parametrize(
    ("contract", "path", "line"),
    [(contract, *intruder) for contract, intruder in FORBIDDEN.items()]
    + [("one-way", *intruder) for intruder in SIDEWAYS.values()],
    ids=[*FORBIDDEN, *SIDEWAYS],
)
def test_a_contract_holds_and_would_be_broken(copy: Path, contract: str, path: str, line: str) -> None:
    before = lint(copy, contract)
    assert before.returncode == 0, before.stdout

    (copy / path).parent.mkdir(exist_ok=True)
    (copy / path).write_text(f"{line}\n", "utf-8")

    after = lint(copy, contract)
    assert after.returncode == 1, after.stdout
    assert "intruder" in after.stdout


# The parts of the standard library by which a function could read or change the world.
WORLDLY = {
    "asyncio",
    "io",
    "logging",
    "os",
    "pathlib",
    "random",
    "socket",
    "sqlite3",
    "subprocess",
    "sys",
    "time",
    "urllib",
}


def test_the_dosing_core_imports_the_standard_library_alone_and_nothing_of_the_world() -> None:
    outside = {
        (path, name)
        for path, tree in modules("cds/dosing")
        for name in imported(tree)
        if (root := name.partition(".")[0]) in WORLDLY
        or not (root in sys.stdlib_module_names or name.startswith("cds.dosing."))
    }
    assert outside == set()
