"""`check` over records and requests that others have published: no traceback, and each is accounted for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import published
from tests.cli.files import check

pytestmark = pytest.mark.published

FOLDERS = ("R4", "R5", "other")


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("form", ["ndjson", "text"])
def test_every_record_of_a_folder_is_accounted_for(folder: str, form: str) -> None:
    files = published.files(f"medication-administration/{folder}/*.json")
    ended = check(published.FOLDER / "medication-administration" / folder, form=form)
    assert ended.exit_code == 0, ended.stderr
    account = re.compile(r"^Read from \d+ files: (\d+) MedicationAdministrations: (.*)\.$", re.MULTILINE)
    [(total, parts)] = account.findall(ended.stderr)
    assert int(total) == len(files) > 0
    assert sum(int(number) for number in re.findall(r"\d+", parts)) == len(files)


@pytest.mark.parametrize("path", published.files("medication-administration/*/*.json"), ids=lambda path: path.name)
def test_every_record_alone_ends_without_a_fault_of_the_program(path: Path) -> None:
    ended = check(path)
    assert ended.exit_code in {0, 3} or "Rejected" in ended.stderr
    assert "MedicationAdministration" in ended.stderr
    assert "1 patient assessed" in ended.stderr or "Rejected" in ended.stderr


@pytest.mark.parametrize("path", published.files("cds-hooks/*.json"), ids=lambda path: path.name)
def test_a_published_request_is_no_history(path: Path) -> None:
    ended = check(path)
    assert ended.exit_code in {2, 3}
    assert ended.stdout == ""
    assert str(path) in ended.stderr


def test_records_of_other_versions_are_named_as_such() -> None:
    said = {folder: check(published.FOLDER / "medication-administration" / folder).stderr for folder in FOLDERS}
    assert "Only FHIR R4 and R5 are read" not in said["R4"] + said["R5"]
    assert "STU3 or DSTU2; convert to R4" in said["other"]


def test_the_whole_folder_names_what_is_no_fhir() -> None:
    ended = check(published.FOLDER)
    assert ended.exit_code == 3
    assert f"{published.FOLDER / 'README.md'}\n" in ended.stderr
    assert "is a CDS Hooks request" in ended.stderr
