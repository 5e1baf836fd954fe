"""The settings that the pages show, as variables or as the file of several sites, are taken as they stand there."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from hooks.settings import PREFIX, load
from tests.docs.blocks import Block, blocks, pages

SHOWN = [block for page in pages() for block in blocks(page) if block.language == "ini"]
REST = {"REGIMEN": "eu-12mg", "TIME_ZONE": "Europe/Stockholm", "PUBLIC_URL": "https://cds.example.invalid"}
"""What a service must have, where a block shows other settings."""
ALONE = {"CLIENT_AUTH": "off"}


def variables(text: str) -> dict[str, str]:
    """The variables of a block, as a shell reads them."""
    return dict(word.split("=", 1) for word in shlex.split(text, comments=True))


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: f"{block.page}:{block.line}")
def test_the_variables_of_a_block_are_settings_with_good_values(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = variables(block.text)
    assert shown
    given = {f"{PREFIX}{name}": value for name, value in {**ALONE, **REST}.items()} | shown
    if f"{PREFIX}CLIENTS" in shown:
        del given[f"{PREFIX}CLIENT_AUTH"]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    load()


def test_the_file_of_several_sites_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [shown] = [block for block in blocks("docs/sites.md") if block.language == "toml"]
    (tmp_path / "sites.toml").write_text(shown.text, "utf-8")
    monkeypatch.setenv(f"{PREFIX}SITES_FILE", str(tmp_path / "sites.toml"))
    monkeypatch.setenv(f"{PREFIX}PUBLIC_URL", REST["PUBLIC_URL"])
    assert [site.id for site in load().sites()] == ["north", "south"]
