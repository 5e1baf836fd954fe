"""What the service remembers: a database, the journal in front of it, and the keys of both, made from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, tzinfo
from functools import partial
from logging import ERROR
from typing import Protocol
from uuid import uuid4

from hooks.database.database import Database, DatabaseDown
from hooks.database.sessions import SessionRows
from hooks.desk import Desk
from hooks.flow import Answered
from hooks.found import Outcome
from hooks.journal.comments import Comments
from hooks.journal.counts import LOST_DECISION, LOST_VIEW
from hooks.journal.decision import Count, Decision, Feedback, PageView
from hooks.journal.journal import Journal, JournalStatus
from hooks.journal.keys import KeyFileError, Keys, own_keys, read_keys
from hooks.journal.purging import Purging
from hooks.journal.record import decision_of, site_of
from hooks.journal.usage import Usage, usage
from hooks.launch.session import KeepsSessions
from hooks.memory_settings import MemoryFields
from hooks.operations.entrance import Operations
from hooks.operations.health import State, Status
from hooks.operations.logs import event, reduced
from hooks.protocol import HookRequest
from hooks.settings import PREFIX, SettingsError

_READY_SECONDS = 1.0


class KeepsDecisions(Protocol):
    """What a journal does; see `Journal`."""

    def start(self) -> None:
        """Start writing."""

    async def keep(self, decision: Decision) -> bool:
        """Whether the decision is safe; else it is counted as lost."""

    async def keep_feedback(self, given: Iterable[Feedback]) -> bool:
        """The same for feedback."""

    async def keep_view(self, view: PageView) -> bool:
        """The same for a look at a page."""

    def count(self, count: Count) -> None:
        """Count what is not kept."""

    def status(self) -> JournalStatus:
        """How it is."""

    def close(self) -> None:
        """Write what can be written."""


class ClaimsTokens(Protocol):
    """The memory of token ids; see `Database`."""

    def make_ready(self, seconds: float) -> None:
        """Make the tables, trying for `seconds`."""

    def claim_token(self, issuer: str, jti: str, expires: datetime) -> bool:
        """Whether the id is seen for the first time."""

    def close(self) -> None:
        """Close the connections."""


class ReadsUsage(Protocol):
    """What reads how the service is used from the database; see `hooks.journal.usage`."""

    def __call__(self, *, site: str, first: date, last: date, zone: tzinfo) -> Usage:
        """Raises DatabaseDown."""


class Memory:
    """The memory of one run of the service. `comments` is None where comments are dropped, `purging` where only the
    command purges, `usage` where nobody can read it. `keys` seal `sessions` too."""

    def __init__(
        self,
        journal: KeepsDecisions,
        tokens: ClaimsTokens,
        sessions: KeepsSessions,
        keys: Keys,
        comments: Comments | None,
        clock: Callable[[], datetime],
        purging: Purging | None = None,
        usage: ReadsUsage | None = None,
    ) -> None:
        self.journal, self.tokens, self.sessions, self.comments = journal, tokens, sessions, comments
        self.keys, self._clock, self._purging, self._usage = keys, clock, purging, usage

    def start(self) -> None:
        """Make the database ready and start the journal; a database that is down does not matter. Blocks for a second
        or two: were it left to the first calls, they would not wait for it, and take tokens that were used before."""
        with suppress(DatabaseDown):
            self.tokens.make_ready(_READY_SECONDS)
        self.journal.start()
        if self._purging is not None:
            self._purging.start()

    async def note(
        self,
        request: HookRequest | None,
        answered: Answered,
        desk: Desk,
        *,
        service: str,
        incident: str,
        seconds: float,
    ) -> None:
        """Keep the decision of a call, or count the call; `seconds` is how long its answer took, `request` None where
        it was too much to be read. Whatever fails here, the answer goes out."""
        now, hook = self._clock(), request.hook if request is not None else ""
        try:
            if answered.outcome is Outcome.NOT_OURS:
                self._count(Count(answered.outcome, service, hook, site_of(desk), now.date()))
                return
            decision = decision_of(
                request,
                answered,
                desk,
                self.keys.newest,
                service=service,
                incident=incident,
                time=now,
                latency_ms=seconds * 1000,
            )
            await self.journal.keep(decision)
        except Exception as error:  # noqa: BLE001  a card must not be lost with its journal line
            event("decision-lost", ERROR, **reduced(error))
            self._count(Count(LOST_DECISION, service, hook, site_of(desk), now.date()))

    async def note_view(
        self, page: str, *, outcome: str, site: str, user: str, incident: str, patient: str | None = None
    ) -> bool:
        """Keep that somebody looked at a page, of one patient (by the bare id) or of many; whether that is safe.
        Whatever fails, the answer is False."""
        now, key = self._clock(), self.keys.newest
        of = "" if patient is None else key.patient(site, patient)
        view = PageView(str(uuid4()), now, incident, page, site, outcome, key.user(site, user), of, key.id)
        try:
            return await self.journal.keep_view(view)
        except Exception as error:  # noqa: BLE001  whoever asks must know that it is not kept
            event("view-lost", ERROR, **reduced(error))
            self._count(Count(LOST_VIEW, "", "", site, now.date()))
            return False

    def usage(self, *, site: str, first: date, last: date, zone: tzinfo) -> Usage:
        """See `hooks.journal.usage`. Blocks while the database is read. Raises DatabaseDown."""
        if self._usage is None:
            raise DatabaseDown("there is no database")
        return self._usage(site=site, first=first, last=last, zone=zone)

    def count_bad_request(self, service: str) -> None:
        """Count a call that could not be read."""
        self._count(Count("bad-request", service, "", "", self._clock().date()))

    def _count(self, count: Count) -> None:
        try:
            self.journal.count(count)
        except Exception as error:  # noqa: BLE001  nor with a count
            event("count-lost", ERROR, kind=count.kind, **reduced(error))

    def close(self) -> None:
        """Write what can be written, and close the database. Blocks for seconds."""
        if self._purging is not None:
            self._purging.stop(_READY_SECONDS)
        self.journal.close()
        self.tokens.close()


def open_memory(settings: MemoryFields, *, clock: Callable[[], datetime]) -> Memory:
    """The memory that the settings describe; a database that is down does not matter. Raises SettingsError."""
    database = open_database(settings, clock=clock)
    journal = Journal(
        database,
        folder=settings.folder / "spool",
        limit=settings.spool_limit_mb * 1_000_000,
        run=str(uuid4()),
        clock=clock,
    )
    with _named("journal_key_file"):
        keys = own_keys(settings.own_key_file) if settings.journal_key_file is None else keys_of(settings)
    comments = comments_of(settings) if settings.keep_comments else None
    hours = settings.purge_hours
    purging = Purging(database, days=settings.retention_days, every=hours, clock=clock) if hours is not None else None
    sessions = SessionRows(database, clock)
    return Memory(journal, database, sessions, keys, comments, clock, purging, partial(usage, database))


def show_memory(journal: KeepsDecisions, operations: Operations) -> None:
    """Tell the operators how it is: a part of health, and numbers for alerts."""

    def status() -> Status:
        now = journal.status()
        return Status() if now.is_well else Status(State.DEGRADED, _said(now))

    operations.health.add("journal", status)
    metrics = operations.metrics
    metrics.add("journal_backlog", "Journal lines that wait for the database", lambda: journal.status().backlog)
    metrics.add(
        "journal_lost", "Journal lines that could be written nowhere", lambda: journal.status().lost, grows=True
    )
    metrics.add(
        "journal_late", "Answers that went out before their line was safe", lambda: journal.status().late, grows=True
    )


def _said(now: JournalStatus) -> str:
    """What is wrong, in words for people."""
    parts = [
        f"{now.database}: {now.backlog} lines wait in the spool" if now.database else "",
        f"the oldest since {now.oldest.isoformat(timespec='seconds')}" if now.oldest and now.database else "",
        f"the spool cannot be written: {now.spool}" if now.spool else "",
        f"{now.lost} lines are lost: neither spool nor database could be written" if now.lost else "",
        f"{now.set_aside} files in the spool's folder hold lines to look at" if now.set_aside else "",
    ]
    return "; ".join(part for part in parts if part)


def open_database(settings: MemoryFields, *, clock: Callable[[], datetime]) -> Database:
    """The database. Raises SettingsError."""
    with _named("database_url"):
        return Database(settings.url, clock=clock)


def keys_of(settings: MemoryFields) -> Keys:
    """The keys of the journal. Raises SettingsError."""
    with _named("journal_key_file"):
        return read_keys(settings.journal_key_file or settings.own_key_file)


def comments_of(settings: MemoryFields) -> Comments:
    """What seals and opens comments. Raises SettingsError."""
    with _named("comment_key_file"):
        if settings.comment_key_file is None:
            raise KeyFileError("is not set, and comments are never kept unencrypted: name a file with a key")
        return Comments(settings.comment_key_file)


@contextmanager
def _named(setting: str) -> Iterator[None]:
    """Names the setting that a fault is of."""
    try:
        yield
    except (KeyFileError, ValueError) as error:
        raise SettingsError(f"{PREFIX}{setting.upper()}: {error}") from None
