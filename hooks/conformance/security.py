"""Authentication and transport: who may call, with which tokens, and over which protocol."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from hooks.conformance.calls import Called
from hooks.conformance.discovery import PATH
from hooks.conformance.results import Book
from hooks.conformance.tokens import FixedToken, Signer
from hooks.conformance.transport import Answer, Caller

SIGNED = (
    "auth-signature", "auth-audience", "auth-expired", "auth-none", "auth-symmetric", "auth-issuer", "auth-replay",
)  # fmt: skip


def judge_transport(base: str, book: Book) -> None:
    """HTTPS, which the client of this program takes from TLS 1.2 on. A loopback address is for trying things out."""
    parts = urlsplit(base)
    if parts.scheme != "https" and _is_loopback(parts.hostname or ""):
        book.skip("tls", f"{parts.hostname} is this machine")
        return
    book.judge("tls", [] if parts.scheme == "https" else [f"{base} is not https"])


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def judge_authentication(called: Called | None, caller: Caller, book: Book) -> None:
    """Calls without a token, and with tokens that are wrong for one reason each."""
    refusals = [_no_token(called, caller, book)]
    credentials = caller.credentials
    if credentials == FixedToken(None):
        for check in ("auth-garbage", "auth-bare", *SIGNED):
            book.skip(check, "needs a key or a token that the service knows: --key or --token")
        return
    refusals.append(_refused(caller, called, "auth-garbage", "not-a-token", book))
    if not isinstance(credentials, Signer):
        for check in SIGNED:
            book.skip(check, "needs a key that the service knows: --key")
    elif called is not None:
        for check, token in credentials.bad_tokens(f"{caller.base}{called.target.path}").items():
            refusals.append(_refused(caller, called, check, token, book))
        good = credentials.token(f"{caller.base}{called.target.path}") or ""
        _send(caller, called, "auth-replay, first", good)
        refusals.append(_refused(caller, called, "auth-replay", good, book))
    for answer in refusals:
        if answer.status == 401:
            book.judge("auth-bare", [f"{answer.where}: the 401 has a body"] if answer.body.strip() else [])


def _no_token(called: Called | None, caller: Caller, book: Book) -> Answer:
    discovery = caller.send("GET", PATH, "no token")
    last = discovery if called is None else caller.send("POST", called.target.path, "no token", body=called.changed())
    for answer in {discovery.where: discovery, last.where: last}.values():
        book.judge("auth-required", [] if answer.status == 401 else [f"{answer.said}, not 401"])
    return last


def _refused(caller: Caller, called: Called | None, check: str, token: str, book: Book) -> Answer:
    answer = _send(caller, called, check, token)
    book.judge(check, [] if answer.status == 401 else [f"{answer.said}, not 401"])
    return answer


def _send(caller: Caller, called: Called | None, what: str, token: str) -> Answer:
    headers = {"Authorization": f"Bearer {token}"}
    if called is None:
        return caller.send("GET", PATH, what, headers=headers)
    return caller.send("POST", called.target.path, what, body=called.changed(), headers=headers)
