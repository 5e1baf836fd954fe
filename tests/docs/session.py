"""Runs the commands of a page as a reader would: one after the other, in one shell and one folder."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.docs.blocks import Command
from tests.docs.worlds import World

_SECONDS = 600
_READY = """\
( {command}
) >{to} 2>&1 &
echo $! >>{pids}
for attempt in $(seq 600); do
  {ready} && break
  kill -0 $! 2>{nothing} || break
  sleep 0.2
done
{ready}
echo $? >{status}
"""
_ANSWERS = "curl --silent --insecure --fail --output {nothing} {url}"
_SAYS = "grep --quiet {text} {to}"
_ENDING = """\
{{ {command}
}} >{to} 2>&1
status=$?
echo $status >{status}
(exit $status)
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended; `status` is None where the shell did not come to it."""

    command: Command
    status: int | None
    output: str


def run(commands: Sequence[Command], world: World, folder: Path, notes: Path) -> list[Ended]:
    """Runs the commands in `folder`; `notes` is for what they print. Servers among them run until the end."""
    script = []
    for number, command in enumerate(commands):
        places = {"to": notes / f"{number}.txt", "status": notes / f"{number}.status", "nothing": os.devnull}
        quoted = {name: shlex.quote(str(place)) for name, place in places.items()}
        text = in_place(command.text, world.places)
        sign = next((sign for begin, sign in world.ready.items() if command.plain.startswith(begin)), None)
        if sign is None:
            script.append(_ENDING.format(command=text, **quoted))
        else:
            pids = shlex.quote(str(notes / "pids"))
            asked = _ANSWERS if "://" in sign else _SAYS
            ready = asked.format(url=shlex.quote(sign), text=shlex.quote(sign), **quoted)
            script.append(_READY.format(command=f"exec env {text}", ready=ready, pids=pids, **quoted))
    try:
        subprocess.run(
            ["bash", "-u", "-c", "\n".join(script)],
            cwd=folder, env=_environment(folder, world.variables), stdin=subprocess.DEVNULL, timeout=_SECONDS,
            check=False,
        )  # fmt: skip
    finally:
        _stop(notes / "pids")
    return [_ended(command, notes, number) for number, command in enumerate(commands)]


def in_place(text: str, places: Mapping[str, str]) -> str:
    """The text with what the world has in the place of what the page says."""
    for there in sorted(places, key=len, reverse=True):
        text = text.replace(there, places[there])
    return text


def shows(output: str, printed: str) -> bool:
    """Whether what was printed is what the page shows; `...` there stands for anything."""
    pattern = r".*?".join(re.escape(part) for part in _stripped(output).split("..."))
    return re.fullmatch(pattern, _stripped(printed), re.DOTALL) is not None


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def _environment(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "PYTHONWARNINGS": "error", **variables}


def _stop(pids: Path) -> None:
    for pid in pids.read_text("ascii").split() if pids.exists() else ():
        try:
            os.kill(int(pid), signal.SIGTERM)
        except ProcessLookupError:
            continue


def _ended(command: Command, notes: Path, number: int) -> Ended:
    status, printed = notes / f"{number}.status", notes / f"{number}.txt"
    return Ended(
        command,
        int(status.read_text("ascii")) if status.exists() else None,
        printed.read_text("utf-8", "replace") if printed.exists() else "",
    )
