"""The keys of the journal: made once, changed without losing the patients of before, and useless when guessed."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from hooks.journal.comments import Comments
from hooks.journal.keys import Key, KeyFileError, own_keys, read_keys
from hooks.memory import open_memory
from hooks.settings import Settings, SettingsError
from tests.architecture.sources import ROOT
from tests.memory.conftest import NOW

OLD, NEW = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.keys"
    first = own_keys(path)
    assert own_keys(path) == first
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert [file.name for file in path.parent.iterdir()] == ["journal.keys"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from hooks.journal.keys import own_keys;"
    code += "print(own_keys(Path(sys.argv[1])).newest.id)"
    command = [sys.executable, "-c", code, tmp_path / "state" / "journal.keys"]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1


def test_the_first_key_is_used_and_all_are_for_looking_up(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{OLD}\n", "utf-8")
    before = read_keys(path).newest.patient("north", "4711")
    path.write_text(f"{NEW}\n{OLD}\n", "utf-8")
    after = read_keys(path)
    assert after.newest.patient("north", "4711") != before
    assert before in [key.patient("north", "4711") for key in after.all]
    assert len({key.id for key in after.all}) == 2


def test_a_hash_depends_on_key_site_and_patient_and_on_where_one_ends() -> None:
    one, other = Key(b"1" * 32), Key(b"2" * 32)
    hashes = [one.patient("ab", "c"), one.patient("a", "bc"), other.patient("ab", "c"), one.digest([b"ab", b"c"])]
    assert len(set(hashes)) == 4
    assert {len(value) for value in hashes} == {64}
    assert one.patient("ab", "c") == one.patient("ab", "c")


BAD = {
    "empty": ("", "holds no key"),
    "short": (base64.b64encode(b"x" * 31).decode(), "key 1 has fewer than 32 bytes"),
    "no base64": (f"{OLD}\nsecret!words", "key 2 is not in base64"),
    "no text": ("\xff", "is no file of keys"),
}


@pytest.mark.parametrize(("content", "says"), BAD.values(), ids=BAD)
def test_a_file_that_cannot_be_used_stops_the_start_and_no_key_is_shown(
    tmp_path: Path, content: str, says: str
) -> None:
    path = tmp_path / "keys"
    path.write_text(content, "latin-1")
    with pytest.raises(SettingsError, match=r"^NUSINERSEN_CDS_JOURNAL_KEY_FILE: .*keys: ") as stopped:
        open_with(tmp_path, journal_key_file=path)
    assert says in str(stopped.value)
    assert "secret" not in str(stopped.value)


def test_a_state_folder_that_cannot_be_written_stops_the_start_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(SettingsError, match="choose another state_folder"):
        open_with(tmp_path / "file" / "state")


def test_comments_are_kept_with_a_key_only(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"^NUSINERSEN_CDS_COMMENT_KEY_FILE: is not set, and comments are never kept"
    ):
        open_with(tmp_path, keep_comments=True)
    path = tmp_path / "comment.keys"
    for content in ("", "no key"):
        path.write_text(content, "utf-8")
        with pytest.raises(SettingsError, match=r"^NUSINERSEN_CDS_COMMENT_KEY_FILE: .*write one key a line"):
            open_with(tmp_path, keep_comments=True, comment_key_file=path)
    path.write_text(Fernet.generate_key().decode(), "utf-8")
    open_with(tmp_path, keep_comments=True, comment_key_file=path)


def test_a_comment_is_opened_by_an_old_key_and_not_without_it(tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    path = tmp_path / "comment.keys"
    path.write_text(old, "utf-8")
    sealed = Comments(path).seal("given elsewhere \ud800")
    path.write_text(f"{new}\n{old}", "utf-8")
    assert Comments(path).open(sealed) == "given elsewhere ?"
    path.write_text(new, "utf-8")
    assert Comments(path).open(sealed) is None


def test_a_database_url_that_cannot_be_used_stops_the_start_and_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^NUSINERSEN_CDS_DATABASE_URL: mysql is no database") as stopped:
        open_with(tmp_path, database_url="mysql://somebody:secret@host/d")
    assert "secret" not in str(stopped.value)


def test_a_key_file_that_is_not_there_is_not_made_where_a_setting_names_it(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="cannot be read"):
        read_keys(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def open_with(folder: Path, **settings: object) -> None:
    chosen = Settings(regimen="eu-12mg", time_zone="UTC", state_folder=folder, **settings)  # type: ignore[arg-type]
    open_memory(chosen, clock=lambda: NOW).close()
