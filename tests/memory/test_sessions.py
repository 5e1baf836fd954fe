"""Who is signed in is known to every process that shares the database, and to nobody who reads its rows."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from hooks.database.database import Database, DatabaseDown
from hooks.database.sessions import SessionRows
from hooks.database.tables import sessions
from hooks.journal.keys import Key, Keys
from hooks.journal.purge import purge
from hooks.launch.sealing import seals
from hooks.launch.session import Session, Sessions, User
from hooks.launch_settings import Role
from tests.launch.ehr import FHIR, Ehr
from tests.launch.visitor import Clock, Visitor, visiting
from tests.memory.conftest import NOW, Open
from tests.memory.entries import rows
from tests.pages.reading import read

OLD, NEW = Key(b"an older key of the tests, long enough"), Key(b"a newer key of the tests, long enough")
SESSION = Session(
    view="v1",
    site="default",
    server=FHIR,
    user=User("Practitioner/7\ud800", frozenset({Role.WORKLIST})),
    token="the-token",
    patient="anna",
    expires=NOW + timedelta(minutes=30),
    of_many=True,
    drug="nusinersen",
)


def kept(database: Database, *keys: Key, later: timedelta = timedelta(0)) -> Sessions:
    def clock() -> object:
        return NOW + later

    return Sessions(SessionRows(database, clock), seals(Keys(keys or (OLD,)), "sessions"), clock)  # type: ignore[arg-type]


def carry(cookies_of: Visitor, to: Visitor) -> None:
    """The same browser, whose next request comes to another process."""
    cookies = cookies_of.cookies
    to.forget()
    for name, value in cookies.items():
        to.keep(name, value)


def test_every_request_of_a_sign_in_may_come_to_another_process(url: str, opened: Open) -> None:
    ehr, clock = Ehr(), Clock()
    one, two = (SessionRows(opened(url), clock) for _ in range(2))
    with visiting(ehr, clock, sessions=one) as here, visiting(ehr, clock, sessions=two) as there:
        callback = ehr.authorize(here.begin(iss=FHIR, launch="opaque"))
        carry(here, there)
        shown = there.come_back(callback)
        assert "Berg, Anna" in read(shown).text
        carry(there, here)
        assert "Berg, Anna" in read(here.get(str(shown.url))).text
        assert here.get("/sign-out", "POST").status_code == 200
        there.stopped(there.get(str(shown.url)), 401)


def test_a_session_comes_back_as_it_was(url: str, opened: Open) -> None:
    secret = asyncio.run(kept(opened(url)).open(SESSION))
    assert asyncio.run(kept(opened(url)).find(secret, "v1")) == SESSION
    assert asyncio.run(kept(opened(url)).of_many(secret)) == SESSION


def test_the_rows_tell_nothing_and_a_new_key_opens_what_an_older_one_sealed(url: str, opened: Open) -> None:
    secret = asyncio.run(kept(opened(url)).open(SESSION))
    [row] = rows(opened(url), sessions)
    for plain in (secret, "the-token", "anna", "Practitioner", "worklist"):
        assert plain not in str(row)
    assert asyncio.run(kept(opened(url), NEW, OLD).last(secret)) == SESSION
    assert asyncio.run(kept(opened(url), NEW).last(secret)) is None


def test_a_row_under_another_digest_opens_nothing(url: str, opened: Open) -> None:
    database = opened(url)
    mine, other = (asyncio.run(kept(database).open(replace(SESSION, view=view))) for view in ("v1", "v2"))
    [sealed] = [row["sealed"] for row in rows(database, sessions)][:1]
    with database.writing() as connection:
        connection.execute(update(sessions).values(sealed=sealed))
    found = [asyncio.run(kept(database).last(secret)) for secret in (mine, other)]
    assert found.count(None) == 1, "the row of one of them is where it belongs"


def test_what_is_over_opens_nothing_and_goes_with_the_next_sign_in_or_the_purge(url: str, opened: Open) -> None:
    database, hour = opened(url), timedelta(hours=1)
    secret = asyncio.run(kept(database).open(SESSION))
    assert asyncio.run(kept(database, later=hour).last(secret)) is None
    later = replace(SESSION, expires=NOW + 2 * hour)
    asyncio.run(kept(database, later=hour).open(later))
    assert len(rows(database, sessions)) == 1
    assert purge(database, before=NOW, now=NOW + hour, dry_run=False)["sessions"] == 0
    assert purge(database, before=NOW, now=NOW + 3 * hour, dry_run=False)["sessions"] == 1


def test_the_old_cookie_of_a_browser_leads_nowhere_and_its_sessions_go_on_under_the_new_one(
    url: str, opened: Open
) -> None:
    known = kept(opened(url))
    before = asyncio.run(known.open(SESSION))
    after = asyncio.run(known.open(replace(SESSION, view="v2"), before))
    assert asyncio.run(known.last(before)) is None
    assert [asyncio.run(known.find(after, view)) is not None for view in ("v1", "v2")] == [True, True]


def test_a_database_that_is_down_is_told(opened: Open) -> None:
    down = kept(opened("sqlite:////proc/nowhere/journal.db"))
    with pytest.raises(DatabaseDown):
        asyncio.run(down.last("a-secret"))


def test_several_patients_that_are_opened_at_once_are_all_open(url: str, opened: Open) -> None:
    ours = kept(opened(url))
    views = [f"v{number}" for number in range(2, 8)]

    async def at_once() -> tuple[list[bool], list[Session | None]]:
        secret = await ours.open(SESSION)
        joined = await asyncio.gather(*(ours.join(replace(SESSION, view=view, patient=view), secret) for view in views))
        return joined, [await ours.find(secret, view) for view in ("v1", *views)]

    joined, found = asyncio.run(at_once())
    assert joined == [True] * len(views)
    assert [each.patient for each in found if each is not None] == ["anna", *views]


def test_nobody_joins_who_is_not_signed_in_there_any_more(url: str, opened: Open) -> None:
    database = opened(url)
    ours = kept(database)
    secret = asyncio.run(ours.open(SESSION))
    another = replace(SESSION, view="v2", user=User("Practitioner/8"))
    assert not asyncio.run(ours.join(another, secret))
    assert not asyncio.run(kept(database, later=timedelta(minutes=31)).join(another, secret))
    assert asyncio.run(ours.find(secret, "v2")) is None
    asyncio.run(ours.close(secret))
    assert not asyncio.run(ours.join(replace(SESSION, view="v2"), secret))
    assert not asyncio.run(ours.join(replace(SESSION, view="v2"), ""))
    assert rows(opened(url), sessions) == []
