"""The audit of sekmet-fhir, started as a program that asks for tokens: by searches, and by a Bulk Data export."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from hooks.sandbox.load import resources, transaction
from tests.cli.files import ON, ZONE, Json, Result, run
from tests.servers.sekmet import LOADER, running

pytestmark = pytest.mark.xdist_group("sekmet")


def assessed(out: Path) -> dict[str, Json]:
    read = map(json.loads, (out / "assessments.ndjson").read_text().splitlines())
    return {each["patient"]: each for each in read}


def test_searches_and_an_export_give_the_same(tmp_path: Path) -> None:
    asked = ("--regimen", "eu-12mg", "--on", ON, "--time-zone", ZONE, "--jobs", "1")

    def audit(output: str, *arguments: str | Path) -> Result:
        env = {} if "--key" in arguments else {"NUSINERSEN_CDS_FHIR_TOKEN": LOADER}
        ended = run("audit", *arguments, *asked, "--output", tmp_path / output, env=env)
        assert ended.exit_code == 1, ended.stderr
        return ended

    with running(tmp_path / "server", smart=True) as server:
        server.load(transaction(resources(date.fromisoformat(ON))))
        audit("searched", server.base, *server.options)
        # for an export this server wants a scope for all types, which our client has not: a fixed token
        exported = audit("exported", "--export", server.base)
    assert len(assessed(tmp_path / "searched")) > 10
    assert assessed(tmp_path / "searched") == assessed(tmp_path / "exported")
    assert "the export is left on the server" not in exported.stderr
