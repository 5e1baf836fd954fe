"""`nusinersen-cds wording`: what another language begins with, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

from tests.cards.languages import NAME, made_up, write
from tests.cli.files import run


def test_the_shipped_words_are_a_file_to_begin_with(tmp_path: Path) -> None:
    shown = run("wording", "shipped")
    assert shown.exit_code == 0
    text = shown.stdout
    (tmp_path / "en-ward.toml").write_text(text.replace('locale = "en"', 'locale = "en-ward"', 1), encoding="utf-8")
    checked = run("wording", "check", str(tmp_path))
    assert checked.exit_code == 0
    assert f"{tmp_path}: no fault; languages: en-ward" in checked.stderr


def test_a_folder_without_a_file_has_no_language(tmp_path: Path) -> None:
    checked = run("wording", "check", str(tmp_path))
    assert checked.exit_code == 0
    assert "no fault; languages: none" in checked.stderr


def test_faults_are_told_with_file_and_key(tmp_path: Path) -> None:
    content = made_up()
    del content["phrases"]["dose"]
    content["phrases"]["on"] = "x"
    checked = run("wording", "check", str(write(tmp_path, content)))
    assert checked.exit_code == 2
    said = checked.stderr
    assert "2 faults in the files of wording" in said
    assert f"{tmp_path / NAME}.toml: phrases.dose: is missing; the shipped text is 'Dose'" in said
    assert f"{tmp_path / NAME}.toml: phrases.on: names nothing; it must name {{date}}" in said
