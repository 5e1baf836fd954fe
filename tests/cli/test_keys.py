"""`keys`, and the client id and key by which `check` gets its tokens."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from cds.fhir.client_keys import ClientKey
from tests.cli.files import check, run

SERVER = "https://fhir.example.invalid/r4"


@pytest.mark.parametrize(("options", "algorithm"), [([], "ES384"), (["--algorithm", "rs384"], "RS384")])
def test_the_private_key_goes_to_a_file_and_the_public_one_is_printed(
    tmp_path: Path, options: list[str], algorithm: str
) -> None:
    path = tmp_path / "key.json"
    ended = run("keys", path, *options)
    assert ended.exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = ClientKey.read(path.read_bytes())
    assert json.loads(ended.stdout) == {"keys": [key.public_jwk]}
    assert key.algorithm == algorithm
    assert json.loads(path.read_text("utf-8"))["d"] not in ended.stdout + ended.stderr
    assert "never send it to anyone" in ended.stderr


def test_a_key_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text("the registered one", "utf-8")
    ended = run("keys", path)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "is not overwritten; name another file" in ended.stderr
    assert path.read_text("utf-8") == "the registered one"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no-such-folder/key.json"], "cannot be written (No such file or directory)"),
        (["key.json", "--algorithm", "HS256"], "--algorithm: 'HS256' is none of ES384, RS384"),
    ],
)
def test_keys_that_cannot_be_made(tmp_path: Path, arguments: list[str], says: str) -> None:
    ended = run("keys", tmp_path / arguments[0], *arguments[1:])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert says in ended.stderr
    assert list(tmp_path.iterdir()) == []


def key_file(folder: Path, mode: int = 0o600, content: bytes | None = None) -> Path:
    path = folder / "key.json"
    path.write_bytes(json.dumps(ClientKey.make("ES384").private_jwk).encode() if content is None else content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o777])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    ended = check(SERVER, "--patient", "p1", "--client-id", "us", "--key", key_file(tmp_path, mode))
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert f"is open to others (mode {mode:04o}), and the key may be known: chmod 600 it" in ended.stderr


@pytest.mark.parametrize(
    ("options", "env", "says"),
    [
        (["--client-id", "us"], {}, "--key is missing: --client-id is given"),
        (["--key", "KEY"], {}, "--client-id is missing: --key is given"),
        (["--client-id", " ", "--key", "KEY"], {}, "--client-id: is empty"),
        (["--client-id", "us", "--key", "no-such-file"], {}, "cannot be read (No such file or directory); `nusinersen"),
        (["--client-id", "us", "--key", "KEY"], {"NUSINERSEN_CDS_FHIR_TOKEN": "t"}, "both a token"),
        ([], {"NUSINERSEN_CDS_FHIR_CLIENT_ID": "us"}, "--key is missing"),
    ],
)
def test_credentials_that_do_not_go_together(
    tmp_path: Path, options: list[str], env: dict[str, str], says: str
) -> None:
    path = str(key_file(tmp_path))
    ended = check(SERVER, "--patient", "p1", *(path if each == "KEY" else each for each in options), env=env)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert says in ended.stderr


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    path = key_file(tmp_path, content=b"not a key")
    ended = check(SERVER, "--patient", "p1", "--client-id", "us", "--key", path)
    assert ended.exit_code == 2
    assert f"--key: {path} is neither a private JWK nor a private key in PEM" in ended.stderr
