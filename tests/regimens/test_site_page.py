"""The examples of docs/site-regimens.md load, and do what the page says."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from cds.dosing.drug import Coding, Strength
from cds.regimens.library import Library, load
from cds.regimens.schema import CodesFile, RegimenFile
from tests.regimens.site import write

PAGE = (Path(__file__).parents[2] / "docs/site-regimens.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"File `site/(\S+\.toml)`:\n\n```toml\n(.*?)```", PAGE, flags=re.DOTALL))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return load(write(tmp_path, EXAMPLES))


def test_the_page_has_its_examples() -> None:
    assert list(EXAMPLES) == ["clinic-12mg.toml", "national-6mo.toml", "codes/our-codes.toml"]


def test_the_regimen_is_there(library: Library) -> None:
    regimen = library.get("clinic-12mg")
    assert [str(step.interval) for step in regimen.loading] == ["None", "14 days", "35 days"]
    assert regimen.catch_up is not None
    assert [row.extra_doses for row in regimen.catch_up.rows] == [1, None]


def test_the_schedule_by_weeks_is_there(library: Library) -> None:
    regimen = library.get("national-6mo")
    assert [str(step.interval) for step in regimen.loading] == ["None", "28 days", "56 days"]
    assert (str(regimen.maintenance_interval), regimen.refers) == ("6 months", True)


def test_the_codes_are_there(library: Library) -> None:
    drug = library.get("eu-12mg").drug
    articles = "https://pharmacy.example.invalid/articles"
    assert drug.products[Coding("http://www.nlm.nih.gov/research/umls/rxnorm", "0000001")] is None
    assert drug.products[Coding(articles, "47110815")] == Strength(Decimal(12), Decimal(5))
    assert drug.other_routes[Coding(articles, "iv 1")] == "intravenous, ward 3"


def test_every_key_of_a_regimen_is_explained() -> None:
    for name in RegimenFile.model_fields.keys() - {"authority", "title", "notes"}:
        assert re.search(rf"^\| .*[`\[]{name}[`\]]", PAGE, flags=re.MULTILINE), name


def test_every_table_of_a_code_file_is_explained() -> None:
    for name in CodesFile.model_fields.keys() - {"drug", "notes"}:
        assert re.search(rf"^\| `\[+{name}", PAGE, flags=re.MULTILINE), name


def test_the_systems_to_choose_from_are_named() -> None:
    source = Path(__file__).parents[2] / "cds/regimens/data/drugs/nusinersen.toml"
    for name in re.findall(r"^\[systems\.(\S+)\]", source.read_text(encoding="utf-8"), flags=re.MULTILINE):
        assert f"`{name}`" in PAGE, name
