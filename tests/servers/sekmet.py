"""The whole program of `sekmet-fhir`, as its makers start it, in a process of its own: with and without tokens."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from cds.fhir.client_keys import ClientKey
from hooks.sandbox.running import HOST, listen

CLIENT = "nusinersen-cds@example.invalid"
LOADER = "the-token-of-the-loader"
"""A fixed token that may write, for the fixtures."""
READS = " ".join(
    f"system/{each}.rs"
    for each in ("MedicationAdministration", "Medication", "Patient", "MedicationStatement", "MedicationRequest")
)
_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Sekmet:
    """A running one: its base URL, the key of the client that it knows (in a file too), None without tokens."""

    base: str
    key: ClientKey | None = None
    key_file: Path | None = None

    @property
    def options(self) -> list[str | Path]:
        """What the command line needs to be let in."""
        return [] if self.key_file is None else ["--client-id", CLIENT, "--key", self.key_file]

    def load(self, bundle: Any) -> list[str]:
        """Sends a transaction; the status of each of its entries."""
        answer = httpx.post(self.base, json=bundle, headers={"Authorization": f"Bearer {LOADER}"}, timeout=120)
        assert answer.status_code == 200, answer.text[:2000]
        return [entry["response"]["status"] for entry in answer.json()["entry"]]


@contextmanager
def running(folder: Path, *, smart: bool, scopes: str = READS, absolute: bool = False) -> Iterator[Sekmet]:
    """The program on a free port. `smart`: it asks for tokens and issues them for `scopes`; `absolute`: it writes
    references with its base URL. A program that does not start fails with what it wrote."""
    with listen(0, "none") as free:
        port = free.getsockname()[1]
    base = f"http://{HOST}:{port}/fhir"
    key = ClientKey.make("ES384") if smart else None
    settings: dict[str, Any] = {
        "base_url": base,
        "data_dir": str(folder / "data"),
        "simulator": {"enabled": False},
        # some of the made-up patients have records that are no valid FHIR, as hospitals have
        "validation": {"inbound": "off"},
        "server_behaviour": {"absolute_references": absolute},
    }
    if key is not None:
        client = {"client_id": CLIENT, "jwks": {"keys": [key.public_jwk]}, "scopes": scopes}
        settings["server_auth"] = {"types": ["smart", "bearer"], "tokens": [LOADER], "smart_clients": [client]}
    (folder / "data").mkdir(parents=True)
    # JSON is YAML too, which is what it reads
    (folder / "settings.yaml").write_text(json.dumps(settings), "utf-8")
    program = [str(Path(sys.executable).with_name("sekmet")), "serve", "--host", HOST, "--port", str(port)]
    log = folder / "log.txt"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*program, "--config", str(folder / "settings.yaml")], cwd=folder, stdout=written, stderr=subprocess.STDOUT
        )
    try:
        _await_start(f"{base}/metadata", process, log)
        yield Sekmet(base, key, _written(key, folder) if key else None)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _written(key: ClientKey, folder: Path) -> Path:
    path = folder / "key.json"
    path.write_text(json.dumps(key.private_jwk), "utf-8")
    path.chmod(0o600)
    return path


def _await_start(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + _SECONDS
    while True:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"sekmet-fhir did not start: {log.read_text('utf-8')[-2000:]}")
        time.sleep(0.1)
