"""Histories as files, and the command run on them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from hooks.cli import app

ZONE = "Asia/Kathmandu"
ON = "2026-05-01"
CODE = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M09AX07"}]}
OTHER_DRUG = {"coding": [{"system": "http://www.whocc.no/atc", "code": "N02BE01"}]}

Json = dict[str, Any]


class Result:
    """How a command ended."""

    def __init__(self, exit_code: int, stdout: str, stderr: str) -> None:
        self.exit_code, self.stdout, self.stderr = exit_code, stdout, stderr

    @property
    def assessments(self) -> list[Json]:
        """The lines of NDJSON on standard output."""
        return [json.loads(line) for line in self.stdout.splitlines()]

    @property
    def patients(self) -> list[str]:
        return [assessment["patient"] for assessment in self.assessments]


def run(*arguments: str | Path, env: Mapping[str, str] | None = None) -> Result:
    ended = CliRunner().invoke(app, [str(argument) for argument in arguments], env=env)
    assert "Traceback" not in ended.stderr
    return Result(ended.exit_code, ended.stdout, ended.stderr)


def check(
    *arguments: str | Path,
    form: str = "ndjson",
    on: str = ON,
    regimens: Iterable[str] = ("eu-12mg",),
    env: Mapping[str, str] | None = None,
) -> Result:
    allowed = [word for regimen in regimens for word in ("--regimen", regimen)]
    return run("check", *arguments, *allowed, "--on", on, "--time-zone", ZONE, "--format", form, env=env)


def dose(name: str | None, day: str | None, patient: str | None = "p1", **more: Any) -> Json:
    """A completed administration of nusinersen; what is None is left out."""
    resource: Json = {"resourceType": "MedicationAdministration"}
    if name is not None:
        resource["id"] = name
    resource |= {"status": "completed", "medicationCodeableConcept": CODE}
    if patient is not None:
        resource["subject"] = {"reference": f"Patient/{patient}"}
    if day is not None:
        resource["effectiveDateTime"] = day
    return resource | more


def bundle(*resources: Json, **more: Any) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]} | more


def loading(patient: str = "p1", until: int = 4) -> list[Json]:
    """Loading on time, the fourth dose on 2026-03-05: nothing to find on 2026-05-01."""
    days = ("2026-01-01", "2026-01-15", "2026-01-29", "2026-03-05")[:until]
    return [dose(f"{patient}-{number}", day, patient) for number, day in enumerate(days, start=1)]


def write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")
    return path


def lines(values: Iterable[object]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def write_lines(path: Path, values: Iterable[object]) -> Path:
    content = lines(values)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path
