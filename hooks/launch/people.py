"""Who is signed in, for the pages about many patients."""

from __future__ import annotations

from fastapi import Request

from hooks.launch.cookies import secret_in
from hooks.launch.session import Sessions
from hooks.pages.people import Person


class SignedIn:
    """The person of the newest session of a browser."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def person(self, request: Request) -> Person | None:
        """Who sends a request; None where nobody is signed in, or the EHR did not say who. Raises DatabaseDown."""
        session = await self._sessions.last(secret_in(request.cookies))
        if session is None or not session.user.id:
            return None
        return Person(session.site, session.user.id, frozenset(session.user.roles))
