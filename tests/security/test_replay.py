"""The memory of tokens seen: for all processes through the database, and bounded in this one."""

from __future__ import annotations

import asyncio
import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from hooks.database.database import Database
from hooks.security.replay import Claim, Replay
from tests.security.door import NOW, Memory

LATER = NOW + timedelta(seconds=300)


class Clock:
    """Seconds that a test counts."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def claim(replay: Replay, jti: str, expires: datetime = LATER, now: datetime = NOW) -> Claim:
    return asyncio.run(replay.claim("https://i.example.invalid", jti, expires, now))


def test_what_was_taken_while_the_database_was_down_is_written_when_it_is_back() -> None:
    memory, clock = Memory(), Clock()
    replay = Replay(memory, ticks=clock)
    memory.down = True
    assert [claim(replay, name) for name in ("a", "b", "a")] == [Claim.FIRST_HERE, Claim.FIRST_HERE, Claim.SEEN]
    assert (memory.kept, replay.alone) == ({}, True)
    memory.down = False
    assert claim(replay, "c") is Claim.FIRST_HERE, "a database that was just down is not asked at once"
    clock.seconds = 5.0
    assert claim(replay, "d") is Claim.FIRST
    assert [jti for _, jti in memory.kept] == ["a", "b", "c", "d"]
    assert not replay.alone
    assert claim(Replay(memory), "b") is Claim.SEEN, "another process knows it now"


def test_a_database_that_fails_again_while_it_is_written_to_loses_nothing() -> None:
    memory, clock = Memory(), Clock()
    replay = Replay(memory, ticks=clock)
    memory.down = True
    for name in ("a", "b"):
        claim(replay, name)
        clock.seconds += 5
    memory.down = False
    assert claim(replay, "c") is Claim.FIRST
    assert [jti for _, jti in memory.kept] == ["a", "b", "c"]


def test_a_database_that_hangs_holds_up_nobody_for_long() -> None:
    released = threading.Event()

    class Hanging:
        def claim_token(self, issuer: str, jti: str, expires: datetime) -> bool:
            released.wait()
            return bool(issuer and jti and expires)

    async def story() -> list[Claim]:
        replay = Replay(Hanging(), seconds=0.01)
        try:
            return await asyncio.gather(*(replay.claim("i", str(n), LATER, NOW) for n in range(20)))
        finally:
            released.set()

    assert asyncio.run(story()) == [Claim.FIRST_HERE] * 20


def test_ids_are_forgotten_when_their_tokens_have_expired_and_when_there_are_too_many() -> None:
    replay = Replay(Memory(), most=1_000)
    for number in range(1_200):
        claim(replay, str(number))
        assert len(replay._seen) <= 1_000
    for number in range(600):
        claim(replay, f"later-{number}", LATER + timedelta(hours=1), LATER + timedelta(seconds=1))
    assert len(replay._seen) == 600


def test_processes_that_share_a_database_take_a_token_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    with closing(Database(url, clock=lambda: NOW)) as one, closing(Database(url, clock=lambda: NOW)) as other:
        here, there = Replay(one, seconds=60), Replay(other, seconds=60)
        assert [claim(here, "a"), claim(there, "a"), claim(there, "b"), claim(here, "b")] == [
            Claim.FIRST,
            Claim.SEEN,
            Claim.FIRST,
            Claim.SEEN,
        ]


def test_a_database_that_cannot_be_opened_is_one_that_is_down(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with closing(Database(f"sqlite:///{tmp_path}/taken/shared.db", clock=lambda: NOW)) as missing:
        replay = Replay(missing, seconds=60)
        assert [claim(replay, "a"), claim(replay, "a")] == [Claim.FIRST_HERE, Claim.SEEN]
        assert replay.alone
