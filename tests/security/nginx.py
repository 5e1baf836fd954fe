"""nginx with the configuration of docs/callers.md: its own text, with the places of this test put in."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.architecture.sources import ROOT
from tests.bench.servers import free_port

PAGE = ROOT / "docs" / "callers.md"
MISSING = (
    "nginx is not installed (on the PATH or in /usr/sbin): install the package `nginx` of Debian or Ubuntu, as "
    "`apt-get install nginx`"
)
MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{server}
}}
"""


def program() -> str:
    """nginx. Fails the test where there is none."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise AssertionError(MISSING)
    return found


def documented() -> str:
    """The `server` block of the page."""
    [block] = re.findall(
        r"^With nginx [^\n]*:\n+```nginx\n(server \{.*?^\})\n```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return str(block)


def put_in(text: str, *changes: tuple[str, str]) -> str:
    """The text with places changed, each of which must stand in it."""
    for before, after in changes:
        assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in the configuration"
        text = text.replace(before, after)
    return text


@contextmanager
def nginx(folder: Path, target: str, certificate: tuple[Path, Path], clients: Path | None = None) -> Iterator[str]:
    """nginx before the service at `target`: the URL for clients before /cds-services. `clients`: the authority by which
    they must have a certificate."""
    port = free_port()
    server = put_in(
        documented(),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("/etc/nginx/service.pem", str(certificate[0])),
        ("/etc/nginx/service.key", str(certificate[1])),
        ("http://127.0.0.1:8000/", f"{target}/"),
    )
    if clients is not None:
        server = put_in(
            server,
            ("# ssl_client_certificate /etc/nginx/clients-ca.pem;", f"ssl_client_certificate {clients};"),
            ("# ssl_verify_client ", "ssl_verify_client "),
        )
    folder.mkdir()
    main = folder / "nginx.conf"
    main.write_text(MAIN.format(folder=folder, server=server), "utf-8")
    errors = folder / "stderr"
    with (
        errors.open("w") as written,
        subprocess.Popen([program(), "-p", folder, "-c", main], stderr=written) as process,
    ):
        try:
            _wait(process, port, errors)
            yield f"https://127.0.0.1:{port}/nusinersen"
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
    until = time.monotonic() + 30
    while True:
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"nginx did not start: {errors.read_text('utf-8')}")
        try:
            # plain HTTP to its TLS port: it answers 400 as soon as it listens
            httpx.get(f"http://127.0.0.1:{port}/", timeout=30)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
