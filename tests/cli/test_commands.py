"""What all commands share: quick help, faults of the user in words, and starting servers only where it can work."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from hooks.console import ExitCode, plain_errors
from tests.cli.files import bundle, loading, run, write

PROGRAM = Path(sys.executable).with_name("nusinersen-cds")
OFF = {"NUSINERSEN_CDS_CLIENT_AUTH": "off"}
HEAVY = ("cryptography", "fastapi", "fhir", "httpx", "rich", "sekmet", "uvicorn", "orjson")


@pytest.mark.parametrize(
    "arguments", [(), ("--help",), ("check", "--help"), ("serve", "--help"), ("regimens", "--help")]
)
def test_help_enters_no_heavy_room(arguments: tuple[str, ...]) -> None:
    code = (
        "import sys; from hooks.cli import app; app(sys.argv[1:], standalone_mode=False);"
        f"print('entered:', *sorted(set({HEAVY!r}) & sys.modules.keys()))"
    )
    ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    if arguments:
        assert ended.stdout.splitlines()[-1] == "entered:", ended.stderr
    assert "Usage:" in ended.stdout + ended.stderr


@pytest.mark.parametrize("command", ["serve", "sandbox", "demo", "regimens", "check", "feedback", "decisions", "purge"])
def test_every_command_is_listed_and_has_help(command: str) -> None:
    assert f"  {command} " in run("--help").stdout
    assert run(command, "--help").exit_code == 0


def test_the_version_is_that_of_the_package() -> None:
    ended = run("--version")
    assert (ended.exit_code, ended.stdout) == (0, f"nusinersen-cds {version('nusinersen-cds')}\n")


def test_the_console_script_runs(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle(*loading()))
    command = [PROGRAM, "check", path, "--regimen", "eu-12mg", "--on", "2026-05-01", "--format", "ndjson"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout.count("\n")) == (0, 1), ended.stderr


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_busy_port_names_the_option(busy: int) -> None:
    ended = run("serve", "--regimen", "eu-12mg", "--time-zone", "UTC", "--port", str(busy), env=OFF)
    assert ended.exit_code == 2
    assert f"port {busy} of 127.0.0.1 is in use; choose another one with --port" in ended.stderr


@pytest.mark.parametrize("command", [("sandbox", "--port"), ("demo", "--sandbox-port"), ("demo", "--port")])
def test_a_busy_port_of_the_demonstration_names_the_option(busy: int, command: tuple[str, str]) -> None:
    free = ("--sandbox-port", "0") if command == ("demo", "--port") else ()
    ended = run(*command, str(busy), *free)
    assert ended.exit_code == 2
    assert f"port {busy} is in use" in ended.stderr
    assert command[1] in ended.stderr


def test_without_the_extra_the_command_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "sekmet"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "sekmet", None)
    ended = run("sandbox", "--port", "0")
    assert ended.exit_code == 2
    assert "pip install 'nusinersen-cds[sandbox]'" in ended.stderr


def test_serve_names_every_setting_that_is_missing() -> None:
    ended = run("serve")
    assert ended.exit_code == 2
    assert "--regimen or NUSINERSEN_CDS_REGIMEN: is not set" in ended.stderr
    assert "--time-zone or NUSINERSEN_CDS_TIME_ZONE: is not set" in ended.stderr


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--regimen", "eu-13mg"), "there is no regimen 'eu-13mg'; choose one of: eu-12mg, "),
        (("--time-zone", "Nowhere"), "--time-zone: no such time zone"),
        (("--tolerance-loading", "14"), "the loading tolerance of 14 days"),
        (("--site-folder", "/nonexistent"), "is not a folder that can be read"),
        (("--host", "256.0.0.1"), "cannot listen on 256.0.0.1"),
        (("--port", "65536"), "Invalid value for '--port'"),
    ],
)
def test_serve_says_what_cannot_be_used(options: tuple[str, ...], says: str) -> None:
    ended = run("serve", "--regimen", "eu-12mg", "--time-zone", "UTC", "--port", "0", *options, env=OFF)
    assert ended.exit_code == 2
    assert says in ended.stderr


def test_serve_does_not_start_where_nobody_may_call() -> None:
    ended = run("serve", "--regimen", "eu-12mg", "--time-zone", "UTC", "--port", "0")
    assert ended.exit_code == 2
    assert "NUSINERSEN_CDS_CLIENTS: site default has none, so nobody may call it" in ended.stderr
    assert "NUSINERSEN_CDS_CLIENT_AUTH=off" in ended.stderr


def test_a_fault_of_the_program_tells_kind_and_place_and_no_record(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, plain_errors():
        raise KeyError("born 2019-03-01")
    assert ended.value.exit_code == ExitCode.INTERNAL
    said = capsys.readouterr().err
    assert "a fault of this program: KeyError at test_commands.py:" in said
    assert "2019" not in said
