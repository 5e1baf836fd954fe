"""Who may see a page: what every page for people asks before it reads anything."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request, Response

from cds.fhir.references import LOGICAL_ID
from hooks.launch.cookies import secret_in
from hooks.launch.failure import AGAIN, AGAIN_FROM_EHR, LaunchError
from hooks.launch.places import LAUNCH, Places
from hooks.launch.servers import Servers
from hooks.launch.session import Session, Sessions, new_view
from hooks.launch_settings import Role
from hooks.operations.call import current
from hooks.operations.logs import event
from hooks.pages.render import page

_NO_SESSION = "You are not signed in here, or not any more: a session ends after a while, and when you sign out."
_SEVERAL = (
    "This site reads from several FHIR servers, and the worklist does not say at which of them this patient is: the "
    "same id can be somebody else at another."
)
_OTHER = (
    "This line of the worklist was read from another FHIR server than the one at which you are signed in: the same id "
    "can be somebody else there. Sign in at that server, and open the line again."
)
_NAMED_IN_ROLES = "If you should, ask the administrator of this service to name you in launch_roles."


class Guard:
    """The sessions of the pages, and the page for who may not see them."""

    def __init__(self, sessions: Sessions, places: Places, servers: Servers) -> None:
        self._sessions, self._places, self._servers = sessions, places, servers

    async def enter(self, request: Request, view: str) -> Session:
        """The session of a view of one patient. Raises LaunchError and
        DatabaseDown."""
        session = await self._sessions.find(secret_in(request.cookies), view)
        if session is None:
            raise LaunchError("no-session", _NO_SESSION, AGAIN, 401)
        return session

    async def who(self, request: Request) -> Session | None:
        """The newest session of a browser; None where nobody is signed in. Raises DatabaseDown."""
        return await self._sessions.last(secret_in(request.cookies))

    async def open_patient(self, request: Request, patient: str, server: str = "") -> str:
        """A session for a patient of the worklist, who was not chosen in the EHR: its view. `server` is
        where the list has the id from, empty where it does not say. Raises LaunchError."""
        secret = secret_in(request.cookies)
        session = await self._sessions.of_many(secret)
        if session is None:
            raise LaunchError("no-session", _NO_SESSION, AGAIN, 401)
        if Role.WORKLIST not in session.user.roles:
            raise LaunchError("role", "You are signed in, and may not choose a patient here.", _NAMED_IN_ROLES, 403)
        if not LOGICAL_ID.fullmatch(patient):
            raise LaunchError("no-patient", "The address of this page names no patient.", AGAIN)
        view = new_view()
        if server and not self._servers.same(server, session.server):
            raise LaunchError("other-server", _OTHER, AGAIN_FROM_EHR, 409)
        if not server and self._servers.several(session.site):
            # the list has bare ids, and an id at one server can be somebody else at another
            raise LaunchError("several-servers", _SEVERAL, AGAIN_FROM_EHR, 409)
        if not await self._sessions.join(replace(session, view=view, patient=patient), secret):
            raise LaunchError("no-session", _NO_SESSION, AGAIN, 401)
        return view

    def stopped(self, error: LaunchError) -> Response:
        """The page that says why there is nothing to see, and what to do."""
        event("launch-stopped", why=error.why, status=error.status)
        again = self._places.path(LAUNCH)
        return page("stopped.html.j2", error.status, error=error, again=again, incident=current().incident)
