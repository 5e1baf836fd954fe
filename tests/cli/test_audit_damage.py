"""What an audit does with an input that is damaged or odd: it says where, and the rest goes on."""

from __future__ import annotations

import gzip
import json
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.cli.files import Result, bundle, dose, lines, loading, write
from tests.cli.test_audit import audit
from tests.cli.test_audit_inputs import DAYS, HISTORY, counts, ledger, places


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "export"
    made.mkdir()
    return made


GOOD = lines(HISTORY)
BIG = b'{"resourceType":"Observation","note":"' + b"x" * 50_000_000 + b'"}\n'
TWO_MEMBERS = gzip.compress(GOOD)


def damaged_member() -> bytes:
    second = bytearray(gzip.compress(lines(loading("p2"))))
    second[20:40] = bytes(20)
    return TWO_MEMBERS + bytes(second)


DAMAGE: list[tuple[str, str, bytes, list[tuple[int, str]], list[tuple[int, str]]]] = [
    ("a last line that is cut short", "a.ndjson", GOOD + GOOD[:90], [(4, "is no JSON (at character 91)")], []),
    ("bytes that are no UTF-8", "a.ndjson", b'{"resourceType":"\xff"}\n' + GOOD, [(1, "is no UTF-8")], []),
    ("a line of 50 MB", "a.ndjson", BIG + GOOD, [(1, "is longer than 16 MB, which no resource is")], []),
    ("a line of 50 MB, packed", "a.zst", zstandard.compress(BIG + GOOD),
     [(1, "is longer than 16 MB, which no resource is")], []),
    ("a damaged member of gzip", "a.gz", damaged_member(), [], [(4, "the gzip data is damaged, or it is no gzip")]),
    ("gzip that is cut short", "a.gz", TWO_MEMBERS + TWO_MEMBERS[:30], [], [(4, "the gzip data is cut short")]),
    ("Zstandard that is cut short", "a.zst", zstandard.compress(GOOD) + zstandard.compress(GOOD)[:30], [],
     [(4, "the zstandard data is cut short")]),
    ("a damaged frame of Zstandard", "a.zst", zstandard.compress(GOOD) + b"\x28\xb5\x2f\xfd" + b"\xff" * 40, [],
     [(4, "the zstandard data is damaged")]),
    ("a packed file in which there is nothing", "a.gz", b"", [], [(1, "is empty, as no packed file is")]),
    ("a document that is cut short", "b.json", json.dumps(bundle(*HISTORY)).encode()[:-5], [],
     [(1, "is no JSON (at character 868)")]),
]  # fmt: skip


@pytest.mark.parametrize("strict", [(), ("--strict",)], ids=["quick", "strict"])
@pytest.mark.parametrize(
    ("name", "content", "rejected", "faults"), [row[1:] for row in DAMAGE], ids=[row[0] for row in DAMAGE]
)
def test_damage_has_its_place_and_the_rest_goes_on(
    name: str,
    content: bytes,
    rejected: list[tuple[int, str]],
    faults: list[tuple[int, str]],
    strict: tuple[str, ...],
    folder: Path,
) -> None:
    (folder / name.replace("a.", "a.ndjson.") if name in {"a.gz", "a.zst"} else folder / name).write_bytes(content)
    (folder / "z.ndjson").write_bytes(lines(loading("p9")))
    ended, out = audit(folder, *strict)
    told = ledger(out)
    assert ended.exit_code == 3
    assert [(each["line"], each["reason"]) for each in told["rejections"]] == rejected
    assert [(each["line"], each["reason"]) for each in told["faults"]] == faults
    assert told["used"] == 4 + (0 if name == "b.json" or not content else 3)


def test_a_file_that_changes_while_it_is_read_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changed where the first part of the input is done, before its references are followed."""
    pointing = [dose(f"r{number}", "2026-02-10", "p1") for number in range(2)]
    for each in pointing:
        each["medicationReference"] = {"reference": "Medication/m"}
        del each["medicationCodeableConcept"]
    (folder / "a.ndjson").write_bytes(GOOD + lines(pointing))
    from hooks.audit import _Shown

    done = _Shown.done

    def changing(self: _Shown, task: Any) -> None:
        done(self, task)
        (folder / "a.ndjson").write_bytes(GOOD)

    monkeypatch.setattr(_Shown, "done", changing)
    ended: Result
    ended, out = audit(folder)
    assert ended.exit_code == 3
    assert "a.ndjson:1: the file has changed since the audit began" in ended.stderr
    read = json.loads((out / "ledger.json").read_text())
    assert not read["balanced"]
    assert read["used"] == 3


def test_an_entry_that_is_very_deep_takes_no_other_away(folder: Path) -> None:
    """A level is an object in a list. At the depth of the second nothing can be written any more, the first is read."""
    given = [dose(f"a{number}", day) for number, day in enumerate(DAYS, 1)]
    given[0]["extension"], given[1]["extension"] = "300 levels", "505 levels"
    held = bundle(*given)
    for number, entry in enumerate(held["entry"]):
        entry["fullUrl"] = f"urn:uuid:{number}"
    text = json.dumps(held)
    for levels in (300, 505):
        text = text.replace(f'"{levels} levels"', '[{"extension":' * levels + "[]" + "}]" * levels)
    (folder / "bundle.json").write_text(text)
    ended, out = audit(folder)
    assert (ended.exit_code, counts(out)) == (3, {"used": 2, "rejected": 1})
    assert "bundle.json:2: is no JSON" in ended.stderr


def test_names_that_are_no_utf_8_are_written_as_escapes(folder: Path) -> None:
    """As on the disks of older systems."""
    (folder / os.fsdecode(b"L\xe4kemedel.ndjson")).write_bytes(lines(HISTORY) + b"{\n")
    write(folder / os.fsdecode(b"\xe5.json"), bundle(*loading("p2")))
    pq.write_table(pa.table({"resource": [json.dumps(each) for each in loading("p3")]}), held := BytesIO())
    (folder / os.fsdecode(b"\xf6.parquet")).write_bytes(held.getvalue())
    ended, out = audit(folder, output=os.fsdecode(b"\xe4nda"))
    assert (ended.exit_code, counts(out)) == (3, {"used": 11, "rejected": 1})
    assert places(out) == [(r"L\xe4kemedel.ndjson", "3")]
