"""The image and the trial with it keep in step with the settings and the commands; no engine is needed to see that."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from ipaddress import ip_network
from pathlib import PurePosixPath
from typing import Any

import pytest
import typer
import yaml
from packaging.specifiers import SpecifierSet

from hooks.cli import app
from hooks.sandbox.demo import demo_settings
from hooks.sandbox.running import listen, serving
from hooks.settings import PREFIX, SettingsError, load
from tests.architecture.sources import ROOT

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
SERVICE = SERVICES["service"]
FLUSH = 5
"""Seconds that the journal takes at most to write what is left."""


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile and their arguments."""
    lines = "\n".join(line for line in DOCKERFILE.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines.splitlines() if line)]


def last(name: str) -> str:
    """The argument of an instruction that stands once in the last stage."""
    stages = "\n".join(f"{each} {rest}" for each, rest in instructions()).split("FROM ")
    [found] = re.findall(rf"^{name} (.*)$", stages[-1], re.MULTILINE)
    return str(found)


def variables() -> dict[str, str]:
    """The environment of the last stage."""
    return dict(re.findall(r"(\w+)=(\S+)", last("ENV")))


def filled_in(value: str) -> str:
    """A value of the compose file with its variables set."""
    return re.sub(r"\$\{\w+:\?[^}]*\}", "made-up", value)


def port_of_command() -> str:
    command = json.loads(last("CMD"))
    return str(command[command.index("--port") + 1])


def test_the_base_image_has_a_python_that_the_project_takes_and_is_the_same_in_both_stages() -> None:
    requires = SpecifierSet(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"])
    images = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    assert len(images) == 2
    [image] = set(images)
    found = re.fullmatch(r"python:(\d+\.\d+)-slim", image)
    assert found is not None
    assert found[1] in requires


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last pattern that fits decides."""
    out = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            bare = pattern.removeprefix("!").removeprefix("**/")
            names = [path, *map(str, PurePosixPath(path).parents), PurePosixPath(path).name]
            if any(fnmatch(name, bare) for name in names):
                out = not pattern.startswith("!")
    return out


def test_what_is_copied_exists_and_reaches_the_engine() -> None:
    sources = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists() or ignored(source)] == []


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("cds/dosing/walk.py", False),
        ("requirements/container.txt", False),
        (".git/config", True),
        (".env", True),
        ("hooks/.env", True),
        ("tests/conftest.py", True),
        ("cds/__pycache__/x.pyc", True),
    ],
)
def test_what_is_not_copied_does_not_reach_the_engine(path: str, out: bool) -> None:
    assert ignored(path) is out


def test_every_package_of_the_wheel_is_copied() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    copied = {rest.split()[0] for name, rest in instructions() if name == "COPY"}
    assert set(wheel["only-include"]) <= copied


def test_installations_check_hashes_and_take_no_sources() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and " install " in rest and "pip" in rest]
    fetching = [rest for rest in installs if "--no-index" not in rest]
    assert len(fetching) == 2
    assert all("--require-hashes --only-binary :all:" in rest for rest in fetching)


def test_it_does_not_run_as_root() -> None:
    user, _, group = last("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert f'"--owner={user}", "--group={group}"' in last("RUN")


@pytest.mark.parametrize("name", ["service", "loader"])
def test_in_the_trial_the_root_is_read_only_and_no_rights_are_left(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_one_volume_is_the_state_folder() -> None:
    volume = last("VOLUME")
    assert (
        volume
        == last("WORKDIR")
        == variables()[f"{PREFIX}STATE_FOLDER"]
        == SERVICE["environment"][f"{PREFIX}STATE_FOLDER"]
    )
    [mounted] = SERVICE["volumes"]
    name, _, target = mounted.partition(":")
    assert target == volume
    assert name in COMPOSE["volumes"]


def test_the_port_is_the_same_everywhere() -> None:
    port = port_of_command()
    assert last("EXPOSE") == port
    assert f"HTTPConnection('127.0.0.1', {port}," in last("HEALTHCHECK")
    assert SERVICE["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert json.loads(last("CMD")) == SERVICE["command"]
    assert SERVICE["expose"] == [SERVICE["environment"][f"{PREFIX}METRICS_PORT"]]


@pytest.mark.parametrize(
    "arguments", [json.loads(last("CMD")), *(SERVICES[name]["command"] for name in ("service", "loader"))]
)
def test_every_command_is_one_of_the_console_script(arguments: list[str]) -> None:
    assert json.loads(last("ENTRYPOINT")) == ["nusinersen-cds"]
    group = typer.main.get_command(app)
    context = group.make_context("nusinersen-cds", list(arguments), resilient_parsing=False)
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    command.make_context(name, rest, parent=context)


def test_the_settings_of_the_trial_load(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {**variables(), **SERVICE["environment"]}
    ours = {name: filled_in(value) for name, value in given.items() if name.startswith(PREFIX)}
    assert set(given) - set(ours) == {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    settings = load()
    [site] = settings.sites()
    assert site.regimen == demo_settings().sites()[0].regimen
    monkeypatch.setenv("NUSINERSEN_CDS_NO_SUCH", "1")
    with pytest.raises(SettingsError, match="NUSINERSEN_CDS_NO_SUCH"):
        load()


def test_the_trial_names_hosts_and_networks_that_it_has() -> None:
    environment = {name: filled_in(value) for name, value in SERVICE["environment"].items()}
    hosts = re.findall(
        r"(?://|@)([a-z]+)[:/]", " ".join(environment.values()) + " " + " ".join(SERVICES["loader"]["command"])
    )
    assert set(hosts) == {"hapi", "postgres"}
    assert set(hosts) <= SERVICES.keys()
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert environment[f"{PREFIX}FHIR_NETWORKS"] == network["subnet"]
    assert ip_network(network["subnet"]).is_private
    assert f"@postgres/{SERVICES['postgres']['environment']['POSTGRES_DB']}" in environment[f"{PREFIX}DATABASE_URL"]


def test_no_password_stands_in_the_file() -> None:
    assert SERVICES["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")


def test_ports_are_open_to_this_machine_alone() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_a_stop_has_time_for_calls_in_flight_and_the_journal() -> None:
    grace = int(SERVICE["stop_grace_period"].removesuffix("s"))
    assert grace > int(SERVICE["environment"][f"{PREFIX}SHUTDOWN_SECONDS"]) + FLUSH
    assert last("STOPSIGNAL") == "SIGTERM"


class Answering:
    """A server that answers everything with one status."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.asked: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                event = (await receive())["type"]
                await send({"type": f"{event}.complete"})
                if event == "lifespan.shutdown":
                    return
        self.asked.append(scope["path"])
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body"})


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (None, 1)])
def test_the_health_check_sees_whether_the_service_lives(status: int | None, code: int) -> None:
    options, _, command = last("HEALTHCHECK").partition(" CMD ")
    assert "--interval" in options
    _, flag, script = json.loads(command)
    with listen(0, "none") as listener:
        port = listener.getsockname()[1]
        run = [sys.executable, flag, script.replace(port_of_command(), str(port))]
        if status is None:
            listener.close()
            ended = subprocess.run(run, capture_output=True, check=False)
        else:
            answering = Answering(status)
            with serving([(answering, listener)]):
                ended = subprocess.run(run, capture_output=True, check=False)
            assert answering.asked == ["/health/live"]
    assert ended.returncode == code, ended.stderr
