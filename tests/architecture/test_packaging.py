"""What is pinned, and that the pins name no machine to fetch them from."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.sources import ROOT

SETTINGS: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT: dict[str, Any] = SETTINGS["project"]
BUILD: list[str] = SETTINGS["build-system"]["requires"]
LOCKS = ("all.txt", "service.txt", "container.txt", "build.txt", "spark.txt")
ALONE = "spark"
"""The extra that is pinned in a file of its own."""
# A URL, an option of pip other than a hash, or `name @ place`.
HOST = re.compile(r"://|^\s*--?(?!hash=)[a-z]|\s@\s", re.MULTILINE)


def text(lock: str) -> str:
    return (ROOT / "requirements" / lock).read_text("utf-8")


def pinned(lock: str) -> dict[str, tuple[str, list[str]]]:
    """Name of each pinned distribution -> its version and its hashes."""
    lines = [line for line in text(lock).splitlines() if not line.lstrip().startswith("#")]
    entries = " ".join(line.removesuffix("\\") for line in lines)
    pins = re.findall(r"(\S+)==(\S+)((?:(?!\S+==).)*)", entries)
    return {
        canonicalize_name(name): (version, re.findall(r"--hash=sha256:[0-9a-f]{64}", rest))
        for name, version, rest in pins
    }


def named(requirements: list[str]) -> list[Requirement]:
    return [Requirement(line) for line in requirements]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_host_and_no_index(lock: str) -> None:
    assert HOST.findall(text(lock)) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://pypi.example.invalid/simple",
        "-i pypi",
        "--find-links wheels",
        "x @ file:///tmp/x.whl",
        "-e .",
    ],
)
def test_a_host_in_a_lock_file_would_be_seen(line: str) -> None:
    assert HOST.search(f"a==1 \\\n    --hash=sha256:{'0' * 64}\n{line}\n")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    pins = pinned(lock)
    assert len(pins) == len(re.findall("^[a-z]", text(lock), re.MULTILINE)) > 0
    assert [name for name, (_, hashes) in pins.items() if not hashes] == []


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("service.txt", PROJECT["dependencies"]),
        ("all.txt", PROJECT["dependencies"]),
        ("container.txt", PROJECT["dependencies"]),
        ("container.txt", PROJECT["optional-dependencies"]["launch"]),
        ("container.txt", PROJECT["optional-dependencies"]["pages"]),
        ("container.txt", PROJECT["optional-dependencies"]["postgresql"]),
        ("container.txt", PROJECT["optional-dependencies"]["tracing"]),
        ("container.txt", PROJECT["optional-dependencies"]["units"]),
        ("build.txt", BUILD),
        ("spark.txt", PROJECT["dependencies"]),
        ("spark.txt", PROJECT["optional-dependencies"]["audit"]),
        *(
            ("spark.txt" if extra == ALONE else "all.txt", wanted)
            for extra, wanted in PROJECT["optional-dependencies"].items()
        ),
    ],
    ids=[
        "service",
        "all",
        "container",
        "container's sign-in",
        "container's pages",
        "container's database",
        "container's traces",
        "container's units",
        "build",
        "Spark's service",
        "Spark's audit",
        *PROJECT["optional-dependencies"],
    ],
)
def test_the_lock_files_hold_what_the_project_asks_for(lock: str, requirements: list[str]) -> None:
    pins = pinned(lock)
    wanted = {canonicalize_name(requirement.name): requirement for requirement in named(requirements)}
    wanted.pop(PROJECT["name"], None)
    assert wanted.keys() <= pins.keys(), "run make lock"
    assert [name for name, requirement in wanted.items() if pins[name][0] not in requirement.specifier] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_files_agree(lock: str) -> None:
    known = pinned("all.txt")
    assert {name: pin for name, pin in pinned(lock).items() if known.get(name) != pin}.keys() <= only_in(lock)


def only_in(lock: str) -> set[str]:
    """What is pinned in no other file: Spark and what it needs."""
    return pinned(lock).keys() - pinned("all.txt").keys() if lock == f"{ALONE}.txt" else set()


def test_the_image_holds_what_the_service_does_and_no_tools() -> None:
    assert pinned("service.txt").items() <= pinned("container.txt").items()
    tools = {canonicalize_name(r.name) for r in named(PROJECT["optional-dependencies"]["dev"])}
    assert tools & pinned("container.txt").keys() == set()


def test_the_sandbox_and_the_tools_are_no_part_of_the_service() -> None:
    extras = {canonicalize_name(r.name) for wanted in PROJECT["optional-dependencies"].values() for r in named(wanted)}
    # the service comes with the latter for its command line; the pages say that they need it themselves
    extras -= {PROJECT["name"], "markdown-it-py"}
    assert extras & pinned("service.txt").keys() == set()


def test_the_direct_dependencies_are_few_and_uncapped() -> None:
    direct = named(PROJECT["dependencies"])
    # 16 that are used, and one that makes the requests of another a third cheaper: see pyproject.toml
    assert len(direct) <= 17
    assert [str(r) for r in direct if any(s.operator in {"<", "<=", "==", "~=", "!="} for s in r.specifier)] == []
