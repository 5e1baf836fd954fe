"""Token ids are claimed once, by whichever thread or process comes first, and forgotten when they have expired."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hooks.database.database import DatabaseDown
from hooks.database.tables import token_ids
from tests.memory.conftest import NOW, Open

SOON = NOW + timedelta(minutes=5)
ISSUER = "https://ehr.example.invalid"


def test_a_token_id_is_new_once_and_then_replayed(url: str, opened: Open) -> None:
    first, second = opened(url), opened(url)
    assert first.claim_token(ISSUER, "j1", SOON)
    assert not first.claim_token(ISSUER, "j1", SOON)
    assert not second.claim_token(ISSUER, "j1", SOON)
    assert second.claim_token(ISSUER, "j2", SOON)


def test_the_same_id_of_two_issuers_is_two_tokens_wherever_the_names_are_cut(url: str, opened: Open) -> None:
    claims = [("https://a", "b"), ("https://", "ab"), ("https://ab", ""), ("https://a", "b\x00\ud800")]
    kept = opened(url)
    assert [kept.claim_token(issuer, jti, SOON) for issuer, jti in claims] == [True] * 4


def test_expired_ids_are_forgotten_and_others_are_not(url: str, opened: Open) -> None:
    early = opened(url)
    early.claim_token(ISSUER, "old", SOON)
    early.claim_token(ISSUER, "long", NOW + timedelta(days=2))
    late = opened(url, NOW + timedelta(days=1))
    late.claim_token(ISSUER, "new", NOW + timedelta(days=1, minutes=5))
    with late.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(token_ids)) == 2
    assert not late.claim_token(ISSUER, "long", NOW + timedelta(days=2))


def test_of_many_threads_one_gets_the_token(url: str, opened: Open) -> None:
    kept = opened(url)
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda number: kept.claim_token(ISSUER, f"j{number % 5}", SOON), range(100)))
    assert claimed.count(True) == 5


CLAIM = """
import sys
from datetime import UTC, datetime
from hooks.database.database import Database
kept = Database(sys.argv[1], clock=lambda: datetime(2026, 5, 3, tzinfo=UTC))
kept.make_ready(seconds=30)
print(sum(kept.claim_token("iss", f"j{n}", datetime(2026, 5, 4, tzinfo=UTC)) for n in range(50)))
"""


def test_several_processes_that_start_at_once_make_the_tables_once_and_share_the_ids(url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", CLAIM, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ended = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * 4, ended
    assert sum(int(out) for out, _ in ended) == 50


def test_a_file_that_cannot_be_opened_is_down_and_says_so(tmp_path: Path, opened: Open) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(DatabaseDown, match="sqlite"):
        opened(f"sqlite:///{tmp_path / 'file' / 'journal.db'}").claim_token(ISSUER, "j1", SOON)


def test_a_server_that_is_not_there_is_down_and_its_password_is_not_said(opened: Open) -> None:
    kept = opened("postgresql://somebody:secret@127.0.0.1:9/journal")
    with pytest.raises(DatabaseDown) as down:
        kept.claim_token(ISSUER, "j1", SOON)
    assert "postgresql 127.0.0.1/journal" in str(down.value)
    assert "secret" not in str(down.value)


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "journal.db", ""])
def test_a_url_that_cannot_be_used_is_refused_with_what_to_write(url: str, opened: Open) -> None:
    with pytest.raises(ValueError, match=r"write sqlite:////folder/file\.db or postgresql://"):
        opened(url)
