"""The mutants of the dosing core that no test finds, from survivors.toml: each with the reason why it may stand."""

from __future__ import annotations

import ast
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.proof.trees import ROOT

DATA = Path(__file__).with_name("survivors.toml")
_KEYS = {"function", "line", "mutants", "why"}


@dataclass(frozen=True)
class Survivor:
    """A line of a function and what mutmut made of it, without indentation. `function` is `windows.next_window` in
    cds/dosing, a method `regimen.Regimen.amount`; several lines are parted by line breaks."""

    function: str
    line: str
    mutant: str


def explained(path: Path = DATA) -> dict[Survivor, str]:
    """Why each survivor may stand. ValueError where an entry is not complete, or one is explained twice."""
    reasons: dict[Survivor, str] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["survivor"]:
        if set(entry) != _KEYS or not all(entry.values()):
            raise ValueError(f"an entry has {sorted(_KEYS)}, all filled in, and not {entry}")
        for mutant in entry["mutants"]:
            survivor = Survivor(entry["function"], _flush(entry["line"]), _flush(mutant))
            if survivor in reasons:
                raise ValueError(f"{survivor} is explained twice")
            reasons[survivor] = " ".join(entry["why"].split())
    return reasons


def from_diff(name: str, diff: str) -> Survivor:
    """A mutant by the name that mutmut gives it, and by its difference to the code as `mutmut show` prints it."""
    changed = [line for line in diff.splitlines() if line[:1] in ("-", "+") and line[:4] not in ("--- ", "+++ ")]
    was, now = (_flush("\n".join(line[1:] for line in changed if line[0] == sign)) for sign in "-+")
    return Survivor(function_of(name), was, now)


def function_of(name: str) -> str:
    """`cds.dosing.windows.x_next_window__mutmut_1` is a mutant of `windows.next_window`, and one of
    `cds.dosing.calendar.xǁPeriodǁafter__mutmut_1` of `calendar.Period.after`."""
    module, _, mangled = name.removeprefix("cds.dosing.").rpartition(".")
    function = mangled.rpartition("__mutmut_")[0]
    path = [function[2:]] if function.startswith("x_") else function.split("ǁ")[1:]
    return ".".join((module, *path))


def source(function: str, root: Path = ROOT) -> str:
    """The code of a function by its name, without indentation. KeyError where there is no such function."""
    module, *path = function.split(".")
    text = (root / f"cds/dosing/{module}.py").read_text(encoding="utf-8")
    body = ast.parse(text).body
    for name in path:
        [found] = [
            node for node in body if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name == name
        ] or [None]
        if found is None:
            raise KeyError(f"cds/dosing/{module}.py has no {'.'.join(path)}")
        body = found.body
        code = ast.get_source_segment(text, found) or ""
    return _flush(code)


def _flush(text: str) -> str:
    """A text without the indentation of its lines."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
