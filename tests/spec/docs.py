"""Write the generated pages of docs/: `python -m tests.spec.docs`; `--check` says if they are stale."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.docs.not_run import not_run_page
from tests.proof.page import hazard_page
from tests.spec.docs_commands import commands_page
from tests.spec.docs_findings import cards_page, findings_page
from tests.spec.docs_http import http_page, openapi_document
from tests.spec.docs_regimens import regimens_page
from tests.spec.docs_rules import reference
from tests.spec.docs_settings import settings_page
from tests.spec.docs_specification import specification
from tests.spec.docs_validation import validation_page

FOLDER = Path(__file__).parents[2] / "docs"
PAGES = {
    "rules.md": reference,
    "specification.md": specification,
    "settings.md": settings_page,
    "commands.md": commands_page,
    "findings.md": findings_page,
    "cards.md": cards_page,
    "regimens.md": regimens_page,
    "http.md": http_page,
    "commands-not-run.md": not_run_page,
    "openapi.json": openapi_document,
    "safety/hazards.md": hazard_page,
    "safety/validation.md": validation_page,
}


def main(arguments: list[str]) -> int:
    """Write the pages, or say which are stale; returns the exit code."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m tests.spec.docs [--check]", file=sys.stderr)
        return 2
    stale = [name for name, page in PAGES.items() if _on_disk(name) != page()]
    if arguments:
        for name in stale:
            print(f"docs/{name} is stale: run python -m tests.spec.docs", file=sys.stderr)
        return 1 if stale else 0
    for name in stale:
        (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"docs/{name} written")
    return 0


def _on_disk(name: str) -> str | None:
    path = FOLDER / name
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
