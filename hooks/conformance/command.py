"""`nusinersen-cds conformance`: its options, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import typer

from hooks.conformance.report import as_json, as_text
from hooks.conformance.results import Outcome, Result, Severity
from hooks.conformance.run import Plan, run
from hooks.conformance.tokens import Credentials, FixedToken, signer
from hooks.conformance.transport import Caller, NotReachableError, Transport, connect
from hooks.console import ExitCode, UsageError, output, say

FORMATS = ("text", "json")
_DISCOVERY = "/cds-services"


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command as they were given."""

    url: str
    hooks: Sequence[str] = ()
    services: Sequence[str] = ()
    requests: Sequence[Path] = ()
    token: str | None = None
    key: Path | None = None
    key_id: str | None = None
    issuer: str | None = None
    jku: str | None = None
    tenant: str | None = None
    ca_file: Path | None = None
    seconds: float = 10.0
    form: str = "text"
    crd: bool = False
    strict: bool = False
    feedback: bool = True


def conformance(
    options: Options, *, clock: Callable[[], datetime], transport: Transport | None = None, timer: Any = None
) -> ExitCode:
    """Runs the checks and prints them on standard output. Raises UsageError for what the user can mend."""
    if options.form not in FORMATS:
        raise UsageError(f"--format: {options.form!r} is no format; write one of: {', '.join(FORMATS)}")
    base = base_url(options.url)
    plan = Plan(
        frozenset(options.hooks),
        frozenset(options.services),
        [(str(path), _request(path)) for path in options.requests],
        options.crd,
        options.feedback,
    )
    credentials = _credentials(options, clock)
    try:
        http = connect(seconds=options.seconds, ca_file=options.ca_file, transport=transport)
    except OSError as error:
        raise UsageError(f"--ca-file: cannot be read ({error.strerror or error})") from None
    with closing(http):
        caller = Caller(base, http, credentials, *([timer] if timer else []))
        try:
            results = run(plan, caller, clock=clock)
        except NotReachableError as error:
            say(f"nusinersen-cds: {base}{_DISCOVERY} is not reachable: {error}")
            return ExitCode.NOT_READ
    with output():
        typer.echo(as_json(base, results) if options.form == "json" else as_text(base, results))
    return _exit_code(results, strict=options.strict)


def base_url(given: str) -> str:
    """The URL before `/cds-services`, which may be given with it. Raises UsageError where it is no http(s) URL."""
    base = given.strip().rstrip("/").removesuffix(_DISCOVERY)
    try:
        parts = urlsplit(base)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.query and not parts.fragment
    except ValueError:
        usable = False
    if not usable:
        raise UsageError("URL: is no http or https URL; give the base URL of the service, or that of its /cds-services")
    return base


def _request(path: Path) -> dict[str, Any]:
    try:
        body = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"--request: {path} cannot be read ({error.strerror})") from None
    except orjson.JSONDecodeError as error:
        raise UsageError(f"--request: {path} is no JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(body, dict) or not isinstance(body.get("hook"), str):
        raise UsageError(f"--request: {path} is no request to a CDS service: give an object with hook and context")
    return body


def _credentials(options: Options, clock: Callable[[], datetime]) -> Credentials:
    if options.key is None:
        if options.token is not None and not options.token.strip():
            raise UsageError("--token: is empty, from a variable that is not set perhaps")
        return FixedToken(options.token)
    if options.token is not None:
        raise UsageError("--key, --token: give one of them")
    if not options.issuer:
        raise UsageError("--issuer: is needed with --key: the `iss` by which the service knows the client")
    try:
        text = options.key.read_bytes()
    except OSError as error:
        raise UsageError(f"--key: cannot be read ({error.strerror})") from None
    return signer(
        text,
        clock=clock,
        key_id=options.key_id,
        issuer=options.issuer,
        jku=options.jku,
        tenant=options.tenant,
    )


def _exit_code(results: Sequence[Result], *, strict: bool) -> ExitCode:
    telling = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    failed = any(one.outcome is Outcome.FAILED and one.check.severity in telling for one in results)
    return ExitCode.FINDINGS if failed else ExitCode.CLEAR
