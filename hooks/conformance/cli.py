"""The options of `nusinersen-cds conformance`. Light: what it needs is imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.console import output, plain_errors

EXIT_CODES = """\b
Exit codes:
  0    no check of severity error failed (with --strict: nor a warning)
  1    at least one did
  2    bad usage: an unknown option, a key or a request that cannot be read
  3    the service is not reachable
  70   a fault of this program; please report it
  74   results or messages cannot be written: a full disk, a closed output
  130  stopped by Ctrl-C
  141  whoever read the output has gone"""


def _list(asked: bool) -> None:
    if asked:
        with plain_errors(), output():
            from hooks.conformance.report import list_checks
            from hooks.conformance.table import CHECKS

            list_checks(CHECKS.values())
        raise typer.Exit


def conformance(  # noqa: PLR0913, PLR0917  each is an option
    url: Annotated[str, typer.Argument(metavar="URL", help="Base URL of the service, or that of its /cds-services.")],
    hook: Annotated[list[str] | None, typer.Option(metavar="HOOK", help="Only this hook. Can be repeated.")] = None,
    service: Annotated[list[str] | None, typer.Option(metavar="ID", help="Only this service. Can be repeated.")] = None,
    request: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A request to send, in place of the sample for its hook. Can be repeated."),
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Private key (PEM or JWK) that signs a JWT for each call.")
    ] = None,
    key_id: Annotated[
        str | None, typer.Option(metavar="KID", help="The `kid` of the key. Default: that of the JWK.")
    ] = None,
    issuer: Annotated[str | None, typer.Option(metavar="ISS", help="The `iss` of the JWT; needed with --key.")] = None,
    jku: Annotated[str | None, typer.Option(metavar="URL", help="The `jku` of the JWT.")] = None,
    tenant: Annotated[str | None, typer.Option(metavar="TENANT", help="The `tenant` of the JWT.")] = None,
    token: Annotated[
        str | None, typer.Option(metavar="TOKEN", help="The same bearer token for each call, in place of a key.")
    ] = None,
    ca_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificates (PEM) of the authorities to trust.")
    ] = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", min=0.1, help="Time for one call.")] = 10.0,
    feedback: Annotated[
        bool, typer.Option("--feedback/--no-feedback", help="Send feedback on a card; the service keeps it.")
    ] = True,
    crd: Annotated[bool, typer.Option("--crd", help="Also check what only Da Vinci CRD demands.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="A failed check of severity warning counts too.")] = False,
    form: Annotated[str, typer.Option("--format", metavar="text|json", help="How to write.")] = "text",
    _: Annotated[bool, typer.Option("--list", callback=_list, is_eager=True, help="List the checks and exit.")] = False,
) -> None:
    """Check any CDS Hooks 2.0 service from outside: discovery, calls, cards, errors, feedback, tokens, browsers.

    Without --request it sends made-up patients, and with --key also tokens that must be refused. Results go to
    standard output, all else to standard error. No call goes through a proxy.
    """
    with plain_errors():
        from hooks.app import now
        from hooks.conformance.command import Options
        from hooks.conformance.command import conformance as check

        options = Options(
            url=url,
            hooks=hook or (),
            services=service or (),
            requests=request or (),
            token=token,
            key=key,
            key_id=key_id,
            issuer=issuer,
            jku=jku,
            tenant=tenant,
            ca_file=ca_file,
            seconds=timeout,
            form=form,
            crd=crd,
            strict=strict,
            feedback=feedback,
        )
        raise typer.Exit(check(options, clock=now))
