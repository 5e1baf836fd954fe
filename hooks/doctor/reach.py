"""Whether the server can be reached at all, what its clock says, and what it says of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cds.fhir.addresses import Networks
from cds.fhir.backend_services import BackendServices
from cds.fhir.errors import FhirError
from cds.fhir.exchange import Reply
from cds.fhir.links import Base
from cds.fhir.smart_configuration import is_loopback
from hooks.doctor.checks import Check, Outcome, Report, failed, failed_by, not_possible, ok, warning
from hooks.doctor.statement import check_statement
from hooks.doctor.visit import Visit

_SKEW = 5.0
"""Seconds between two clocks that are worth a word: the header itself is cut to whole seconds."""
_TOO_MUCH_SKEW = 60.0
"""An assertion of ours lives four minutes of the five that are allowed: a clock this far ahead has it refused."""
_WHOLE_SECOND = 1.0
"""The header is cut to whole seconds, and so up to one behind."""
_STATEMENTS = ("CapabilityStatement", "Conformance")
"""What /metadata gives, and what it gave in DSTU2."""
_LOGIN = frozenset({401, 403})


async def check_reach(visit: Visit, report: Report) -> bool:
    """Adds what can be seen without reading a record. Whether it is worth going on."""
    proxied = visit.http.outbound.proxied(visit.base.host)
    addresses = [] if proxied else await _addresses(visit)
    report.add([check_address(visit.base, visit.networks, addresses, proxied=proxied)])
    before = visit.clock()
    try:
        reply = await _metadata(visit)
    except FhirError as error:
        report.add([failed_by("reachable", error)])
        report.close("The server cannot be reached.")
        return False
    report.add([ok("reachable", "The server answers."), _clock(reply, before, visit.clock())])
    statement = reply.json
    if reply.status != 200 or not isinstance(statement, dict) or statement.get("resourceType") not in _STATEMENTS:
        report.add([_no_statement(reply)])
        return True
    report.add([ok("metadata", "The server describes itself at /metadata."), *check_statement(statement)])
    if report.made["version"].outcome is Outcome.FAILED:
        report.close("The version of FHIR cannot be read.")
        return False
    return True


async def _addresses(visit: Visit) -> list[str]:
    """What the name of the server leads to; nothing where it leads nowhere, which the first request will tell."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(visit.base.host, None)
    except OSError:
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def check_address(base: Base, networks: Networks, addresses: Iterable[str], *, proxied: bool = False) -> Check:
    """Whether the service may call the server where it is, and without being overheard."""
    refused = [each for each in addresses if networks.refusal(each, base.host)]
    if not base.url.startswith("https:") and not is_loopback(base.host):
        text = "The base URL is one of plain http: whoever is on the way reads tokens and records."
        return failed("address", text, "Use the https address of the server.")
    if refused:
        text = (
            f"The server has the address {refused[0]}, which is not one of the public internet: the service refuses it."
        )
        advice = "If it is the right one, list its network in NUSINERSEN_CDS_FHIR_NETWORKS, as 10.20.0.0/16."
        return warning("address", text, advice)
    where = "https" if base.url.startswith("https:") else "plain http, on this machine"
    if proxied:
        return ok("address", f"The base URL is one of {where}. It is called through the proxy, which sees its address.")
    return ok("address", f"The base URL is one of {where}, at an address that the service may call.")


async def _metadata(visit: Visit) -> Reply:
    """The statement, which servers give to everyone; with a token where this one does not."""
    url = f"{visit.base.url}/metadata"
    reply = await visit.exchange(url, "the read of /metadata", visit.budget(), headers={})
    if reply.status not in _LOGIN or visit.tokens is None:
        return reply
    try:
        token = await visit.tokens.token(visit.budget()) if isinstance(visit.tokens, BackendServices) else visit.tokens
    except FhirError:
        return reply  # the check of the token says why there is none
    headers = {"Authorization": f"Bearer {token}"}
    return await visit.exchange(url, "the read of /metadata", visit.budget(), headers=headers)


def _clock(reply: Reply, before: datetime, after: datetime) -> Check:
    """The Date header against our clock, which was read before and after the request."""
    try:
        said = parsedate_to_datetime(reply.headers.get("date", ""))
    except ValueError:
        return not_possible("clock", "The answers of the server carry no Date, so its clock is not known.")
    # a header is in GMT; one that says -0000 comes without a zone
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    ahead, behind = (said - after).total_seconds(), (before - said).total_seconds() - _WHOLE_SECOND
    skew = max(ahead, behind)
    if skew < _SKEW:
        return ok("clock", "The clock of the server and ours agree within a few seconds.")
    text = f"The clock of the server is {skew:.0f} seconds {'ahead of' if skew == ahead else 'behind'} ours."
    advice = "Have both machines set their clocks by the network (NTP): signed tokens are refused where clocks differ."
    return (failed if skew >= _TOO_MUCH_SKEW else warning)("clock", text, advice)


def _no_statement(reply: Reply) -> Check:
    if reply.status in _LOGIN:
        text = f"The server does not describe itself to everyone (status {reply.status})."
        return warning("metadata", text, "Ask its operator for the version of FHIR, and whether /metadata can be open.")
    if reply.status != 200:
        text = f"/metadata was answered with status {reply.status}."
    else:
        text = "/metadata is no CapabilityStatement."
    return failed(
        "metadata", text, "Check that the base URL is the FHIR base of the server, without anything behind it."
    )
