"""`nusinersen-cds serve`: the service on one port, with logs that hold no patient data."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from logging import WARNING
from typing import Any

import uvicorn
from prometheus_client import start_http_server

from cds.regimens.library import RegimenFaults, UnknownRegimen
from hooks.app import create_app
from hooks.collector import settle_collector
from hooks.console import UsageError, say
from hooks.operations.entrance import Operations
from hooks.operations.logs import LogFormat, event, log_lines
from hooks.operations.metrics import Metrics
from hooks.operations.traces import NoTraces, Traces, open_traces
from hooks.security.urls import is_loopback
from hooks.settings import PREFIX, Settings, SettingsError
from hooks.tls import tls_context


def serve(settings: Settings, host: str, port: int) -> None:
    """Serves until Ctrl-C or SIGTERM. Raises UsageError for settings, a host or a port that cannot be used."""
    # around all of it: what is made ready before the first call has something to say too
    with log_lines(settings.log_format, settings.log_level):
        _serve(settings, host, port)


def _serve(settings: Settings, host: str, port: int) -> None:
    operations = Operations(traces=_traces(settings))
    try:
        app = create_app(settings, operations=operations)
        tls = tls_context(settings)
    except (RegimenFaults, UnknownRegimen, SettingsError, ValueError) as error:
        raise UsageError(str(error)) from None
    settle_collector()
    with _listen(host, port) as listener, _metrics(settings, host, operations.metrics):
        shown = f"[{host}]" if ":" in host else host
        url = f"{'http' if tls is None else 'https'}://{shown}:{listener.getsockname()[1]}/cds-services"
        if settings.log_format is LogFormat.TEXT:
            say(f"nusinersen-cds: {url}, Ctrl-C to stop")
        else:
            event("serving", url=url)
        if tls is None and not is_loopback(host):
            event("plain-http", WARNING, why="tokens and patient data come unencrypted, unless a proxy ends TLS before")
        options = server_options(settings.shutdown_seconds, settings.trusted_proxies)
        # uvicorn asks for a factory, and would read the files again
        factory = None if tls is None else lambda *_: tls
        uvicorn.Server(uvicorn.Config(app, ssl_context_factory=factory, **options)).run(sockets=[listener])


def server_options(shutdown_seconds: int, trusted_proxies: Iterable[str] = ()) -> dict[str, Any]:
    """How every server of ours runs: with our log lines alone, since its own show paths and the texts of errors;
    without web sockets, which nothing here speaks; with limits for the heads of requests; with `shutdown_seconds` for
    calls in flight at a stop; and believing the X-Forwarded headers of `trusted_proxies` alone, which uvicorn would
    otherwise take from the environment."""
    return {
        "http": _connection(),
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "ws": "none",
        "proxy_headers": bool(trusted_proxies),
        "forwarded_allow_ips": list(trusted_proxies),
        "timeout_graceful_shutdown": shutdown_seconds,
    }


def _connection() -> Any:
    if sys.platform == "win32":
        # httptools is not there; h11 has a limit of its own for the size of a head
        return "h11"
    from hooks.connection import Connection

    return Connection


def _traces(settings: Settings) -> Traces:
    if not settings.tracing:
        return NoTraces()
    endpoint = str(settings.tracing_endpoint) if settings.tracing_endpoint else None
    return open_traces(endpoint=endpoint, share=settings.tracing_share, to_servers=settings.tracing_to_servers)


@contextmanager
def _metrics(settings: Settings, host: str, metrics: Metrics) -> Iterator[None]:
    """The port for metrics, where the site has one, served by a thread of its own."""
    if settings.metrics_port is None:
        yield
        return
    try:
        server, thread = start_http_server(settings.metrics_port, host, metrics.registry)
    except OSError as error:
        what = f"{PREFIX}METRICS_PORT: port {settings.metrics_port} of {host} cannot be used ({error.strerror})"
        raise UsageError(f"{what}; choose another one") from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket. It is taken before the server starts, so that a busy port has one clear message."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"port {port} of {host} is in use; choose another one with --port") from None
        if error.errno == errno.EACCES:
            raise UsageError(f"port {port} needs more rights; choose one above 1023 with --port") from None
        # the standard library adds the address, which is said already
        why = str(error.strerror).partition(" (while")[0]
        raise UsageError(f"cannot listen on {host} ({why}); choose an address with --host") from None
