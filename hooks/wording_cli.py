"""The commands `wording`: the shipped words of the cards, and a folder with those of other languages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hooks.console import UsageError, output, plain_errors, say
from hooks.options import folder

wording_app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="The words of the cards: print the shipped ones; check a folder with those of other languages.",
)


@wording_app.command("shipped")
def print_shipped() -> None:
    """Print the shipped words, English, as the file that another language begins with."""
    from hooks.wording_files import shipped_text

    with plain_errors(), output():
        typer.echo(shipped_text(), nl=False)


@wording_app.command("check")
def check_wordings(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", parser=folder, help="Folder with one file a language.")],
) -> None:
    """Tell every fault of every file of a folder of wordings. Exit code 2 with faults, 0 without."""
    from cds.regimens.faults import RegimenFaults
    from hooks.wording_files import SHIPPED, read_wordings

    with plain_errors():
        try:
            found = [name for name in read_wordings(folder) if name != SHIPPED]
        except RegimenFaults as faults:
            raise UsageError(str(faults)) from None
        say(f"{folder}: no fault; languages: {', '.join(found) or 'none'}")
