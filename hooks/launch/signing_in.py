"""From the first click to the session: every check of a sign-in, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cds.fhir.errors import FhirError
from cds.fhir.links import Base
from cds.fhir.references import LOGICAL_ID
from hooks.launch.failure import ADMINISTRATOR, AGAIN, AGAIN_FROM_EHR, LaunchError
from hooks.launch.id_token import verified
from hooks.launch.oauth import Grant, authorization_url, fetch_grant
from hooks.launch.pending import Pending
from hooks.launch.scopes import asked, not_granted
from hooks.launch.servers import Server, Servers
from hooks.launch.session import Session, User, new_view
from hooks.site_settings import Site

TIMELINE_PAGE = "timeline"
_ERRORS = {
    "access_denied": "access was refused, by the user or by a rule of the EHR",
    "invalid_request": "it does not understand the request",
    "invalid_scope": "it does not grant what was asked for",
    "login_required": "nobody is signed in there",
    "server_error": "it failed",
    "temporarily_unavailable": "it is busy; try again in a while",
    "unauthorized_client": "this service is not registered there as it should be",
}
"""The codes that are told; what a server says beside them could be anybody's words."""


@dataclass(frozen=True, slots=True)
class SigningIn:
    """The checks, for all EHRs. `redirect` is our URL to which the EHR sends the browser back."""

    servers: Servers
    redirect: str
    clock: Callable[[], datetime]

    async def begin(self, issuer: str, launch: str | None, page: str) -> tuple[Pending, str]:
        """A sign-in at an EHR, and where the browser goes. `launch` is what an EHR gave that opens us, None where
        people come by themselves. Raises LaunchError."""
        server = self.servers.find(issuer)
        if server is None:
            raise LaunchError(
                "issuer",
                "The FHIR server that this page was opened for (iss) is none of those that this service may be opened "
                "from.",
                "If it should be, add it to the settings fhir_servers and launch_client_id of its site. If you did not "
                "come here from your EHR, close this page.",
                403,
            )
        told = await server.configuration()
        site, alone = server.desk.site, page == TIMELINE_PAGE
        wanted = site.launch_scopes if alone else site.launch_user_scopes
        pending = Pending(
            site=site.id,
            server=server.base.url,
            audience=issuer,
            scopes=asked(wanted, chosen=launch is not None, old=told.old_scopes_only),
            page=page,
            with_patient=alone,
        )
        url = authorization_url(told, server.client, pending, redirect=self.redirect, launch=launch)
        return pending, url

    async def check(self, pending: Pending | None, answer: Mapping[str, str]) -> Server:
        """The EHR of an answer to a sign-in that this browser has begun. Raises LaunchError."""
        if pending is None:
            raise LaunchError(
                "state",
                "This sign-in was not begun in this browser, or more than ten minutes ago, or the browser keeps no "
                "cookies of this page.",
                AGAIN,
            )
        server = self.servers.find(pending.server)
        assert server is not None, "a sign-in is begun at a listed server alone, and the list ends with the process"
        if "error" in answer:
            reason = _ERRORS.get(answer["error"], "for a reason that it does not name in the usual way")
            raise LaunchError("not-authorized", f"The EHR did not sign you in: {reason}.", AGAIN, 403)
        named, told = answer.get("iss"), await server.configuration()
        if named is not None and told.issuer and named != told.issuer:
            raise LaunchError("mixed-up", "The answer is of another server than the one that was asked.", ADMINISTRATOR)
        if not answer.get("code"):
            raise LaunchError("no-code", "The answer of the EHR holds no code.", ADMINISTRATOR)
        return server

    async def finish(self, pending: Pending | None, answer: Mapping[str, str]) -> Session:
        """The session that an answer leads to. Raises LaunchError."""
        server = await self.check(pending, answer)
        assert pending is not None, "it was checked"
        grant = await fetch_grant(
            server.exchange,
            await server.configuration(),
            server.client,
            server.budget(),
            code=answer["code"],
            verifier=pending.verifier,
            redirect=self.redirect,
        )
        missing = not_granted(pending.scopes, grant.scopes)
        if missing:
            raise LaunchError(
                "scopes",
                f"The EHR does not let this page read {', '.join(missing)}, and a part of the history would look like "
                "all of it.",
                "Have these scopes granted to the client of this service, or take what the EHR does not have out of "
                "launch_scopes.",
                403,
            )
        if pending.with_patient and not LOGICAL_ID.fullmatch(grant.patient):
            raise LaunchError("no-patient", "The EHR did not say which patient is meant.", AGAIN_FROM_EHR)
        site = server.desk.site
        return Session(
            view=new_view(),
            site=site.id,
            server=server.base.url,
            user=await self._user(server, pending, grant),
            token=grant.token,
            patient=grant.patient if pending.with_patient else "",
            expires=self.clock() + _lifetime(site, grant),
            of_many=not pending.with_patient,
            drug=grant.drug,
        )

    async def _user(self, server: Server, pending: Pending, grant: Grant) -> User:
        if "openid" not in pending.scopes:
            return User("")
        issuer, keys = await server.issuer()
        claims = await verified(
            grant.id_token,
            keys,
            issuer=issuer,
            client_id=server.client.id,
            nonce=pending.nonce,
            access_token=grant.token,
            now=self.clock(),
        )
        return _user(claims, server.base, server.desk.site)


def _lifetime(site: Site, grant: Grant) -> timedelta:
    """No longer than the token; it is not renewed, since the EHR signs people in at a click."""
    longest = timedelta(minutes=site.launch_minutes)
    return longest if grant.seconds is None else min(longest, timedelta(seconds=grant.seconds))


def _user(claims: Mapping[str, Any], base: Base, site: Site) -> User:
    """The user of verified claims, with the roles that the site gives."""
    named = claims.get("fhirUser")
    reference = _reference(named, base) if isinstance(named, str) else ""
    values = {reference, *_values(claims.get(site.launch_role_claim or ""))} - {""}
    roles = frozenset(role for role, who in site.launch_roles.items() if not values.isdisjoint(who))
    return User(reference or f"{claims['iss']} {claims['sub']}", roles)


def _reference(named: str, base: Base) -> str:
    """`Practitioner/7` where the user is of the server that was listed, else what was written."""
    try:
        inside = base.resource(named)
    except FhirError:
        inside = None
    return "/".join(inside) if inside else named


def _values(claim: object) -> Iterable[str]:
    """A claim of roles is one text or a list of texts."""
    if isinstance(claim, str):
        return (claim,)
    return tuple(value for value in claim if isinstance(value, str)) if isinstance(claim, list) else ()
