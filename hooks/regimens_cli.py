"""The commands `regimens`: the list, one regimen, a site's own files, and regimens for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hooks.console import UsageError, plain_errors
from hooks.options import SiteFolder, folder, site_folder_of


class ShowsByDefault(TyperGroup):
    """A group in which `regimens ID` means `regimens show ID`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command of the first word, or `show` where it is none."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


regimens_app = typer.Typer(
    cls=ShowsByDefault,
    invoke_without_command=True,
    rich_markup_mode=None,
    help="List the regimens; show one with its sources; check a folder of a site's own files.",
)


@regimens_app.callback()
def regimens(context: typer.Context, site_folder: SiteFolder = None) -> None:
    """List the regimens: id, version, verified or what is missing, digest of the files, title."""
    if context.invoked_subcommand is None:
        with plain_errors():
            from hooks.show_regimens import library, show_all

            show_all(library(site_folder_of(site_folder)))
    else:
        context.obj = site_folder


@regimens_app.command("show")
def show_regimen(
    context: typer.Context,
    regimen: Annotated[str, typer.Argument(metavar="ID", help="A regimen of the list.")],
    site_folder: SiteFolder = None,
) -> None:
    """Show one regimen: steps, delays, codes, sources, notes. `regimens ID` does the same."""
    with plain_errors():
        from cds.regimens.library import UnknownRegimen
        from hooks.show_regimens import library, show

        try:
            show(library(site_folder_of(site_folder or context.obj)).get(regimen))
        except UnknownRegimen as unknown:
            raise UsageError(str(unknown)) from None


@regimens_app.command("check")
def check_regimens(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", parser=folder, help="Folder with the site's own files.")],
) -> None:
    """Tell every fault of every file of a site's folder. Exit code 2 with faults, 0 without."""
    with plain_errors():
        from hooks.show_regimens import check_folder

        check_folder(folder)


@regimens_app.command("schema")
def schema_of_files(
    kind: Annotated[str, typer.Argument(metavar="regimen|drug|codes|timeline", help="The kind of file.")],
) -> None:
    """Print the JSON Schema of a kind of file, for editors that check files while they are written."""
    with plain_errors():
        from hooks.export_regimens import print_schema

        print_schema(kind)


@regimens_app.command("export")
def export_regimens(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID", help="Regimens of the list.")],
    site_folder: SiteFolder = None,
) -> None:
    """Print regimens as FHIR PlanDefinitions (R4B), one JSON object a line, for other systems to read."""
    with plain_errors():
        from hooks.export_regimens import print_plans
        from hooks.show_regimens import library

        print_plans(library(site_folder_of(site_folder or context.obj)), ids)
