"""Spark and the embedded engine write the same bytes; and what Spark says where it cannot work."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cds.audit import plan
from cds.audit.plan import Plan, tasks
from cds.audit.workers import Shared, WorkFailedError
from hooks.engines import engine_of
from hooks.sandbox.patients import demo_patients, shared_resources
from tests import published
from tests.audit.test_engine import MEDICATIONS, OTHER, OURS, QUESTION, concept, lines, pointing, record
from tests.cli.files import Result, run

pytestmark = pytest.mark.xdist_group("spark")

JAVA = "Spark needs Java 17 or newer: install default-jre-headless, or set JAVA_HOME"
DAYS = ("2025-10-01", "2025-10-15", "2025-10-20", "2025-12-03", "2026-06-03")
PATIENTS = tuple(f"p{number}" for number in range(12))


@pytest.fixture(scope="module")
def java() -> Iterator[None]:
    """One virtual machine for all tests, small, and gone after them."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        pytest.fail(JAVA)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", "--driver-memory 1g pyspark-shell")
        yield
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()
        SparkContext._gateway = SparkContext._jvm = None


def doses(name: str, medication: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        record(f"{name}-{patient}-{number}", medication, day, patient)
        for patient in PATIENTS
        for number, day in enumerate(DAYS)
    ]


def write_parquet(path: Path, resources: list[dict[str, Any]]) -> None:
    pq.write_table(pa.table({"resource": [json.dumps(each) for each in resources]}), path)


def damaged(folder: Path) -> None:
    """Everything that an export can have wrong, in parts of files and in packed ones."""
    ours, other = doses("a", concept(OURS)), doses("b", concept(OTHER))
    whole = lines(*(each for pair in zip(ours, other, strict=True) for each in pair))
    broken = b'{"id":\n\n[1]\n\xff\xfe\n' + lines(record("n1", concept(OURS), patient=""))
    (folder / "a.ndjson").write_bytes(broken + whole + lines(*ours[:3])[:-40])
    (folder / "b.ndjson.gz").write_bytes(gzip.compress(lines(*ours[3:9], *other[:2])))
    (folder / "c.ndjson.gz").write_bytes(gzip.compress(lines(*ours[:40]), mtime=0)[:-20])
    write_parquet(folder / "e.parquet", ours[50:])
    corrected = [{**each, "meta": {"lastUpdated": "2026-04-01T00:00:00Z"}} for each in (*other[:1], *ours[20:21])]
    corrected[0]["id"] = ours[0]["id"]
    deleted = {"entry": [{"request": {"method": "DELETE", "url": f"MedicationAdministration/{ours[30]['id']}"}}]}
    merged = [{"type": "replaces", "other": {"reference": "Patient/p5"}}]
    (folder / "d.ndjson").write_bytes(
        lines(
            *corrected,
            {"resourceType": "Bundle", "meta": {"lastUpdated": "2026-04-02T00:00:00Z"}, **deleted},
            {"resourceType": "Patient", "id": "p6", "link": merged},
        )
    )


def by_reference(folder: Path) -> None:
    """An export whose records all refer to Medications, in files before and after them."""
    ours, other, unknown = (doses(name, pointing(name)) for name in ("ours", "other", "nowhere"))
    (folder / "MedicationAdministration.ndjson").write_bytes(lines(*ours, *other, *unknown))
    (folder / "Medication.ndjson").write_bytes(MEDICATIONS)


def demo(folder: Path) -> None:
    """What fills the sandbox."""
    resources = [each for patient in demo_patients(QUESTION.on) for each in patient.resources]
    (folder / "all.ndjson").write_bytes(lines(*resources, *shared_resources()))


def of_others(folder: Path) -> None:
    """Published records, those of a release in a file."""
    for path in published.files("medication-administration/**/*.json"):
        found = json.loads(path.read_bytes())
        held = [each.get("resource") for each in found["entry"]] if "entry" in found else [found]
        with (folder / f"{path.parent.name}.ndjson").open("ab") as file:
            file.write(lines(*held))


def beside_the_doses(folder: Path) -> None:
    """Doses noted elsewhere, other therapies and deaths, some of it corrected later or by way of a Medication."""
    told = [
        {
            **each,
            "resourceType": of_type,
            "authoredOn": "2026-01-02",
            "meta": {"lastUpdated": f"2026-01-0{day}T00:00:00Z"},
        }
        for name, of_type in (("s", "MedicationStatement"), ("o", "MedicationRequest"))
        for day, medication in ((1, pointing("ours")), (2, concept({"text": "Evrysdi"})), (3, concept(OTHER)))
        for each in doses(name, medication)[day::7]
    ]
    (folder / "a.ndjson").write_bytes(lines(*doses("a", concept(OURS)), record("g", concept({"text": "Zolgensma"}))))
    (folder / "b.ndjson.gz").write_bytes(gzip.compress(lines(*told, *reversed(told[::3])), mtime=0))
    dead = [{"resourceType": "Patient", "id": each, "deceasedDateTime": "2026-02"} for each in PATIENTS[::3]]
    (folder / "c.ndjson").write_bytes(lines(*dead, {"resourceType": "Patient", "id": PATIENTS[0]}) + MEDICATIONS)


EXPORTS = [damaged, by_reference, demo, beside_the_doses, pytest.param(of_others, marks=pytest.mark.published)]


def audit(export: str, output: str, *options: str) -> Result:
    asked = ("--regimen", "eu-12mg", "--on", "2026-05-01", "--time-zone", "Europe/Stockholm", "--output", output)
    return run("audit", export, *asked, *options)


@pytest.mark.parametrize("made", EXPORTS)
def test_both_engines_write_the_same_bytes(
    made: Callable[[Path], None], java: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are relative to a folder in which no executor is; parts of files are small, so that there are several."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plan, "PART", 16_000)
    Path("export").mkdir()
    made(Path("export"))
    embedded = audit("export", "embedded", "--jobs", "1")
    spark = audit("export", "spark", "--engine", "spark", "--master", "local[2]")
    assert spark.exit_code == embedded.exit_code, spark.stderr
    written = {path.name: path.read_bytes() for path in Path("embedded").iterdir()}
    assert {path.name: path.read_bytes() for path in Path("spark").iterdir()} == written
    ledger = json.loads(written["ledger.json"])
    assert ledger["balanced"]
    assert ledger["used"] or made is of_others


def test_work_that_fails_says_its_kind_and_place_and_nothing_of_the_input(java: None, tmp_path: Path) -> None:
    started = engine_of("spark", master="local[2]")
    with started(Plan(tasks(()), QUESTION, tmp_path)) as spark:
        assert [found.question.on for found in spark.map(getattr, ["plan"])] == [date(2026, 5, 1)]  # type: ignore[arg-type]
        with pytest.raises(WorkFailedError, match=r"^the work on Spark failed: AttributeError at spark\.py:\d+$"):
            list(spark.map(getattr, ["plan", "patient-17"]))  # type: ignore[arg-type]


def test_what_spark_writes_down_of_work_that_fails_holds_nothing_of_the_input(tmp_path: Path) -> None:
    from cds.audit.spark import _Step

    plan = Shared.keep(tmp_path / "plan", Plan(tasks(()), QUESTION, tmp_path))
    step = _Step(plan, getattr, ("patient-17",), tmp_path)
    with pytest.raises(WorkFailedError) as failed:
        step.do(0)
    written = "".join(traceback.format_exception(failed.value))
    assert "AttributeError at spark.py" in written
    assert "patient" not in written


def test_without_java_the_command_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(MEDICATIONS)
    program = [sys.executable, "-c", "from hooks.cli import main; main()"]
    asked = ["audit", "a.ndjson", "--regimen", "eu-12mg", "--on", "2026-05-01", "--time-zone", "UTC", "--output", "out"]
    ended = subprocess.run(
        [*program, *asked, "--engine", "spark", "--master", "local[2]"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "JAVA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "Spark did not start (PySparkRuntimeError): it needs Java 17 or newer" in ended.stderr


def test_without_the_extra_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(sys.modules, "cds.audit.spark", raising=False)
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    monkeypatch.setitem(sys.modules, "py4j.protocol", None)
    (tmp_path / "a.ndjson").write_bytes(MEDICATIONS)
    ended = audit(str(tmp_path / "a.ndjson"), str(tmp_path / "out"), "--engine", "spark")
    assert ended.exit_code == 2
    assert "pip install 'nusinersen-cds[spark]'" in ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--engine", "dask"), "--engine: 'dask' is none; write one of: embedded, spark"),
        (("--master", "local[2]"), "--master is where Spark runs; write --engine spark too"),
        (("--engine", "spark", "--jobs", "2"), "--jobs is for the embedded engine; with Spark the master says it"),
    ],
)
def test_options_of_one_engine_are_not_for_the_other(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ended = audit(str(tmp_path), str(tmp_path / "out"), *options)
    assert ended.exit_code == 2
    assert said in ended.stderr
