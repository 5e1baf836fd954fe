"""Cross-origin calls: a browser's preflight carries no token and must pass before authentication."""

from __future__ import annotations

from hooks.conformance.discovery import PATH, Target
from hooks.conformance.results import Book
from hooks.conformance.transport import Answer, Caller

_ORIGIN = "https://browser-client.example.invalid"
_CALL = "authorization,content-type"


def judge_cors(targets: list[Target], discovery: Answer, caller: Caller, book: Book, *, feedback: bool) -> None:
    """Preflights of discovery, of each service and, where it is there, of its feedback; then a real answer.

    `discovery` is the answer to a call that named an origin.
    """
    wanted = [(PATH, "GET", "authorization")]
    for path in dict.fromkeys(target.path for target in targets):
        wanted += [(path, "POST", _CALL), *([(f"{path}/feedback", "POST", _CALL)] if feedback else [])]
    for path, method, headers in wanted:
        answer = caller.send(
            "OPTIONS",
            path,
            "preflight",
            headers={
                "Origin": _ORIGIN,
                "Access-Control-Request-Method": method,
                "Access-Control-Request-Headers": headers,
            },
        )
        book.judge("cors-preflight", _preflight_faults(answer, headers))
        _credentials(answer, book)
    book.judge("cors-answer", [] if _allowed(discovery) else [f"{discovery.where}: no Access-Control-Allow-Origin"])
    _credentials(discovery, book)


def origin() -> dict[str, str]:
    """The header by which a browser says where a call comes from."""
    return {"Origin": _ORIGIN}


def _allowed(answer: Answer) -> bool:
    return answer.headers.get("access-control-allow-origin") in {"*", _ORIGIN}


def _preflight_faults(answer: Answer, headers: str) -> list[str]:
    if not 200 <= answer.status < 300:
        return [f"{answer.said}; browsers send no token with it"]
    faults = [] if _allowed(answer) else [f"{answer.where}: no Access-Control-Allow-Origin"]
    given = {name.strip().lower() for name in answer.headers.get("access-control-allow-headers", "").split(",")}
    # "*" does not stand for Authorization (Fetch standard)
    refused = [name for name in headers.split(",") if name not in given]
    return [*faults, *([f"{answer.where}: does not allow the headers {', '.join(refused)}"] if refused else [])]


def _credentials(answer: Answer, book: Book) -> None:
    both = (
        answer.headers.get("access-control-allow-origin") == "*"
        and answer.headers.get("access-control-allow-credentials", "").lower() == "true"
    )
    book.judge("cors-credentials", [f"{answer.where}: Allow-Origin * with Allow-Credentials true"] if both else [])
