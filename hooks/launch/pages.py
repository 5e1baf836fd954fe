"""The pages of a sign-in: begun, answered by the EHR, finished with a session, and ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from functools import partial

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from hooks.database.database import DatabaseDown
from hooks.launch.cookies import NO_STORE, drop_pending, drop_session, keep_pending, keep_session, secret_in
from hooks.launch.failure import AGAIN, AGAIN_FROM_EHR, LaunchError
from hooks.launch.guard import Guard
from hooks.launch.pending import Pending, Seal
from hooks.launch.places import CALLBACK, LAUNCH, SIGN_OUT, SIGNED_IN, TIMELINE, Places
from hooks.launch.servers import Servers
from hooks.launch.session import Sessions
from hooks.launch.signing_in import TIMELINE_PAGE, SigningIn
from hooks.launch.timeline import PatientPage
from hooks.launch.views import note
from hooks.launch_settings import Role
from hooks.memory import Memory
from hooks.pages.door import TRY_AGAIN, WHO_IS_NOT_KNOWN
from hooks.pages.render import page
from hooks.sites import Sites

_LONGEST = 4096
"""Characters of a parameter; a launch or a code of a real EHR can be a signed token of one or two thousand."""


class LaunchPages:
    """Sign-in, timeline and sign-out. `landings` are the pages of several patients that are served beside them."""

    def __init__(
        self,
        servers: Servers,
        sessions: Sessions,
        seal: Seal,
        places: Places,
        clock: Callable[[], datetime],
        landings: Collection[Role] = (),
    ) -> None:
        self._servers, self._sessions, self._places = servers, sessions, places
        self._clock, self._landings = clock, landings
        self._guard = Guard(sessions, places, servers)
        self._signing_in = SigningIn(servers, places.redirect, clock)
        self._seal = seal

    @property
    def names(self) -> Mapping[str, str]:
        """What log and counters call their paths."""
        return {
            LAUNCH: "launch",
            CALLBACK: "launch-callback",
            SIGNED_IN: "signed-in",
            TIMELINE: "timeline",
            SIGN_OUT: "sign-out",
        }

    def add(self, app: FastAPI, sites: Sites, memory: Memory) -> None:
        """Bind the pages."""
        timelines = PatientPage(self._guard, self._places, memory, sites)

        @app.get(LAUNCH, include_in_schema=False)
        async def launch(request: Request) -> Response:
            """A launch by the EHR (`iss`, `launch`), or by a person who comes alone (`page`, and `server` where there
            are several)."""
            return await self._or_stopped(self._launch, request)

        @app.get(CALLBACK, include_in_schema=False)
        async def callback(request: Request) -> Response:
            """Where the EHR sends the browser back to."""
            return await self._or_stopped(self._callback, request)

        @app.get(SIGNED_IN, include_in_schema=False)
        async def signed_in(request: Request) -> Response:
            """Where the session is made."""
            return await self._or_stopped(partial(self._signed_in, memory), request)

        @app.get(TIMELINE, include_in_schema=False)
        async def timeline(request: Request) -> Response:
            """The timeline of the patient of a session (`view`); `date` is the date to try."""
            return await self._or_stopped(timelines.show, request)

        @app.post(SIGN_OUT, include_in_schema=False)
        async def sign_out(request: Request) -> Response:
            """Where all sessions of the browser end."""
            return await self._or_stopped(partial(self._sign_out, memory), request)

    async def _or_stopped(
        self, show: Callable[[Request, dict[str, str]], Awaitable[Response]], request: Request
    ) -> Response:
        try:
            return await show(request, _parameters(request))
        except LaunchError as error:
            return self._guard.stopped(error)
        except DatabaseDown:
            return self._guard.stopped(LaunchError("database-down", WHO_IS_NOT_KNOWN, TRY_AGAIN, 503))

    async def _launch(self, _: Request, asked: Mapping[str, str]) -> Response:
        issuer, launch = asked.get("iss"), asked.get("launch")
        wanted = asked.get("page", TIMELINE_PAGE) if issuer is None else TIMELINE_PAGE
        if wanted != TIMELINE_PAGE and wanted not in self._landings:
            raise LaunchError("no-such-page", "There is no page of this name to sign in for.", AGAIN_FROM_EHR, 404)
        if issuer is not None and not launch:
            what = "The EHR opened this page without saying what it was opened for (launch)."
            raise LaunchError("no-launch-context", what, AGAIN_FROM_EHR)
        issuer = issuer or asked.get("server") or self._only_server()
        if issuer is None:
            choices = [
                (each.base.url, self._places.path(LAUNCH, server=each.base.url, page=wanted)) for each in self._servers
            ]
            return page("choose_server.html.j2", choices=choices)
        pending, url = await self._signing_in.begin(issuer, launch, wanted)
        answer = RedirectResponse(url, 303, NO_STORE)
        keep_pending(answer, pending.state, self._seal.seal(pending, self._clock()))
        return answer

    def _only_server(self) -> str | None:
        servers = [each.base.url for each in self._servers]
        return servers[0] if len(servers) == 1 else None

    async def _callback(self, request: Request, answer: Mapping[str, str]) -> Response:
        """The strict cookie of the session does not come along from another site, so that a page of our own sends the
        browser on."""
        await self._signing_in.check(self._pending(request, answer), answer)
        return page("hop.html.j2", to=self._places.path(SIGNED_IN, **answer))

    async def _signed_in(self, memory: Memory, request: Request, answer: Mapping[str, str]) -> Response:
        pending = self._pending(request, answer)
        session = await self._signing_in.finish(pending, answer)
        assert pending is not None, "it was checked"
        secret = await self._sessions.open(session, before=secret_in(request.cookies))
        await note(memory, session, "launch", "done")
        seen = {"view": session.view} if pending.with_patient else {}
        redirect = RedirectResponse(self._places.path(f"/{pending.page}", **seen), 303, NO_STORE)
        drop_pending(redirect, pending.state)
        keep_session(redirect, secret)
        return redirect

    async def _sign_out(self, memory: Memory, request: Request, _: Mapping[str, str]) -> Response:
        ended = await self._sessions.close(secret_in(request.cookies))
        if ended is not None:
            await note(memory, ended, "sign-out", "done")
        answer = page("signed_out.html.j2", again=self._places.path(LAUNCH))
        drop_session(answer)
        return answer

    def _pending(self, request: Request, answer: Mapping[str, str]) -> Pending | None:
        return self._seal.open(request.cookies, answer.get("state", ""), self._clock())


def _parameters(request: Request) -> dict[str, str]:
    """The query, each name once. Raises LaunchError."""
    given = request.query_params.multi_items()
    asked = dict(given)
    if len(asked) != len(given) or any(len(value) > _LONGEST for value in asked.values()):
        raise LaunchError("parameters", "The address of this page holds a name twice, or too long a value.", AGAIN)
    return asked
