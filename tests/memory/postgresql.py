"""A PostgreSQL server of the tests' own, in a temporary folder and on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PLACES = ("/usr/lib/postgresql", "/usr/local/pgsql", "/opt/homebrew/opt/postgresql")
MISSING = (
    "no PostgreSQL server is installed (initdb and postgres, on the PATH or under /usr/lib/postgresql): install the "
    "package `postgresql` of Debian or Ubuntu, as `apt-get install postgresql`, or put the programs on the PATH"
)


def program(name: str) -> Path:
    """A program of the newest PostgreSQL that is installed. Fails the test where there is none."""
    found = shutil.which(name)
    if found is not None:
        return Path(found)
    everywhere = [path for place in PLACES for path in Path(place).glob(f"**/bin/{name}")]
    if not everywhere:
        raise AssertionError(MISSING)
    return max(everywhere, key=lambda path: [int(part) for part in path.parts if part.isdigit()])


def owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as")


class Server:
    """One server, which a test can kill and start again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._user = folder, owner()
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        self._run("initdb", "--pgdata", "data", "--username", "tests", "--auth", "trust", "--no-sync")

    def url(self, database: str = "postgres") -> str:
        """Where a database of this server is."""
        return f"postgresql://tests@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-k", "")
        log = self._folder.parent / "log"
        # fsync stays on: what a commit promises is what is tested
        with log.open("ab") as written:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", "data", *where], cwd=self._folder, stderr=written, **self._as_user()
            )
        until = time.monotonic() + 60
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise AssertionError(f"PostgreSQL did not start: {log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.05)

    def create(self, database: str) -> str:
        """A new, empty database: its URL."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tests", database)
        return self.url(database)

    def kill(self) -> None:
        """End it at once, as a crash would: its connections are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None

    def _answers(self) -> bool:
        ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tests"]
        return subprocess.run(ready, check=False).returncode == 0

    def _run(self, name: str, *arguments: str) -> None:
        ended = subprocess.run(
            [program(name), *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            **self._as_user(),
        )
        assert ended.returncode == 0, f"{name}: {ended.stderr}"

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


@contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the block lasts."""
    # a short path of its own: pytest's folders are closed to the user whom the server runs as
    folder = Path(tempfile.mkdtemp(prefix="nusinersen-cds-pg-"))
    folder.chmod(0o755)
    try:
        (folder / "server").mkdir()
        server = Server(folder / "server")
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
