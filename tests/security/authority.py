"""A throw-away certificate authority, and the service as its own process."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anyio.from_thread import start_blocking_portal
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

PROGRAM = Path(sys.executable).with_name("nusinersen-cds")
DAY = timedelta(days=1)


class Authority:
    """An authority whose certificate is `ca.pem` in its folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.certificate = folder, folder / "ca.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"authority {folder.name}")])
        made = self._builder(self._name, self._key.public_key()).add_extension(x509.BasicConstraints(True, 0), True)
        usage = {
            name: name in {"key_cert_sign", "crl_sign"}
            for name in (
                "digital_signature",
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "key_cert_sign",
                "crl_sign",
                "encipher_only",
                "decipher_only",
            )
        }
        signed = made.add_extension(x509.KeyUsage(**usage), True).sign(self._key, hashes.SHA256())
        self.certificate.write_bytes(signed.public_bytes(Encoding.PEM))

    def issue(self, name: str, password: str = "", host: str = "localhost") -> tuple[Path, Path]:
        """Certificate and key, as files, of this machine or another host; or of a client, whom only the name tells."""
        key = ec.generate_private_key(ec.SECP256R1())
        here = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))])
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        signed = (
            self._builder(subject, key.public_key())
            .add_extension(here, False)
            .add_extension(above, False)
            .sign(self._key, hashes.SHA256())
        )
        certificate, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(signed.public_bytes(Encoding.PEM))
        encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
        secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        return certificate, secret

    def trusted(self, shown: tuple[Path, Path] | None = None) -> ssl.SSLContext:
        """What a client needs that trusts this authority and shows a certificate."""
        context = ssl.create_default_context(cafile=self.certificate)
        if shown is not None:
            context.load_cert_chain(*shown)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        )


@dataclass(frozen=True, slots=True)
class Served:
    """The service as a process of its own: the base URL at which it listens, and the lines of its log."""

    url: str
    lines: list[str]

    def said(self, incident: str, name: str) -> dict[str, Any]:
        """The event of this name that the log tells of an incident. The line may come after the answer."""
        for _ in range(300):
            for line in map(json.loads, tuple(self.lines)):
                if (line["event"], line.get("incident")) == (name, incident):
                    found: dict[str, Any] = line
                    return found
            time.sleep(0.1)
        raise AssertionError(f"the log says no {name} of incident {incident}")


@contextmanager
def served(**settings: object) -> Iterator[str]:
    """The service as a process of its own with these settings: the base URL at which it listens."""
    with logged(**settings) as service:
        yield service.url


@contextmanager
def logged(**settings: object) -> Iterator[Served]:
    """The same, and what it writes into its log."""
    state = TemporaryDirectory()
    usual = {"regimen": "eu-12mg", "time_zone": "UTC", "log_format": "json", "state_folder": state.name}
    given = {**usual, **settings}
    ours = {f"NUSINERSEN_CDS_{name.upper()}": str(value) for name, value in given.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUSINERSEN_CDS_")}
    command = [PROGRAM, "serve", "--port", "0"]
    with state, subprocess.Popen(command, env=kept | ours, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said: list[str] = []
        try:
            for line in process.stderr:
                said.append(line)
                if line.startswith("{") and json.loads(line)["event"] == "serving":
                    break
            else:
                raise AssertionError(f"the service did not start: {''.join(said)}")
            url = json.loads(said[-1])["url"].removesuffix("/cds-services")
            # what it goes on to say must be taken from it, or it would wait
            threading.Thread(target=said.extend, args=[process.stderr], daemon=True).start()
            yield Served(url, said)
        finally:
            process.terminate()
            process.wait(timeout=30)


class Proxy:
    """Ends TLS before the service at `target`, and says so in its headers."""

    def __init__(self, target: str, tls: ssl.SSLContext) -> None:
        self.host, port = target.removeprefix("http://").split(":")
        self.port, self.tls = int(port), tls
        self.calls: set[asyncio.Task[None] | None] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The base URL for clients."""
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, ssl=self.tls)
        try:
            yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for call in filter(None, tuple(self.calls)):
                await asyncio.wait([call], timeout=5)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls.add(asyncio.current_task())
        line = await reader.readline()
        there, back = await asyncio.open_connection(self.host, self.port)
        try:
            back.write(line + b"X-Forwarded-Proto: https\r\nX-Forwarded-For: 203.0.113.9\r\n")
            await asyncio.wait(
                [asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for each in (back, writer):
                each.close()
                with suppress(OSError):
                    await each.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()


@contextmanager
def proxied(target: str, tls: ssl.SSLContext) -> Iterator[str]:
    """A proxy before the service at `target`: the base URL for clients."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(Proxy(target, tls).listening()) as base:
        yield base
