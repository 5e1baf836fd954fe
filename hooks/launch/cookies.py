"""The cookies: sent over https and to this service alone, and out of reach of scripts.

Chromium and Firefox take `Secure` and the prefix `__Host-` on this machine over http too.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response

from hooks.launch.pending import SECONDS, cookie_name

NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""Headers of a redirect that sets one of them."""
SESSION = "__Host-nusinersen-cds"


def secret_in(cookies: Mapping[str, str]) -> str:
    """The secret of the session of a request; empty where there is none."""
    return cookies.get(SESSION, "")


def keep_session(response: Response, secret: str) -> None:
    """Never sent along by a page of another site, and forgotten with the browser."""
    response.set_cookie(SESSION, secret, path="/", secure=True, httponly=True, samesite="strict")


def drop_session(response: Response) -> None:
    """After signing out."""
    response.delete_cookie(SESSION, path="/", secure=True, httponly=True, samesite="strict")


def keep_pending(response: Response, state: str, sealed: str) -> None:
    """Lax, since the answer of the EHR comes from another site, and short-lived."""
    response.set_cookie(
        cookie_name(state), sealed, max_age=SECONDS, path="/", secure=True, httponly=True, samesite="lax"
    )


def drop_pending(response: Response, state: str) -> None:
    """Each sign-in has one answer."""
    response.delete_cookie(cookie_name(state), path="/", secure=True, httponly=True, samesite="lax")
