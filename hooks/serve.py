"""`nusinersen-cds serve`: the service on one port, with logs that hold no patient data."""

from __future__ import annotations

import errno
import logging
import socket

import uvicorn

from cds.regimens.library import RegimenFaults, UnknownRegimen
from hooks.app import create_app
from hooks.console import UsageError, say
from hooks.settings import Settings, SettingsError


def serve(settings: Settings, host: str, port: int) -> None:
    """Serves until Ctrl-C or SIGTERM. Raises UsageError for settings, a host or a port that cannot be used."""
    try:
        app = create_app(settings)
    except (RegimenFaults, UnknownRegimen, SettingsError, ValueError) as error:
        raise UsageError(str(error)) from None
    with _listen(host, port) as listener:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        for handler in logging.getLogger().handlers:
            handler.addFilter(without_traceback)
        # log_config None: uvicorn's own would print tracebacks, and requests, past the filter above.
        config = uvicorn.Config(app, log_config=None, log_level="info", access_log=False, server_header=False)
        shown = f"[{host}]" if ":" in host else host
        say(f"nusinersen-cds: http://{shown}:{listener.getsockname()[1]}/cds-services, Ctrl-C to stop")
        uvicorn.Server(config).run(sockets=[listener])


def without_traceback(record: logging.LogRecord) -> bool:
    """Lets every record through without its traceback: the text of an error may quote a request."""
    if record.exc_info:
        kind = record.exc_info[0]
        text = f"an error: {kind.__name__ if kind else 'unknown'}"
        vars(record).update(msg=text, args=(), exc_info=None, exc_text=None)
    return True


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
