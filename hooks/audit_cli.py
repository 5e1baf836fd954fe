"""The command `audit` and its options."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from hooks.audit_options import Options
from hooks.console import UsageError, plain_errors
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
    folder,
)

_DRAWING = ("jinja2", "matplotlib")
"""What only the report needs, imported at the end: that it is missing is said at the beginning."""


def _needed(name: str | None) -> str:
    return f"the audit needs {name}: pip install 'nusinersen-cds[audit]'"


def audit_exports(  # noqa: PLR0913, PLR0917  each is an option
    output: Annotated[Path, typer.Option("--output", metavar="DIR", parser=folder, help="Folder to write to.")],
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT",
            help="NDJSON, Bundle or resource, plain, .gz or .zst; Parquet; a manifest; a folder of them; or the base"
            " URL of a FHIR server.",
            show_default=False,
        ),
    ] = None,
    export: Annotated[
        str | None, typer.Option("--export", metavar="BASE_URL", help="Have this FHIR server make a Bulk Data export.")
    ] = None,
    group: Annotated[
        str | None, typer.Option("--group", metavar="ID", help="Export the patients of this Group only.")
    ] = None,
    export_since: Annotated[
        str | None,
        typer.Option(
            "--export-since", metavar="INSTANT", help="Export what has changed since; INPUT is an earlier one."
        ),
    ] = None,
    export_store: Annotated[
        list[str] | None,
        typer.Option(
            "--export-store",
            metavar="URL",
            help="Fetch files of the export from this server too, without the token. Can be repeated.",
            show_default=False,
        ),
    ] = None,
    parallel: Annotated[
        int,
        typer.Option("--parallel", min=1, max=64, metavar="N", help="Patients, or types, read from a server at once."),
    ] = 4,
    server: Annotated[
        str | None,
        typer.Option(
            "--server", metavar="BASE_URL", help="FHIR server that files were exported from; worklists open it."
        ),
    ] = None,
    client_id: ClientId = None,
    key: KeyFile = None,
    regimen: RegimenId = None,
    regimen_timeline: RegimenTimeline = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="Day to judge on, YYYY-MM-DD. Default: today.")
    ] = None,
    severity: Annotated[
        str, typer.Option("--severity", metavar="critical|warning|info", help="The least of the findings to list.")
    ] = "info",
    patients: Annotated[
        Path | None, typer.Option("--patients", metavar="FILE", parser=folder, help="Only these: one id a line.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="List findings of doses from this day on only.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, metavar="N", help="Only so many patients, always the same ones.")
    ] = None,
    identifiers: Annotated[
        str | None,
        typer.Option(
            "--identifiers",
            metavar="plain|hash|none",
            help="How references stand in the files. Default: hash in the report, plain in the others.",
        ),
    ] = None,
    identifier_key: Annotated[
        Path | None,
        typer.Option(
            "--identifier-key", metavar="FILE", parser=folder, help="Key of the hashes. Default: one of this machine."
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Parse every line, so that every broken one is found.")
    ] = False,
    parquet_column: Annotated[
        str,
        typer.Option("--parquet-column", metavar="NAME", help="Column of Parquet files with the resources, as JSON."),
    ] = "resource",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an audit that was interrupted, if one is left in DIR.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, metavar="N", help="Processes. Default: one for each core.")
    ] = None,
    engine: Annotated[
        str,
        typer.Option("--engine", metavar="embedded|spark", help="Who does the work. Spark needs the extra [spark]."),
    ] = "embedded",
    master: Annotated[
        str | None,
        typer.Option("--master", metavar="URL", help="Where Spark runs, such as spark://HOST:7077 or local[4]."),
    ] = None,
    time_zone: TimeZone = None,
    tolerance_loading: ToleranceLoading = None,
    tolerance_maintenance: ToleranceMaintenance = None,
    history_complete_since: HistoryCompleteSince = None,
    site_folder: SiteFolder = None,
) -> None:
    """Audit the historic administrations of many patients. Needs the extra [audit].

    Writes report.html, assessments.ndjson, findings.csv and .parquet, recall.csv, detected-issues.ndjson,
    measure-report.json, summary.json, and ledger.json, which accounts for every line of the input.
    """
    with plain_errors():
        from hooks.question import ask

        try:
            from hooks.audit import run_audit
            from hooks.audit_identifiers import identifiers_of
            from hooks.engines import engine_of
        except ModuleNotFoundError as missing:
            raise UsageError(_needed(missing.name)) from None
        absent = [name for name in _DRAWING if find_spec(name) is None]
        if absent:
            raise UsageError(_needed(absent[0]))
        chosen = engine_of(engine, jobs=jobs, master=master)
        settings = check_settings(
            regimen=regimen or None,
            regimen_timeline=regimen_timeline,
            time_zone=time_zone,
            site_folder=site_folder,
            tolerance_loading=tolerance_loading,
            tolerance_maintenance=tolerance_maintenance,
            history_complete_since=history_complete_since,
            identifier_key_file=identifier_key,
            fhir_client_id=client_id,
            fhir_key_file=key,
        )
        shown = identifiers_of(identifiers, settings)
        question = ask(settings, on, [])
        options = Options(
            settings,
            strict=strict,
            severity=severity,
            patients=patients,
            since=since,
            sample=sample,
            resume=resume,
            parquet_column=parquet_column,
            export=export,
            group=group,
            export_since=export_since,
            export_stores=tuple(export_store or ()),
            parallel=parallel,
            server=server,
        )
        raise typer.Exit(run_audit(inputs or [], question, output, shown, options, chosen))
