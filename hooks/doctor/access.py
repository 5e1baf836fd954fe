"""Tokens: who issues them, whether one is given, for what, and what the server does without one or with a wrong one."""

from __future__ import annotations

from cds.fhir.backend_services import TYPES, BackendServices, Grant
from cds.fhir.errors import FhirError
from cds.fhir.smart_configuration import SmartConfiguration, discover
from hooks.doctor.checks import Check, Outcome, Report, failed, failed_by, not_possible, ok, said, warning
from hooks.doctor.visit import Visit

_REFUSED = frozenset({401, 403})
_SHORT = 60.0
_KEYS = "Make a key with `nusinersen-cds keys`, have its key set registered, and give --client-id and --key."
_NEEDED_FIRST = TYPES[0]


async def check_access(visit: Visit, report: Report) -> bool:
    """Adds all that concerns tokens. Whether records may be readable."""
    report.add([await _configuration(visit)])
    usable = await _token(visit, report)
    without = await _status(visit, {})
    with_wrong = await _status(visit, {"Authorization": f"Bearer {visit.nobody}"})
    report.add([guarded(without, on_this_machine=visit.on_this_machine), _wrong_token(without, with_wrong)])
    if isinstance(without, int) and without in _REFUSED and visit.tokens is None:
        why = f"The server gives nothing without a token (status {without}), and none was given."
        report.close(why, _KEYS)
        return False
    if not usable:
        report.close("There is no token to read with.", "See the check `token`.")
    return usable


async def _configuration(visit: Visit) -> Check:
    try:
        if isinstance(visit.tokens, BackendServices):
            told = await visit.tokens.configuration(visit.budget())
        else:
            told = await discover(visit.exchange, visit.base, visit.budget())
    except FhirError as error:
        if isinstance(visit.tokens, BackendServices):
            return failed_by("smart-configuration", error)
        text, _ = said(error)
        return not_possible("smart-configuration", text, "Nothing, unless `check` is to get tokens by itself.")
    return _told(told, visit)


def _told(told: SmartConfiguration, visit: Visit) -> Check:
    algorithm = visit.tokens.algorithm if isinstance(visit.tokens, BackendServices) else "ES384"
    misfit = told.misfit(algorithm)
    if misfit:
        text = f"The server names its token endpoint, but {misfit}."
        advice = "Ask its operator; `nusinersen-cds keys --algorithm` makes keys for ES384 and for RS384."
        return warning("smart-configuration", text, advice)
    if not told.algorithms and not told.methods:
        text = "The server names its token endpoint, and does not say in which ways a client may show who it is."
        return ok("smart-configuration", text)
    return ok("smart-configuration", f"The server issues tokens for signed assertions ({algorithm}).")


async def _token(visit: Visit, report: Report) -> bool:
    """Whether there is a token, or none is given, so that the server may be open."""
    if visit.tokens is None:
        text = "No token and no client were given."
        report.add([not_possible(name, text, _KEYS) for name in ("token", "scopes")])
        return True
    if isinstance(visit.tokens, str):
        given = _given(await _status(visit, {"Authorization": f"Bearer {visit.tokens}"}))
        report.add([given, not_possible("scopes", "What a given token may read is known to the server alone.")])
        return given.outcome is not Outcome.FAILED
    try:
        grant = await visit.tokens.grant(visit.budget())
    except FhirError as error:
        report.add([failed_by("token", error), not_possible("scopes", "No token was issued.")])
        return False
    report.add([_lifetime(grant), _scopes(grant)])
    return True


def _given(status: int | FhirError) -> Check:
    if isinstance(status, FhirError):
        return not_possible("token", said(status)[0])
    if status == 401:
        text = "The server refuses the given token (status 401): it has expired, or is of another server."
        return failed(
            "token", text, "Get a new one, or give --client-id and --key, with which it is renewed by itself."
        )
    if status == 403:
        text = "The given token may not search for MedicationAdministration (status 403)."
        return failed("token", text, "Ask for a token whose scopes and user may read and search it.")
    return ok("token", "The server takes the given token.")


def _lifetime(grant: Grant) -> Check:
    if grant.seconds < _SHORT:
        text = f"A token was issued for {grant.seconds:g} seconds only."
        return warning("token", text, "Ask the server's operator for 300 seconds, as SMART recommends.")
    return ok("token", f"A token was issued for {grant.seconds:g} seconds.")


def _scopes(grant: Grant) -> Check:
    if grant.granted is None:
        return ok("scopes", f"The server granted what was asked for: {' '.join(grant.asked)}.")
    missing = [name for name in TYPES if not any(_covers(scope, name) for scope in grant.granted)]
    if not missing:
        return ok("scopes", f"The token may read and search {', '.join(TYPES)}.")
    text = f"The token may not read and search {', '.join(missing)}; asked for was {' '.join(grant.asked)}."
    advice = "Have these scopes registered for the client at the server."
    return (failed if _NEEDED_FIRST in missing else warning)("scopes", text, advice)


def _covers(scope: str, name: str) -> bool:
    """Whether a scope lets all resources of a type be read and searched, in the spelling of SMART 1 or 2."""
    context, _, rest = scope.partition("/")
    of_type, _, allowed = rest.partition(".")
    # a scope with a query (`.rs?category=...`) shows some of the records only
    if context not in ("system", "user") or of_type not in ("*", name) or "?" in allowed:
        return False
    return allowed in ("read", "*") or {"r", "s"} <= set(allowed)


async def _status(visit: Visit, headers: dict[str, str]) -> int | FhirError:
    """The status of a search for the records of nobody."""
    url = visit.base.search(_NEEDED_FIRST, (("patient", visit.nobody), ("_count", "1")))
    try:
        return (await visit.exchange(url, "a search without a token", visit.budget(), headers=headers)).status
    except FhirError as error:
        return error


def guarded(status: int | FhirError, *, on_this_machine: bool) -> Check:
    """What a search without a token was answered with."""
    if isinstance(status, FhirError):
        return not_possible("guarded", said(status)[0])
    if status in _REFUSED:
        return ok("guarded", f"Without a token the server gives nothing (status {status}).")
    if 200 <= status < 300:
        text = "The server answers searches without a token: whoever reaches it can read its records."
        if on_this_machine:
            return ok("guarded", "The server answers without a token, on this machine.")
        return warning(
            "guarded", text, "Have the server ask for tokens, or keep it where only this service reaches it."
        )
    if 300 <= status < 400:
        text = f"Without a token the server redirects, to a login page perhaps (status {status})."
        return warning(
            "guarded", text, "Check the base URL: redirects are not followed, since a token would travel along."
        )
    return not_possible("guarded", f"A search without a token was answered with status {status}.")


def _wrong_token(without: int | FhirError, status: int | FhirError) -> Check:
    if isinstance(status, FhirError):
        return not_possible("wrong-token", said(status)[0])
    if not (isinstance(without, int) and without in _REFUSED):
        return not_possible("wrong-token", "The server does not ask for a token.")
    if status == 401:
        return ok("wrong-token", "A made-up token is refused with status 401, so one that expired can be renewed.")
    if 200 <= status < 300:
        text = "The server takes a made-up token for a good one: whoever reaches it can read its records."
        return failed("wrong-token", text, "Tell the server's operator at once.")
    text = f"A made-up token is refused with status {status} instead of 401: one that expires early is not renewed."
    return warning("wrong-token", text, "Ask the server's operator to answer 401 to tokens that are not valid.")
