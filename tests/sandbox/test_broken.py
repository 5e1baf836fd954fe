"""Input that must be refused: `nusinersen-cds check` says what is wrong and ends with the exit code of the table."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from hooks.cli import app
from hooks.sandbox.folder import only, read_toml

# Not hooks.sandbox.folder: the wheel does not carry this folder.
FOLDER = Path(__file__).parents[2] / "fixtures" / "broken"
TABLES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
def test_a_broken_file_is_refused_with_its_message(table: Path) -> None:
    said = only(read_toml(table), needed={"what", "exit", "says"}, allowed=set(), where=table.name)
    file = table.with_suffix("")
    options = ["--regimen", "eu-12mg", "--time-zone", "Asia/Kathmandu", "--on", "2026-05-01", "--format", "ndjson"]
    result = CliRunner().invoke(app, ["check", str(file), *options])
    assert [words for words in said["says"] if words not in result.stderr] == [], result.stderr
    assert result.exit_code == said["exit"]


def test_every_file_has_its_table_and_every_table_its_file() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.suffix != ".toml"}
    assert files == {table.stem for table in TABLES}
    assert len(files) >= 12
