"""Every kind of fault in a file, and the words that tell it: the file, the place, what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cds.regimens.library import RegimenFaults, load
from tests.regimens.site import CODES, DRUG, REGIMEN, SOUND, broken, faults, write

MONITORING = 'asked = "if-indicated"\nstatement = "Only if clinically indicated."\nsource = "Invented"\n'
EACH_DOSE = MONITORING.replace("if-indicated", "each-dose")
TEST = """
[[monitoring.test]]
name = "urine protein"
system = "https://codes.example.invalid/tests"
codes = { P1 = "mg/dL" }
source = "Invented"
"""

REGIMEN_FAULTS = [
    ("an unknown key", 'verified = "yes"', 'verified = "yes"\nverifed = "yes"',
     ["verifed | is not a key that is known here; remove it or correct its spelling"]),
    ("an unknown key in a table", "limit =", 'limits = "3mo"\nlimit =',
     ["catch_up.limits | is not a key that is known here; remove it or correct its spelling"]),
    ("a missing key", 'authority = "Example Medicines Board"\n', "", ["authority | is missing; add it"]),
    ("a missing key in a row", "extra_doses = 1\n", "", ["catch_up.row[1].extra_doses | is missing; add it"]),
    ("an empty text", '"An invented label"', '" "',
     ["title | String should have at least 1 character, but it is ' '"]),
    ("a period without its unit", '"2w"', '"14"',
     ["loading[2].interval | '14' is not a period: write days (14d), weeks (5w) or months (4mo)"]),
    ("a period as a number", '"2w"', "14",
     ["loading[2].interval | a period is written as text, like '14d', '5w' or '4mo'"]),
    ("a period of no length", '"2w"', '"0d"',
     ["loading[2].interval | a period is a positive number of days or of months, not 0 days and 0 months"]),
    ("a dose that is no number", "dose_mg = 12.5", "dose_mg = nan",
     ["maintenance.dose_mg | Input should be a finite number, but it is NaN"]),
    ("a dose of zero", "dose_mg = 12.5", "dose_mg = 0",
     ["maintenance.dose_mg | Input should be greater than 0, but it is 0"]),
    ("a dose that is true", "dose_mg = 12.5", "dose_mg = true",
     ["maintenance.dose_mg | write a number, like 12 or 12.5"]),
    ("a dose as text", "dose_mg = 12.5", 'dose_mg = "12 mg"',
     ["maintenance.dose_mg | write a number, like 12 or 12.5"]),
    ("days that are no whole number", "loading_days = 7", "loading_days = 7.5",
     ["tolerance.loading_days | Input should be a valid integer, but it is 7.5"]),
    ("negative days", "loading_days = 7", "loading_days = -1",
     ["tolerance.loading_days | Input should be greater than or equal to 0, but it is -1"]),
    ("extra doses in words", "extra_doses = 1", 'extra_doses = "one"',
     ["catch_up.row[1].extra_doses | write a whole number from 1 on, or 'loading' for the whole loading again"]),
    ("an unknown rule for delays", 'delay = "table"', 'delay = "skip"',
     ["delay | Input should be 'table', 'resume' or 'refer', but it is 'skip'"]),
    ("resume beside a table", 'delay = "table"', 'delay = "resume"',
     ["delay | 'table' needs the table [catch_up], and 'resume' and 'refer' must not have it"]),
    ("refer beside a table", 'delay = "table"', 'delay = "refer"',
     ["delay | 'table' needs the table [catch_up], and 'resume' and 'refer' must not have it"]),
    ("a switch without its limit", "[tolerance]", '[[switch]]\nfrom_mg = 6\ndose_mg = 12\nsource = "x"\n\n[tolerance]',
     ["switch[1].within | is missing; add it"]),
    ("a switch from itself", "[tolerance]",
     '[[switch]]\nfrom_mg = 12.5\ndose_mg = 12\nwithin = "8mo"\nsource = "x"\n\n[tolerance]',
     [" | a switch leaves another maintenance dose than its own"]),
    ("two switches from one dose", "[tolerance]",
     '[[switch]]\nfrom_mg = 6\ndose_mg = 12\nwithin = "8mo"\nsource = "x"\n\n' * 2 + "[tolerance]",
     [" | two switches leave the same maintenance dose"]),
    ("tests before each dose that are not named", MONITORING, EACH_DOSE,
     [" | monitoring before each dose names its tests, and only that does"]),
    ("a test that is not asked for", MONITORING, MONITORING + TEST,
     [" | monitoring before each dose names its tests, and only that does"]),
    ("a test twice", MONITORING, EACH_DOSE + TEST + TEST, [" | two tests of the monitoring have one name"]),
    ("a code for two tests", MONITORING, EACH_DOSE + TEST + TEST.replace("protein", "albumin"),
     [" | one code stands for two tests of the monitoring"]),
    ("half a threshold", MONITORING, EACH_DOSE + TEST + "above = 0.2\n",
     ["monitoring.test[1] | a threshold needs all three: above, unit and advice"]),
    ("a unit with a blank", MONITORING, EACH_DOSE + TEST.replace("mg/dL", "mg / dL"),
     ["monitoring.test[1].codes.P1 | 'mg / dL' is not a unit: a code of UCUM, like g/L or 10*9/L"]),
    ("an unknown drug", 'drug = "nusinersen"', 'drug = "nusinersin"',
     ["drug | there is no drug 'nusinersin'; choose one of: inventedersen, nusinersen, tofersen"]),
    ("a version in words", '"1.0.0"', '"first"',
     ["version | 'first' is not a version: numbers joined by dots or hyphens, like 1.0.0"]),
    ("an id that is not the name of the file", 'id = "local"', 'id = "local-2"',
     ["id | 'local-2' is not the name of the file; call the file local-2.toml"]),
    ("an id with blanks", 'id = "local"', 'id = "my label"',
     ["id | 'my label' is not an id: small letters and digits, joined by hyphens"]),
    ("a source that is no list", "[[source]]", "[source]",
     ["source | Input should be a valid list, but it is a table"]),
    ("an empty list", 'delay = "table"', 'delay = "table"\nnotes = [""]',
     ["notes[1] | String should have at least 1 character, but it is ''"]),
    ("a source without http", 'section = "4.2"', 'section = "4.2"\nurl = "example.invalid"',
     ["source[1].url | 'example.invalid' is not a URI: it starts with http://, https:// or urn:"]),
    ("a topic that no card has", "schedule =", "storage = \"Cold.\"\nschedule =",
     ["statements.storage | is not a key that is known here; remove it or correct its spelling"]),
    ("a topic that is missing", 'minimum-interval = "14 days."\n', "",
     ["statements.minimum-interval | is missing; add it"]),
    ("an interval below the minimum", '"2w"', '"13d"',
     [" | a prescribed interval is shorter than the minimum interval of 14 days"]),
    ("an interval before the first dose", "dose_mg = 12\n", 'dose_mg = 12\ninterval = "14d"\n',
     [" | loading-1 has no dose before it: no interval"]),
    ("two broken invariants", '"2w"', '"7d"',
     [" | a prescribed interval is shorter than the minimum interval of 14 days",
      " | the loading tolerance of 7 days is not below the shortest loading interval"]),
    ("rows out of order", 'from = "40mo"', 'from = "7mo"', [" | the rows of the catch-up table must ascend"]),
    ("a key stated twice", 'title = "An invented label"', 'title = "An invented label"\ntitle = "Again"',
     [" | is not TOML: Cannot overwrite a value (at line 5, column 16)"]),
    ("no TOML at all", "[[loading]]", "[[loading",
     [" | is not TOML: Expected ']]' at the end of an array declaration (at line 15, column 10)"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"), [row[1:] for row in REGIMEN_FAULTS], ids=[r[0] for r in REGIMEN_FAULTS]
)
def test_regimen_file(old: str, new: str, expected: list[str], tmp_path: Path) -> None:
    write(tmp_path, {**SOUND, "local.toml": broken(REGIMEN, old, new)})
    assert faults(tmp_path) == [f"local.toml | {line}" for line in expected]


SYSTEM = "https://codes.example.invalid/drugs"
DRUG_FAULTS = [
    ("a system that is not stated", 'system = "local"', 'system = "loca"',
     ["product[1].system | there is no system 'loca'; state it under [systems], or use: local"]),
    ("half a strength", "ml = 15\n", "",
     ["product[1] | a strength needs both: mg in the whole vial and ml in the whole vial"]),
    ("a code that is product and look-alike", '"B1"', '"A1"',
     ["look_alike[1].codes | A1 of https://codes.example.invalid/drugs is listed already; list each code once"]),
    ("a route that is right and wrong", "IV =", "IT =",
     ["other_route[1].codes | IT of https://codes.example.invalid/drugs is listed already; list each code once"]),
    ("a code with a blank at its end", '"A1"', '"A1 "',
     ["product[1].codes[1] | 'A1 ' is not a code: no blanks at its ends, and none doubled"]),
    ("a system without a URI", '["https://codes.example.invalid/drugs"]', "[]",
     ["systems.local.uris | List should have at least 1 item after validation, not 0, but it is empty"]),
    ("no name", '["Inventedersen"]', "[]",
     ["names | List should have at least 1 item after validation, not 0, but it is empty"]),
    ("a code without a source", 'source = "Invented"\nmg', "mg", ["product[1].source | is missing; add it"]),
    ("a key that is no id", "[systems.local]", "[systems.My_list]",
     ["systems.My_list | 'My_list' is not an id: small letters and digits, joined by hyphens"]),
    ("a route without a name", '"Intrathecal"', '""',
     ["route[1].codes.IT | String should have at least 1 character, but it is ''"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in DRUG_FAULTS], ids=[r[0] for r in DRUG_FAULTS])
def test_drug_file(old: str, new: str, expected: list[str], tmp_path: Path) -> None:
    write(tmp_path, {**SOUND, "drugs/inventedersen.toml": broken(DRUG, old, new)})
    assert faults(tmp_path) == [f"drugs/inventedersen.toml | {line}" for line in expected]


SYSTEMS = "atc, cas, din, drugbank, edqm, eu-number, gtin, hcpcs, ncit, ndc, route-v2, route-v3, snomed, unii, yj"
CODES_FAULTS = [
    ("a drug that is not there", '"nusinersen"', '"nusinersin"',
     ["drug | there is no drug 'nusinersin'; choose one of: inventedersen, nusinersen, tofersen"]),
    ("a system that the drug states", "systems.local", "systems.atc",
     ["systems.atc | the drug's own file states this system already; leave it out or use another key",
      f"product[1].system | there is no system 'local'; state it under [systems], or use: {SYSTEMS}"]),
    ("a code that the drug lists", 'system = "local"\ncodes = ["N1"]', 'system = "hcpcs"\ncodes = ["J1304"]',
     [f"product[1].codes | J1304 of {uri} is listed already; list each code once" for uri in (
         "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
         "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
         "urn:oid:2.16.840.1.113883.6.285")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "expected"), [row[1:] for row in CODES_FAULTS], ids=[r[0] for r in CODES_FAULTS]
)
def test_code_file(old: str, new: str, expected: list[str], tmp_path: Path) -> None:
    write(tmp_path, {**SOUND, "codes/local.toml": broken(CODES, old, new)})
    assert faults(tmp_path) == [f"codes/local.toml | {line}" for line in expected]


def test_a_site_cannot_replace_what_is_shipped(tmp_path: Path) -> None:
    shipped = {
        "eu-12mg.toml": broken(REGIMEN, '"local"', '"eu-12mg"'),
        "drugs/nusinersen.toml": broken(DRUG, '"inventedersen"', '"nusinersen"'),
    }
    kept = "is the id of shipped/{}, which cannot be replaced; {}"
    drug = kept.format("drugs/nusinersen.toml", "to add codes to it, use the folder codes")
    regimen = kept.format("eu-12mg.toml", "give this one another id")
    assert faults(write(tmp_path, shipped)) == [
        f"drugs/nusinersen.toml | id | 'nusinersen' {drug}",
        f"eu-12mg.toml | id | 'eu-12mg' {regimen}",
    ]


def test_a_regimen_of_a_drug_with_faults_is_not_blamed_for_them(tmp_path: Path) -> None:
    write(tmp_path, {
        "local.toml": broken(REGIMEN, '"nusinersen"', '"inventedersen"'),
        "drugs/inventedersen.toml": broken(DRUG, "title =", "titel ="),
    })  # fmt: skip
    assert faults(tmp_path) == [
        "drugs/inventedersen.toml | title | is missing; add it",
        "drugs/inventedersen.toml | titel | is not a key that is known here; remove it or correct its spelling",
    ]


def test_what_is_found_but_has_no_meaning_is_told(tmp_path: Path) -> None:
    write(tmp_path, {
        "README.md": "ignored", ".hidden": "ignored", "codes/README": "ignored",
        "label.pdf": "x", "archive/old.toml": REGIMEN, "drugs/more/deep.toml": DRUG, "latin.toml": b'id = "l"\n# \xe9',
    })  # fmt: skip
    assert faults(tmp_path) == [
        "archive |  | is a folder that has no meaning here; only drugs and codes have one",
        "drugs/more |  | is a folder that has no meaning here; only drugs and codes have one",
        "label.pdf |  | is not a .toml file; take it away, or let its name start with README",
        "latin.toml | line 2 | is not UTF-8 text; save the file as UTF-8",
    ]


@pytest.mark.skipif(os.name != "posix", reason="dangling links are made on POSIX systems")
def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere.toml")
    assert faults(tmp_path) == [
        "gone.toml |  | cannot be read (No such file or directory); make it readable or take it away"
    ]


@pytest.mark.parametrize(("name", "reason"), [("absent", "No such file or directory"), ("file", "Not a directory")])
def test_a_site_folder_that_is_none_is_told(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / name
    assert faults(folder) == [f"{folder} |  | is not a folder that can be read ({reason}); correct the path"]


def test_all_faults_of_all_files_are_told_together(tmp_path: Path) -> None:
    write(tmp_path, {
        "local.toml": broken(broken(REGIMEN, '"2w"', '"x"'), 'authority = "Example Medicines Board"', "autority = 1"),
        "other.toml": "id = ",
        "drugs/inventedersen.toml": broken(broken(DRUG, "ml = 15\n", ""), '"B1"', '"A1"'),
        "codes/local.toml": broken(CODES, '"nusinersen"', '"x"'),
    })  # fmt: skip
    with pytest.raises(RegimenFaults) as caught:
        load(tmp_path)
    at = str(tmp_path)
    drug = f"  {at}/drugs/inventedersen.toml"
    assert str(caught.value) == "\n".join([
        "7 faults in the regimen files",
        f"  {at}/codes/local.toml: drug: there is no drug 'x'; choose one of: inventedersen, nusinersen, tofersen",
        f"{drug}: product[1]: a strength needs both: mg in the whole vial and ml in the whole vial",
        f"{drug}: look_alike[1].codes: A1 of {SYSTEM} is listed already; list each code once",
        f"  {at}/local.toml: authority: is missing; add it",
        f"  {at}/local.toml: loading[2].interval: 'x' is not a period: write days (14d), weeks (5w) or months (4mo)",
        f"  {at}/local.toml: autority: is not a key that is known here; remove it or correct its spelling",
        f"  {at}/other.toml: is not TOML: Invalid value (at end of document)",
    ])  # fmt: skip


def test_codes_for_a_drug_whose_own_file_is_broken_wait_for_that_file(tmp_path: Path) -> None:
    codes = broken(CODES, '"nusinersen"', '"inventedersen"')
    drug = broken(DRUG, 'names = ["Inventedersen"]\n', "")
    write(tmp_path, {**SOUND, "drugs/inventedersen.toml": drug, "codes/local.toml": codes})
    assert faults(tmp_path) == ["drugs/inventedersen.toml | names | is missing; add it"]
