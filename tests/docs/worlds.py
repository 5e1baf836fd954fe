"""What the commands of each page find: files, settings, and servers in the place of made-up hosts."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.fernet import Fernet
from jwt.algorithms import ECAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from hooks.app import create_app
from hooks.sandbox.running import address, listen, serving
from hooks.sandbox.server import create_sandbox
from hooks.settings import Settings
from tests.architecture.sources import ROOT
from tests.cli.files import dose
from tests.conformance.good import key, pem


@dataclass(frozen=True, slots=True)
class World:
    """`places`: what stands in the page -> what stands in its place, the longest first. `variables`: the environment.
    `ready`: the beginning of a command that serves until it is stopped -> the URL that answers once it does, or what it
    says then."""

    places: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    ready: Mapping[str, str] = field(default_factory=dict)


Make = Callable[[Path], AbstractContextManager[World]]


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


TREATED = "overdue"
"""A made-up patient of the sandbox."""


@contextmanager
def empty(_: Path) -> Iterator[World]:
    """Nothing."""
    yield World()


@contextmanager
def checkout(folder: Path) -> Iterator[World]:
    """A checkout of the project, installed, with ports of its own."""
    for each in ROOT.iterdir():
        if not each.name.startswith(".") or each.name == ".venv":
            (folder / each.name).symlink_to(each)
    service, fhir = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    yield World(
        places={"127.0.0.1:8000": service, "127.0.0.1:8001": fhir},
        variables={"PORT": service.rpartition(":")[2], "SANDBOX_PORT": fhir.rpartition(":")[2]},
        ready={"make run": "until Ctrl-C"},
    )


@contextmanager
def histories(folder: Path) -> Iterator[World]:
    """Histories in a file, in a folder and in a FHIR server."""
    (folder / "history.json").write_text(json.dumps(dose("a1", "2026-04-20")), "utf-8")
    (folder / "export").mkdir()
    (folder / "export" / "doses.ndjson").write_text(json.dumps(dose("a1", "2026-04-20")) + "\n", "utf-8")
    with listen(0, "of the test") as listener:
        base = f"{address(listener)}/fhir"
        with serving([(create_sandbox(base, datetime.now(UTC).date()), listener)]):
            yield World(places={"https://fhir.example.invalid/r4": base, "--patient 123": f"--patient {TREATED}"})


@contextmanager
def export(folder: Path) -> Iterator[World]:
    """A folder with an export."""
    (folder / "export").mkdir()
    records = [dose(f"a{number}", day) for number, day in enumerate(("2026-01-05", "2026-01-14", "2026-02-02"))]
    (folder / "export" / "doses.ndjson").write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
    yield World(places={"/srv/nusinersen-cds": str(folder)})


@contextmanager
def hospital(_: Path) -> Iterator[World]:
    """The sandbox, with a token endpoint beside it that gives a token to whoever asks in the right form."""
    with listen(0, "of the test") as listener:
        base = f"{address(listener)}/fhir"

        async def configuration(_: Request) -> Response:
            return JSONResponse({"token_endpoint": f"{address(listener)}/token"})

        async def token(request: Request) -> Response:
            form = await request.form()
            asked = form["grant_type"] == "client_credentials" and bool(form["client_assertion"])
            granted = {"access_token": "made-up", "token_type": "bearer", "expires_in": 300, "scope": form["scope"]}
            return JSONResponse(granted if asked else {"error": "invalid_request"}, 200 if asked else 400)

        routes = [
            Route("/fhir/.well-known/smart-configuration", configuration),
            Route("/token", token, methods=["POST"]),
            Mount("/", create_sandbox(base, datetime.now(UTC).date())),
        ]
        with serving([(Starlette(routes=routes), listener)]):
            yield World(places={"https://ehr.example.invalid/fhir": base, "--patient 123": f"--patient {TREATED}"})


@contextmanager
def fillable(folder: Path) -> Iterator[World]:
    """A FHIR server without patients, and a port for the service."""
    with listen(0, "of the test") as listener:
        base, port = f"{address(listener)}/fhir", free_port()
        with serving([(create_sandbox(base, datetime.now(UTC).date(), fixtures=False), listener)]):
            yield World(
                places={"http://127.0.0.1:8080/fhir": base, "--port 8000": f"--port {port}"},
                variables={"NUSINERSEN_CDS_STATE_FOLDER": str(folder / "state")},
                ready={"nusinersen-cds serve": f"http://127.0.0.1:{port}/health/live"},
            )


@contextmanager
def certified(folder: Path) -> Iterator[World]:
    """A certificate for the service, and its settings."""
    made = "openssl req -x509 -newkey rsa:2048 -nodes -keyout service.key -out service.pem -days 2 -subj /CN=localhost"
    subprocess.run(made.split(), cwd=folder, capture_output=True, check=True)
    port = free_port()
    yield World(
        places={"--host 0.0.0.0": "--host 127.0.0.1", "--port 443": f"--port {port}"},
        variables={
            "NUSINERSEN_CDS_REGIMEN": "eu-12mg",
            "NUSINERSEN_CDS_TIME_ZONE": "Europe/Stockholm",
            "NUSINERSEN_CDS_CLIENT_AUTH": "off",
            "NUSINERSEN_CDS_STATE_FOLDER": str(folder / "state"),
        },
        ready={"nusinersen-cds serve": f"https://127.0.0.1:{port}/health/live"},
    )


@contextmanager
def asked_for_tokens(folder: Path) -> Iterator[World]:
    """Our service, which knows the key of one client."""
    (folder / "client.pem").write_bytes(pem())
    public = ECAlgorithm.to_jwk(key().public_key(), as_dict=True)
    keys = folder / "jwks.json"
    keys.write_text(json.dumps({"keys": [{**public, "kid": "my-key", "use": "sig", "alg": "ES384"}]}), "utf-8")
    with listen(0, "of the test") as listener:
        url = address(listener)
        settings = Settings(
            regimen="eu-12mg",  # type: ignore[arg-type]
            time_zone="Europe/Stockholm",  # type: ignore[arg-type]
            public_url=url,  # type: ignore[arg-type]
            state_folder=folder / "state",
            clients=[{"issuer": "https://ehr.example.invalid", "jwks_file": keys}],  # type: ignore[arg-type]
        )
        with serving([(create_app(settings), listener)]):
            yield World(places={"https://cds.example.invalid": url})


@contextmanager
def journal(folder: Path) -> Iterator[World]:
    """The journal of a service that has run."""
    with listen(0, "of the test") as listener:
        settings = Settings(
            regimen="eu-12mg",  # type: ignore[arg-type]
            time_zone="Europe/Stockholm",  # type: ignore[arg-type]
            client_auth="off",  # type: ignore[arg-type]
            state_folder=folder / "state",
        )
        with serving([(create_app(settings), listener)]):
            pass
    (folder / "comment.keys").write_bytes(Fernet.generate_key() + b"\n")
    yield World(
        variables={
            "NUSINERSEN_CDS_STATE_FOLDER": str(folder / "state"),
            "NUSINERSEN_CDS_RETENTION_DAYS": "365",
            "NUSINERSEN_CDS_COMMENT_KEY_FILE": str(folder / "comment.keys"),
        }
    )


WORLDS: Mapping[str, Make] = {
    "README.md": checkout,
    "docs/audit.md": export,
    "docs/callers.md": certified,
    "docs/check.md": histories,
    "docs/conformance.md": asked_for_tokens,
    "docs/connecting.md": hospital,
    "docs/ehr/hapi.md": fillable,
    "docs/journal.md": journal,
    "docs/tutorial.md": checkout,
    "docs/worklist.md": export,
}
"""What a page with commands needs; one that is not here finds an empty folder."""
