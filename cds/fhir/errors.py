"""What can go wrong with a FHIR server, classed by what the caller should do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum


class Kind(Enum):
    """What the caller should do about a FhirError."""

    UNAVAILABLE = "unavailable"
    """Retry later: busy, slow, broken or out of reach; the same call may work in a while."""
    DENIED = "denied"
    """Tell the user: the server refuses this token or user (401, 403), or our settings refuse the server. Never an
    empty history."""
    MISSING = "missing"
    """Go on without: the one resource asked for is not there (404 or 410 on a read)."""
    UNUSABLE = "unusable"
    """Give up and tell an administrator: the answer is no FHIR answer, or a limit of ours was reached."""


class FhirError(Exception):
    """A FHIR server could not be asked, or gave no answer that can be used.

    The message says what, where and what to do. It never holds patient data: of a URL it names the base only, and of
    an OperationOutcome the codes only (see `issue_codes`). `query_refused`: the server understood who asks and for
    what, but not the query; a plainer one may do. `by_post`: the same query may do as POST. `unsupported`: it may not
    have this type of resource at all. `instead`: the id (`Type/x`) of the resource that came in place of the one asked
    for.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        query_refused: bool = False,
        by_post: bool = False,
        unsupported: bool = False,
        instead: str = "",
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.query_refused = query_refused
        self.by_post = by_post
        self.unsupported = unsupported
        self.instead = instead


# The codes that FHIR binds OperationOutcome.issue.code to (http://hl7.org/fhir/ValueSet/issue-type): those of R4, and
# two of R5.
ISSUE_TYPES = frozenset(
    [
        "invalid",
        "structure",
        "required",
        "value",
        "invariant",
        "security",
        "login",
        "unknown",
        "expired",
        "forbidden",
        "suppressed",
        "processing",
        "not-supported",
        "duplicate",
        "multiple-matches",
        "not-found",
        "deleted",
        "too-long",
        "code-invalid",
        "extension",
        "too-costly",
        "business-rule",
        "conflict",
        "transient",
        "lock-error",
        "no-store",
        "exception",
        "timeout",
        "incomplete",
        "throttled",
        "informational",
        "limited-filter",
        "success",
    ]
)


def issue_codes(outcome: object) -> tuple[str, ...]:
    """The codes of an OperationOutcome that may be shown: issue.code, each once.

    All else is left out, since servers repeat the query and parts of the record in texts, and identifiers in codes.
    """
    codes = (issue.get("code") for issue in _objects(outcome, "issue"))
    return tuple(dict.fromkeys(code for code in codes if isinstance(code, str) and code in ISSUE_TYPES))


def wants_post(codes: Iterable[str]) -> bool:
    """Whether a refusal with these codes may be one of the method: some servers take no identifiers in URLs."""
    return not _NO_GET_CODES.isdisjoint(codes)


def _objects(holder: object, key: str) -> Iterator[Mapping[str, object]]:
    items = holder.get(key) if isinstance(holder, Mapping) else None
    if isinstance(items, list):
        yield from (item for item in items if isinstance(item, dict))


_KINDS = {
    401: Kind.DENIED,
    403: Kind.DENIED,
    408: Kind.UNAVAILABLE,
    429: Kind.UNAVAILABLE,
}
_NO_GET = frozenset({405, 414, 431})
"""Not this method, or too long a URL: the query is right and has to come as POST."""
_NO_GET_CODES = frozenset({"not-supported", "too-long"})
_NOT_HERE = frozenset({404, 410, 501})
"""What servers answer to a search for a type of resource that they do not have."""
_ADVICE = {
    401: "get a new access token, or check how the server authorises this service",
    403: "ask for a token whose scopes and user may read this",
    404: "check the base URL and that the server has this resource type",
    410: "check the base URL and that the server has this resource type",
    429: "try again later, or ask the server's operator for a higher rate",
}


def from_status(status: int, what: str, where: str, outcome: object = None, *, read: bool = False) -> FhirError:
    """The error for an answer that is not 2xx to `what` was asked. `where` is the base URL; `read`: not a search."""
    codes = issue_codes(outcome)
    said = f"status {status}" + (f", {', '.join(codes)}" if codes else "")
    if read and status in (404, 410):
        return FhirError(Kind.MISSING, f"{what}: {where} does not have it ({said})")
    if 300 <= status < 400:
        advice = "redirects are not followed, since the token would travel along: configure the final base URL"
        return FhirError(Kind.UNUSABLE, f"{what}: {where} redirects elsewhere ({said}); {advice}")
    default = Kind.UNAVAILABLE if status >= 500 and status != 501 else Kind.UNUSABLE
    kind = _KINDS.get(status, default)
    advice = _ADVICE.get(status, "try again later" if kind is Kind.UNAVAILABLE else "ask the server's operator why")
    verb = "denied it" if kind is Kind.DENIED else "did not answer it"
    by_post = status in _NO_GET
    refused = kind is Kind.UNUSABLE and status not in (404, 410) and not by_post
    by_post = by_post or (refused and wants_post(codes))
    unsupported = status in _NOT_HERE or (kind is Kind.UNUSABLE and "not-supported" in codes)
    text = f"{what}: {where} {verb} ({said}); {advice}"
    return FhirError(kind, text, query_refused=refused, by_post=by_post, unsupported=unsupported)
