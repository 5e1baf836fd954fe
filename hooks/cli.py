"""The command line: `nusinersen-cds serve | check | ...`. Heavy rooms are entered when needed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hooks.audit_cli import audit_exports
from hooks.conformance.cli import EXIT_CODES, conformance
from hooks.console import UsageError, output, output_failed, plain_errors
from hooks.options import (
    ClientId,
    HistoryCompleteSince,
    KeyFile,
    RegimenId,
    RegimenTimeline,
    SiteFolder,
    TimeZone,
    ToleranceLoading,
    ToleranceMaintenance,
    check_settings,
    loaded,
)
from hooks.regimens_cli import regimens_app
from hooks.wording_cli import wording_app

_EXIT_CODES = """\b
Exit codes:
  0    no critical finding and no warning
  1    findings: at least one is critical or a warning
  2    bad usage or bad input: an unknown option, a missing file, a bad date,
       no FHIR resource to assess, a patient whom the server does not know
  3    a history could not be read, or not whole: a server, file, line or
       Bundle is broken, or a dose names no patient; the rest is assessed
       and says `history-incomplete`
  70   a fault of this program; please report it
  74   results or messages cannot be written: a full disk, a closed output
  130  stopped by Ctrl-C
  141  whoever read the output has gone
  Where several of the first four apply: 2 before 3 before 1. After 70 and
  above the results are not whole."""


_DOCTOR_EXIT_CODES = """\b
Exit codes:
  0    no check found anything
  1    a warning: the service works, and something should be known or mended
  2    bad usage: an unknown option, no base URL, a key that cannot be read
  3    a check failed: the service cannot work with this server, or would be
       misled by it
  Checks that were not possible say why, and do not count. 70 and above as
  with `check`."""

app = typer.Typer(
    name="nusinersen-cds",
    help="Checks the dosing intervals of nusinersen against the label: a CDS Hooks service, and the same on files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _say_version(asked: bool) -> None:
    if asked:
        with plain_errors(), output():
            from importlib.metadata import version

            typer.echo(f"nusinersen-cds {version('nusinersen-cds')}")
        raise typer.Exit


@app.callback()
def every_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """What stands before a command."""


app.add_typer(regimens_app, name="regimens")
app.add_typer(wording_app, name="wording")


@app.command("check", epilog=_EXIT_CODES, no_args_is_help=True)
def check_histories(  # noqa: PLR0913, PLR0917  each is an option
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Bundle, resource or NDJSON file, plain or .gz; a folder of them; or the base URL of a FHIR server.",
            show_default=False,
        ),
    ],
    regimen: RegimenId = None,
    regimen_timeline: RegimenTimeline = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="Day to judge on, YYYY-MM-DD. Default: today.")
    ] = None,
    proposed: Annotated[
        list[str] | None,
        typer.Option("--proposed", metavar="DATE", help="Judge a dose on this date too. Can be repeated."),
    ] = None,
    patient: Annotated[
        list[str] | None,
        typer.Option("--patient", metavar="ID", help="Only this patient; needed for a server. Can be repeated."),
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="text|json|ndjson", help="How to write.")] = "text",
    time_zone: TimeZone = None,
    tolerance_loading: ToleranceLoading = None,
    tolerance_maintenance: ToleranceMaintenance = None,
    history_complete_since: HistoryCompleteSince = None,
    site_folder: SiteFolder = None,
    client_id: ClientId = None,
    key: KeyFile = None,
) -> None:
    """Assess every patient in files, folders or a FHIR server.

    Assessments go to standard output, one JSON object a line with `--format ndjson`; all else goes to standard
    error. Records are grouped by subject. The server is shown a bearer token from the variable
    NUSINERSEN_CDS_FHIR_TOKEN, or one that it issues to --client-id for the key in --key (SMART Backend Services).
    Most options have variables too, and options are stronger.
    """
    with plain_errors():
        from hooks.check import Format, check
        from hooks.question import ask

        if form not in list(Format):
            raise UsageError(f"--format: {form!r} is no format; write one of: {', '.join(Format)}")
        settings = check_settings(
            regimen=regimen or None,
            regimen_timeline=regimen_timeline,
            time_zone=time_zone,
            site_folder=site_folder,
            tolerance_loading=tolerance_loading,
            tolerance_maintenance=tolerance_maintenance,
            history_complete_since=history_complete_since,
            fhir_client_id=client_id,
            fhir_key_file=key,
        )
        question = ask(settings, on, proposed or [])
        raise typer.Exit(check(inputs, patient or [], question, Format(form), settings))


@app.command("doctor", epilog=_DOCTOR_EXIT_CODES, no_args_is_help=True)
def doctor(
    base_url: Annotated[str, typer.Argument(metavar="BASE_URL", help="Base URL of a FHIR server.")],
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="ID", help="A patient there who has had the drug.")
    ] = None,
    form: Annotated[str, typer.Option("--format", metavar="text|json", help="How to write.")] = "text",
    time_zone: TimeZone = None,
    regimen: RegimenId = None,
    site_folder: SiteFolder = None,
    client_id: ClientId = None,
    key: KeyFile = None,
) -> None:
    """Check a FHIR server for what the service needs of it, and say in plain words what is missing.

    The first thing to run against a new server. It reads as the service does, changes nothing there, and prints no
    patient data but counts. The server is shown what `check` shows it: a bearer token from NUSINERSEN_CDS_FHIR_TOKEN,
    or one that it issues to --client-id for the key in --key. --regimen names the drug, and nothing else.
    """
    with plain_errors():
        from hooks.doctor.run import examine
        from hooks.doctor.show import Format

        if form not in list(Format):
            raise UsageError(f"--format: {form!r} is no format; write one of: {', '.join(Format)}")
        settings = check_settings(
            regimen=regimen or None,
            time_zone=time_zone,
            site_folder=site_folder,
            fhir_client_id=client_id,
            fhir_key_file=key,
        )
        raise typer.Exit(examine(base_url, patient, Format(form), settings))


@app.command("keys", no_args_is_help=True)
def keys(
    output_file: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="New file for the private key; it is never overwritten.")
    ],
    algorithm: Annotated[str, typer.Option("--algorithm", metavar="ES384|RS384", help="How it signs.")] = "ES384",
) -> None:
    """Make a key pair for SMART Backend Services. The private key goes to OUTPUT, the public key set is printed."""
    with plain_errors():
        from hooks.keys import make_keys

        make_keys(output_file, algorithm)


@app.command()
def serve(  # noqa: PLR0913, PLR0917  each is an option
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    regimen: RegimenId = None,
    time_zone: TimeZone = None,
    tolerance_loading: ToleranceLoading = None,
    tolerance_maintenance: ToleranceMaintenance = None,
    history_complete_since: HistoryCompleteSince = None,
    site_folder: SiteFolder = None,
    tls_certificate: Annotated[
        Path | None,
        typer.Option("--tls-certificate", metavar="FILE", help="Certificate to serve by; default: plain HTTP."),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="Its key, where it is in another file.")
    ] = None,
    tls_client_ca: Annotated[
        Path | None, typer.Option("--tls-client-ca", metavar="FILE", help="Let in only clients with its certificates.")
    ] = None,
) -> None:
    """Serve CDS Hooks until Ctrl-C. Every setting is also a variable NUSINERSEN_CDS_...; options are stronger."""
    with plain_errors():
        from hooks.serve import serve as serve_hooks
        from hooks.settings import load

        settings = loaded(
            load,
            regimen=regimen or None,
            time_zone=time_zone,
            site_folder=site_folder,
            tolerance_loading=tolerance_loading,
            tolerance_maintenance=tolerance_maintenance,
            history_complete_since=history_complete_since,
            tls_certificate=tls_certificate,
            tls_key=tls_key,
            tls_client_ca=tls_client_ca,
        )
        serve_hooks(settings, host, port)


app.command("audit", epilog=_EXIT_CODES, no_args_is_help=True)(audit_exports)
app.command("conformance", epilog=EXIT_CODES, no_args_is_help=True)(conformance)


@app.command()
def feedback(
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Decisions from this day on (UTC).")] = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Decisions to the end of this day.")] = None,
    form: Annotated[str, typer.Option("--format", metavar="text|json", help="How to write.")] = "text",
    comments: Annotated[bool, typer.Option("--comments", help="Show the comments that are kept, as JSON.")] = False,
) -> None:
    """Show what became of the cards: accepted, overridden and why, by kind of card and by finding."""
    with plain_errors():
        from hooks.app import now
        from hooks.journal_commands import show_feedback

        show_feedback(since=since, until=until, form=form, comments=comments, now=now)


@app.command(no_args_is_help=True)
def decisions(
    patient: Annotated[str | None, typer.Option(metavar="ID", help="Decisions about this patient.")] = None,
    site: Annotated[str, typer.Option(metavar="ID", help="Site of the patient.")] = "default",
    incident: Annotated[str | None, typer.Option(metavar="ID", help="The decision of this incident.")] = None,
) -> None:
    """Show decisions of the journal as JSON lines: those about a patient, or that of an incident."""
    with plain_errors():
        from hooks.app import now
        from hooks.journal_commands import show_decisions

        show_decisions(patient=patient, site=site, incident=incident, now=now)


@app.command(no_args_is_help=True)
def views(
    patient: Annotated[str | None, typer.Option(metavar="ID", help="Looks at pages of this patient.")] = None,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Looks of this user, such as Practitioner/7.")] = None,
    site: Annotated[str, typer.Option(metavar="ID", help="Site of the patient or user.")] = "default",
) -> None:
    """Show who looked at which page, as JSON lines. Pages about many patients name none."""
    with plain_errors():
        from hooks.app import now
        from hooks.journal_commands import show_views

        show_views(patient=patient, user=user, site=site, now=now)


@app.command()
def purge(
    days: Annotated[int | None, typer.Option(min=1, help="Default: the setting retention_days.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be removed, and remove nothing.")
    ] = False,
) -> None:
    """Remove decisions, with the feedback on their cards, that are older than the retention."""
    with plain_errors():
        from hooks.app import now
        from hooks.journal_commands import remove_old

        remove_old(days=days, dry_run=dry_run, now=now)


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on, at 127.0.0.1.")] = 8001,
    into: Annotated[
        str | None,
        typer.Option(
            "--into", metavar="URL", help="Serve nothing: put the patients into this FHIR server, for a trial."
        ),
    ] = None,
) -> None:
    """Serve the FHIR sandbox with its made-up patients until Ctrl-C. Needs the extra [sandbox], but for --into."""
    with plain_errors(), _ports("--port"):
        if into is not None:
            from hooks.app import now
            from hooks.sandbox.fill import fill

            fill(into, now().date())
            return
        from hooks.sandbox.demo import run_sandbox

        run_sandbox(port)


@app.command()
def demo(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the service.")] = 8000,
    sandbox_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the sandbox.")] = 8001,
    regimen: Annotated[
        str | None, typer.Option(help="Ids of other regimens to judge by, such as us-12mg, between spaces.")
    ] = None,
) -> None:
    """Start sandbox and service on 127.0.0.1, show the cards of the demo patients, serve until Ctrl-C."""
    with plain_errors(), _ports("--port or --sandbox-port"):
        from hooks.sandbox.demo import demo_settings, run_demo

        run_demo(port, sandbox_port, settings=None if regimen is None else demo_settings(regimen))


@contextmanager
def _ports(options: str) -> Iterator[None]:
    """Says the options where a port is in use: the message of the demo names the variables of `make run`."""
    from hooks.sandbox.running import PortInUse
    from hooks.settings import SettingsError

    try:
        yield
    except PortInUse as error:
        raise UsageError(f"{error} for make run, or {options}") from None
    except SettingsError as error:
        raise UsageError(str(error)) from None


def main() -> None:
    """The console script."""
    try:
        app(prog_name="nusinersen-cds")
    except OSError as error:
        # of the help, which is written outside of the commands
        sys.exit(output_failed(f"the help cannot be written ({error.strerror})"))


if __name__ == "__main__":
    main()
