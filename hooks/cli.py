"""The command line: `nusinersen-cds serve | sandbox | demo | regimens | check`. Heavy rooms are entered when needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from hooks.console import UsageError, plain_errors

SiteFolder = Annotated[
    Path | None,
    typer.Option("--site-folder", metavar="DIR", help="Folder with the site's own regimen and code files."),
]

app = typer.Typer(
    name="nusinersen-cds",
    help="Checks the dosing intervals of nusinersen against the label: a CDS Hooks service, and the same on files.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


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
app.add_typer(regimens_app, name="regimens")


@regimens_app.callback()
def regimens(context: typer.Context, site_folder: SiteFolder = None) -> None:
    """List the regimens: id, version, verified or what is missing, digest of the files, title."""
    if context.invoked_subcommand is None:
        with plain_errors():
            from hooks.show_regimens import library, show_all

            show_all(library(_site_folder(site_folder)))
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
            show(library(_site_folder(site_folder or context.obj)).get(regimen))
        except UnknownRegimen as unknown:
            raise UsageError(str(unknown)) from None


@regimens_app.command("check")
def check_regimens(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with the site's own files.")],
) -> None:
    """Tell every fault of every file of a site's folder. Exit code 2 with faults, 0 without."""
    with plain_errors():
        from hooks.show_regimens import check_folder

        check_folder(folder)


def _site_folder(given: Path | None) -> Path | None:
    from hooks.settings import SettingsError, load_for_check

    try:
        return load_for_check(site_folder=given).site_folder
    except SettingsError as error:
        raise UsageError(str(error)) from None


def main() -> None:
    """The console script."""
    app(prog_name="nusinersen-cds")
