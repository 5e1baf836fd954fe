"""The commands on the journal, on a journal that a service has left."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from hooks.memory import open_memory
from hooks.settings import Settings
from tests.cli.files import run
from tests.service.ehr import CHART, LAST_WEEK, NOW, ORDER, PATIENT, ask, call, draft, prefetched, service

Env = dict[str, str]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> Env:
    """The variables of a service that answered an order, a chart and an order of another drug, and got feedback."""
    folder = tmp_path_factory.mktemp("journal")
    (folder / "comment.keys").write_text(Fernet.generate_key().decode(), "utf-8")
    state = {"state_folder": folder / "state", "keep_comments": True, "comment_key_file": folder / "comment.keys"}
    memory = open_memory(Settings(**state), clock=lambda: NOW)  # type: ignore[arg-type]
    with service(memory=memory) as client:
        history = prefetched(*LAST_WEEK)
        [card] = ask(client, ORDER, call("order-sign", drafts=[draft()], prefetch=history)).json()["cards"]
        ask(client, CHART, call("patient-view", prefetch=history))
        ask(client, ORDER, call("order-sign", drafts=[]))
        reason = {"code": "action-completed", "system": card["overrideReasons"][0]["system"]}
        told = {
            "card": card["uuid"],
            "outcome": "overridden",
            "overrideReason": {"reason": reason, "userComment": "given elsewhere \x1b[31m"},
            "outcomeTimestamp": "2026-05-04T10:00:00Z",
        }
        assert client.post(f"/cds-services/{ORDER}/feedback", json={"feedback": [told]}).status_code == 200
    return {f"NUSINERSEN_CDS_{name.upper()}": str(value) for name, value in state.items()}


def shown(*arguments: str, env: Env) -> str:
    ended = run(*arguments, env=env)
    assert ended.exit_code == 0, ended.stderr
    return ended.stdout


def test_feedback_is_shown_as_a_table_with_the_words_of_the_reasons(env: Env) -> None:
    table = shown("feedback", env=env)
    assert "calls: 3; cards shown: 1 (33.3 per 100 calls)" in table
    [line] = [line.split() for line in table.splitlines() if line.startswith("NusinersenTooEarly")]
    assert line == ["NusinersenTooEarly", "1", "0", "1", "0"]
    assert "1 x Recommended action was already completed" in table
    assert "interval-too-short" in table


def test_feedback_is_shown_as_json_for_a_time(env: Env) -> None:
    found: dict[str, Any] = json.loads(shown("feedback", "--format", "json", "--since", "2026-05-03", env=env))
    assert (found["calls"], found["cards"]) == (3, 1)
    assert [kind["code"] for kind in found["kinds"]] == ["NusinersenTooEarly"]
    assert found["kinds"][0]["reasons"][0]["code"] == "action-completed"
    assert json.loads(shown("feedback", "--format", "json", "--until", "2026-05-02", env=env))["cards"] == 0


def test_comments_are_shown_to_whom_has_the_key_and_only_when_asked_for(env: Env) -> None:
    assert "given elsewhere" not in shown("feedback", env=env) + shown("feedback", "--format", "json", env=env)
    comment = json.loads(shown("feedback", "--comments", env=env))
    assert comment["comment"] == "given elsewhere \x1b[31m"
    assert "\x1b" not in shown("feedback", "--comments", env=env)
    without = {name: value for name, value in env.items() if "COMMENT" not in name}
    refused = run("feedback", "--comments", env=without)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "NUSINERSEN_CDS_COMMENT_KEY_FILE: is not set" in refused.stderr


def test_decisions_about_a_patient_are_found_by_the_id_that_is_not_in_the_journal(env: Env) -> None:
    lines = [json.loads(line) for line in shown("decisions", "--patient", PATIENT, env=env).splitlines()]
    assert sorted(line["service"] for line in lines) == sorted([ORDER, CHART])
    assert PATIENT not in json.dumps(lines)
    [order] = [line for line in lines if line["service"] == ORDER]
    assert [card["kind"] for card in order["cards"]] == ["NusinersenTooEarly"]
    assert json.loads(shown("decisions", "--incident", order["incident"], env=env)) == order


def test_who_is_not_in_the_journal_is_said(env: Env) -> None:
    for options in (["--patient", "nobody"], ["--patient", PATIENT, "--site", "another"], ["--incident", "none"]):
        ended = run("decisions", *options, env=env)
        assert (ended.exit_code, ended.stdout) == (0, "")
        assert "no decision of this name" in ended.stderr


def test_who_looked_at_which_page_is_found_by_the_patient_and_by_the_user(env: Env) -> None:
    state = env["NUSINERSEN_CDS_STATE_FOLDER"]
    memory = open_memory(Settings(state_folder=Path(state)), clock=lambda: NOW)

    async def look() -> None:
        for page, patient in (("timeline", PATIENT), ("worklist", None)):
            given = {"outcome": "shown", "site": "default", "user": "Practitioner/7", "incident": page}
            assert await memory.note_view(page, patient=patient, **given)

    asyncio.run(look())
    memory.close()
    by_patient = [json.loads(line) for line in shown("views", "--patient", PATIENT, env=env).splitlines()]
    by_user = [json.loads(line) for line in shown("views", "--user", "Practitioner/7", env=env).splitlines()]
    assert [(line["page"], line["outcome"]) for line in by_patient] == [("timeline", "shown")]
    assert sorted(line["page"] for line in by_user) == ["timeline", "worklist"]
    assert "Practitioner" not in json.dumps(by_user)
    both = ("views", "--patient", PATIENT, "--user", "Practitioner/7")
    assert [json.loads(line) for line in shown(*both, env=env).splitlines()] == by_patient
    nobody = run("views", "--patient", PATIENT, "--user", "Practitioner/8", env=env)
    assert (nobody.exit_code, nobody.stdout) == (0, "")
    assert "no look of this name" in nobody.stderr


def test_a_purge_counts_first_and_then_removes(env: Env) -> None:
    assert "decisions: 0 would be removed" in shown("purge", "--dry-run", "--days", "36500", env=env)
    assert "decisions: 0 removed" in shown("purge", "--days", "36500", env=env)
    assert len(shown("decisions", "--patient", PATIENT, env=env).splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["feedback", "--since", "yesterday"], "--since: yesterday is no date; write YYYY-MM-DD"),
        (["feedback", "--format", "xml"], "--format: xml is no format; write text or json"),
        (["views", "--site", "north"], "name a patient with --patient, or a user with --user"),
        (["decisions", "--site", "north"], "name a patient with --patient, or an incident with --incident"),
    ],
)
def test_what_cannot_be_used_is_said(env: Env, arguments: list[str], says: str) -> None:
    ended = run(*arguments, env=env)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert says in ended.stderr


def test_a_folder_without_a_journal_is_said_and_none_is_made(tmp_path: Path) -> None:
    for command in (["feedback"], ["purge"], ["decisions", "--patient", "x"]):
        ended = run(*command, env={"NUSINERSEN_CDS_STATE_FOLDER": str(tmp_path)})
        assert ended.exit_code == 2
        assert "NUSINERSEN_CDS_STATE_FOLDER: there is no journal in" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_down_is_said_without_its_password() -> None:
    ended = run("feedback", env={"NUSINERSEN_CDS_DATABASE_URL": "postgresql://somebody:secret@127.0.0.1:9/journal"})
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "the database cannot be used: postgresql 127.0.0.1/journal" in ended.stderr
    assert "secret" not in ended.stderr
