"""A browser without pictures: it keeps cookies, and goes where it is told to go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from hooks.app import create_app
from hooks.launch.session import KeepsSessions
from hooks.memory import ReadsUsage
from hooks.settings import Settings
from tests.launch.ehr import CLIENT, FHIR, NOW, Ehr
from tests.pages.reading import Page, read
from tests.service.noted import NotedJournal, noting

BASE = "https://cds.example.invalid"


class Clock:
    """It moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


class Visitor:
    """One browser before the service, and the EHR beside it."""

    def __init__(self, portal: BlockingPortal, client: httpx.AsyncClient, ehr: Ehr, prefix: str) -> None:
        self._portal, self._client, self.ehr, self._prefix = portal, client, ehr, prefix

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self._client.cookies)

    def get(self, address: str, method: str = "GET", accept: str = "*/*") -> httpx.Response:
        """One request; no redirect is followed. The path of the public URL is taken away, as a proxy does it."""
        parts = urlsplit(address)
        path = parts.path.removeprefix(self._prefix)
        query = f"?{parts.query}" if parts.query else ""
        send = partial(self._client.request, method, f"{path}{query}", headers={"Accept": accept})
        return self._portal.call(send)

    def forget(self) -> None:
        """All cookies."""
        self._client.cookies.clear()

    def keep(self, name: str, value: str) -> None:
        """A cookie of this browser."""
        self._client.cookies.set(name, value, domain=urlsplit(BASE).hostname or "")

    def card(self) -> dict[str, Any]:
        """The first card on the chart of the patient."""
        request = {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "fhirServer": FHIR,
            "context": {"userId": "Practitioner/7", "patientId": "anna"},
        }
        post = partial(self._client.post, "/cds-services/nusinersen-chart", json=request)
        [card] = self._portal.call(post).json()["cards"]
        return dict(card)

    def begin(self, **parameters: str) -> str:
        """The URL of the authorization endpoint that a launch leads to."""
        answer = self.get(f"/launch?{urlencode(parameters)}")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def by_ehr(self, **changes: str) -> httpx.Response:
        """From the click in the EHR to what is seen in the end. `changes` are laid over the answer of the EHR."""
        return self.come_back(self.ehr.authorize(self.begin(iss=FHIR, launch="opaque"), **changes))

    def alone(self, **parameters: str) -> httpx.Response:
        """The same for whoever comes without the EHR."""
        return self.come_back(self.ehr.authorize(self.begin(**parameters)))

    def come_back(self, callback: str) -> httpx.Response:
        """The rest of the way: the page that sends the browser on, the session, and the page after it."""
        answer = self.get(callback)
        if answer.status_code != 200:
            return answer
        [refresh] = [each["content"] for each in read(answer).all("meta") if each.get("http-equiv") == "refresh"]
        answer = self.get(unescape((refresh or "").partition("url=")[2]))
        return self.get(answer.headers["location"]) if answer.status_code == 303 else answer

    def stopped(self, answer: httpx.Response, status: int) -> str:
        """What the plain page says that stands in place of the doses."""
        page: Page = read(answer, status)
        assert not page.all("table"), "no doses"
        assert "No doses were looked at" in page.text
        return page.text


def settings(**changes: Any) -> Settings:
    """Those of a service whose pages are opened from one EHR, by a public client unless changed."""
    chosen = {
        "regimen": "eu-12mg",
        "time_zone": "Asia/Kathmandu",
        "fhir_servers": FHIR,
        "client_auth": "off",
        "public_url": BASE,
        "launch_client_id": CLIENT,
        **changes,
    }
    return Settings(**{name: value for name, value in chosen.items() if value is not None})


@contextmanager
def visitors(
    number: int,
    ehr: Ehr | None = None,
    clock: Clock | None = None,
    journal: NotedJournal | None = None,
    usage: ReadsUsage | None = None,
    sessions: KeepsSessions | None = None,
    **changes: Any,
) -> Iterator[list[Visitor]]:
    """So many browsers at one running service."""
    chosen, ehr, clock = settings(**changes), ehr or Ehr(), clock or Clock()
    memory = noting(clock, journal=journal or NotedJournal(), usage=usage, sessions=sessions)
    app = create_app(chosen, clock=clock, transport=httpx.MockTransport(ehr), memory=memory)
    prefix = urlsplit(chosen.public_url[0]).path
    with ExitStack() as opened:
        portal = opened.enter_context(start_blocking_portal())
        opened.enter_context(portal.wrap_async_context_manager(app.router.lifespan_context(app)))
        found = []
        for _ in range(number):
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            client = httpx.AsyncClient(transport=transport, base_url=BASE)
            opened.enter_context(portal.wrap_async_context_manager(client))
            found.append(Visitor(portal, client, ehr, prefix))
        yield found


@contextmanager
def visiting(*given: Any, **changes: Any) -> Iterator[Visitor]:
    """One browser at a running service; see `visitors`."""
    with visitors(1, *given, **changes) as [visitor]:
        yield visitor


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
