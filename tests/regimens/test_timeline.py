"""The file that says which regimens are in force from which day on: what it gives, and all its faults together."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from cds.dosing.in_force import InForce, Regimens
from cds.regimens.faults import RegimenFaults
from cds.regimens.library import load
from cds.regimens.timeline import load_timeline
from tests.regimens.site import REGIMEN, SOUND, broken, write

LIBRARY = load()
OLD, NEW, US = (LIBRARY.get(name) for name in ("eu-12mg-2017", "eu-12mg", "us-12mg"))
FILE = """\
[[in_force]]
regimens = ["eu-12mg-2017"]

[[in_force]]
from = 2020-10-01
regimens = ["eu-12mg"]
"""
FIRST = date(2020, 10, 1)


def written(folder: Path, text: str) -> Path:
    path = folder / "timeline.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_regimens_of_a_day(tmp_path: Path) -> None:
    regimens = load_timeline(written(tmp_path, FILE), LIBRARY)
    day = timedelta(days=1)
    assert [regimens.on(each) for each in (date.min, FIRST - day, FIRST, FIRST + day, date.max)] == [
        (OLD,), (OLD,), (NEW,), (NEW,), (NEW,),
    ]  # fmt: skip
    assert (regimens.every, regimens.only, regimens.drug) == ((OLD, NEW), None, NEW.drug)


FAULTS = [
    ("an unknown regimen", '"eu-12mg"]', '"eu-13mg"]',
     ["in_force[2].regimens: there is no regimen 'eu-13mg'; choose one of: eu-12mg, "]),
    ("no day", "from = 2020-10-01\n", "",
     ["in_force[2].from: is missing; add the first day on which these regimens are in force"]),
    ("a day at the beginning", 'regimens = ["eu-12mg-2017"]', 'from = 2017-05-30\nregimens = ["eu-12mg-2017"]',
     ["in_force[1].from: the first regimens hold for all days before the next ones too; leave it out"]),
    ("a day as text", "from = 2020-10-01", 'from = "2020-10-01"',
     ["in_force[2].from: Input should be a valid date, but it is '2020-10-01'"]),
    ("a time of day", "from = 2020-10-01", "from = 2020-10-01T12:00:00",
     ["in_force[2].from: Input should be a valid date, but it is 2020-10-01 12:00:00"]),
    ("an unknown key", "from =", "since =",
     ["in_force[2].since: is not a key that is known here; remove it or correct its spelling"]),
    ("no regimens", '["eu-12mg"]', "[]",
     ["in_force[2].regimens: List should have at least 1 item after validation, not 0, but it is empty"]),
    ("a regimen twice", '["eu-12mg"]', '["eu-12mg", "eu-12mg"]',
     ["in_force[2].regimens: names a regimen twice; name each once"]),
    ("days out of order", '"eu-12mg"]', '"eu-12mg"]\n\n[[in_force]]\nfrom = 2020-10-01\nregimens = ["us-12mg"]',
     ["in_force[3].from: 2020-10-01 does not come after the days above it; order the entries by date"]),
    ("nothing at all", FILE, "", ["in_force: is missing; add it"]),
    ("no TOML", "[[in_force]]", "[[in_force", ["is not TOML: "]),
    ("two faults", FILE, '[[in_force]]\nregimens = ["x"]\n[[in_force]]\nregimens = ["y"]\n',
     ["in_force[1].regimens: there is no regimen 'x'", "in_force[2].from: is missing",
      "in_force[2].regimens: there is no regimen 'y'"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_all_faults_of_the_file_are_told_together(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    path = written(tmp_path, FILE.replace(old, new))
    with pytest.raises(RegimenFaults) as raised:
        load_timeline(path, LIBRARY)
    first, *told = str(raised.value).splitlines()
    assert first == f"{'1 fault' if len(expected) == 1 else f'{len(expected)} faults'} in the timeline of regimens"
    assert [line[: len(f"  {path}: {what}")] for line, what in zip(told, expected, strict=True)] == [
        f"  {path}: {what}" for what in expected
    ]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RegimenFaults, match="cannot be read"):
        load_timeline(tmp_path / "none.toml", LIBRARY)


def test_regimens_of_two_drugs(tmp_path: Path) -> None:
    of_another = broken(REGIMEN, 'drug = "nusinersen"', 'drug = "inventedersen"')
    library = load(write(tmp_path / "site", SOUND | {"local.toml": of_another}))
    path = written(tmp_path, FILE.replace('"eu-12mg"]', '"local"]'))
    with pytest.raises(RegimenFaults, match="names regimens of several drugs"):
        load_timeline(path, library)


@pytest.mark.parametrize(
    ("timeline", "message"),
    [
        ((), "at least one regimen"),
        ((InForce(date.min, ()),), "at least one regimen"),
        ((InForce(FIRST, (NEW,)),), "no regimen is in force before 2020-10-01"),
        ((InForce(date.min, (OLD,)), InForce(FIRST, (NEW,)), InForce(FIRST, (US,))), "must ascend"),
        ((InForce(date.min, (OLD, OLD)),), "named twice"),
        ((InForce(date.min, (NEW,)), InForce(FIRST, (NEW.with_tolerance(loading=1),))), "one id means one regimen"),
    ],
)
def test_a_timeline_that_breaks_its_own_rule_cannot_be_built(timeline: tuple[InForce, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Regimens(timeline)
