"""Several ASGI applications served side by side in threads, on 127.0.0.1 only."""

from __future__ import annotations

import errno
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from hooks.console import UsageError
from hooks.serve import server_options

HOST = "127.0.0.1"
_START_SECONDS = 30.0
_STOP_SECONDS = 2


class PortInUse(UsageError):
    """Another program listens there; the message names the variable that chooses another port."""

    def __init__(self, port: int, variable: str) -> None:
        super().__init__(f"port {port} is in use: set {variable}")


def listen(port: int, variable: str) -> socket.socket:
    """A listening socket on 127.0.0.1, on any free port for 0. Raises PortInUse, and OSError for other reasons."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        # From here on a second start fails in bind, before it has loaded anything.
        listener.listen()
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, variable) from None
        raise
    return listener


def address(listener: socket.socket) -> str:
    """The URL under which the socket is reached, without a slash at its end."""
    return f"http://{HOST}:{listener.getsockname()[1]}"


def loopback(fhir: str) -> tuple[str, ...]:
    """The base URLs by which a server at 127.0.0.1 can be reached from this machine."""
    return tuple(fhir.replace(HOST, name, 1) for name in (HOST, "localhost", "[::1]"))


@contextmanager
def serving(apps: Sequence[tuple[ASGIApp, socket.socket]]) -> Iterator[None]:
    """Serves the applications until the block ends, then stops them in an orderly way and closes the sockets.

    Raises RuntimeError if one of them does not start.
    """
    servers = [uvicorn.Server(uvicorn.Config(app, **server_options(_STOP_SECONDS))) for app, _ in apps]
    threads = [
        threading.Thread(target=_run, args=(server, listener), daemon=True)
        for server, (_, listener) in zip(servers, apps, strict=True)
    ]
    try:
        for server, thread in zip(servers, threads, strict=True):
            thread.start()
            _await_start(server, thread)
        yield
    finally:
        for server in servers:
            server.handle_exit(signal.SIGTERM, None)
        for thread in threads:
            if thread.ident is not None:
                thread.join(timeout=5)
        for _, listener in apps:
            listener.close()


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    # uvicorn ends a failed start with SystemExit, after telling why; who waits for the start tells the rest
    with suppress(SystemExit):
        server.run(sockets=[listener])


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    until = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > until:
            raise RuntimeError("a server did not start; what it wrote above says why")
        time.sleep(0.01)


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C, and a request to end (SIGTERM) too, end the block quietly, wherever it is."""

    def stop(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    in_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, stop) if in_main else None
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        if in_main:
            signal.signal(signal.SIGTERM, before)


def forever() -> None:
    """Waits for a signal."""
    threading.Event().wait()
