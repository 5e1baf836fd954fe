"""A memory that notes what it is told, so that a test can read it, and writes nothing to any disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from hooks.database.database import DatabaseDown
from hooks.journal.comments import Comments
from hooks.journal.decision import Count, Decision, Feedback, PageView
from hooks.journal.journal import JournalStatus
from hooks.journal.keys import Key, Keys
from hooks.launch.session import KeepsSessions
from hooks.memory import Memory, ReadsUsage

KEYS = Keys((Key(b"the newest key of the tests, long enough"),))


class NotedJournal:
    """The journal of a test."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.feedback: list[Feedback] = []
        self.views: list[PageView] = []
        self.counts: list[Count] = []

    def start(self) -> None:
        """There is nothing to start."""

    async def keep(self, decision: Decision) -> bool:
        """Noted."""
        self.decisions.append(decision)
        return True

    async def keep_feedback(self, given: Iterable[Feedback]) -> bool:
        """Noted."""
        self.feedback += given
        return True

    async def keep_view(self, view: PageView) -> bool:
        """Noted."""
        self.views.append(view)
        return True

    def count(self, count: Count) -> None:
        """Noted."""
        self.counts.append(count)

    def status(self) -> JournalStatus:
        """All is well."""
        return JournalStatus("", "", 0, None, 0, 0, 0)

    def close(self) -> None:
        """There is nothing to close."""


class NoTokens:
    """A memory of token ids in which every id is new."""

    def make_ready(self, seconds: float) -> None:
        """There is nothing to make."""

    def claim_token(self, issuer: str, jti: str, expires: datetime) -> bool:
        """New."""
        return bool(issuer and jti and expires)

    def close(self) -> None:
        """There is nothing to close."""


class NotedSessions:
    """The sessions of a test. `down`: as a database that cannot be reached."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}
        self.down = False

    def read(self, digest: str) -> str | None:
        """As it was written."""
        self._try()
        return self.rows.get(digest)

    def replace(self, before: str, digest: str, sealed: str, expires: datetime) -> None:  # noqa: ARG002
        """Noted; whoever reads it looks whether it is over."""
        self._try()
        self.rows.pop(before, None)
        self.rows[digest] = sealed

    def change(self, digest: str, change: Callable[[str], tuple[str, datetime] | None]) -> bool:
        """As `replace`."""
        kept = self.read(digest)
        made = change(kept) if kept is not None else None
        if made is not None:
            self.rows[digest] = made[0]
        return made is not None

    def drop(self, digest: str) -> None:
        """Forgotten."""
        self._try()
        self.rows.pop(digest, None)

    def _try(self) -> None:
        if self.down:
            raise DatabaseDown("the database of a test is down")


def noting(
    clock: Callable[[], datetime],
    *,
    journal: NotedJournal | None = None,
    comments: Comments | None = None,
    usage: ReadsUsage | None = None,
    sessions: KeepsSessions | None = None,
) -> Memory:
    """The memory of a service under test."""
    return Memory(
        journal or NotedJournal(), NoTokens(), sessions or NotedSessions(), KEYS, comments, clock, usage=usage
    )
