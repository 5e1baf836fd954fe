"""Runs the audit in children of its own, each killed at the next file that is renamed into its place, until one ends.

Arguments: the folder of outputs, then those of the command with `{}` for the output folder. It prints how many were
killed. A unit of work is there when its file has its name, so that these are all the states that a kill can leave.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

# entered before the first child is made, which would else each enter it
import hooks.app
import hooks.audit  # noqa: F401
from cds.audit import engine, plan
from cds.audit.trace import traces_of
from cds.regimens.library import load
from hooks.cli import app

plan.PART = 1500
engine.SHARE = 1500
traces_of(load().get("eu-12mg").drug)


def child(at: int, arguments: list[str]) -> None:
    renames = 0

    def watch(event: str, _: tuple[object, ...]) -> None:
        nonlocal renames
        if event == "os.rename":
            if renames == at:
                os.kill(os.getpid(), signal.SIGKILL)
            renames += 1

    sys.addaudithook(watch)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    app(arguments, standalone_mode=False)


def main(folder: Path, arguments: list[str]) -> int:
    for at in range(1000):
        pid = os.fork()
        if not pid:
            try:
                child(at, [part.replace("{}", str(folder / str(at))) for part in arguments])
            finally:
                os._exit(0)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSIGNALED(status):
            return at
    raise AssertionError("it never ended")


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2:]))
