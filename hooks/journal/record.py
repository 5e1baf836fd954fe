"""From an answered call to its Decision, or to a count where the call did not concern the drug."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import Any

import orjson

from cds.dosing.assessment import Assessment
from cds.regimens.library import digest as digest_of
from hooks.card_kinds import EXTENSION
from hooks.desk import Desk
from hooks.flow import Answered
from hooks.gather import Gathered
from hooks.journal.decision import Decision, ShownCard, storable
from hooks.journal.keys import Key
from hooks.protocol import HookRequest

NO_SITE = "unknown"
"""The site of a call that no site claims."""


def decision_of(
    request: HookRequest | None,
    answered: Answered,
    desk: Desk,
    key: Key,
    *,
    service: str,
    incident: str,
    time: datetime,
    latency_ms: float,
) -> Decision:
    """The decision of a call. Its id is that of the incident, which is new with each call. Of a call that was too much
    to be read neither hook nor patient is known."""
    regimens, site = [regimen for each in desk.every for regimen in each.regimens.every], site_of(desk)
    parts = answered.parts or (answered,)
    hook = instance = patient = digest = ""
    if request is not None:
        hook, instance = request.hook, storable(request.hook_instance, 128)
        patient, digest = (
            key.patient(site, request.patient_id),
            input_digest(request, [part.gathered for part in parts], key),
        )
    return Decision(
        id=incident,
        time=time,
        incident=incident,
        service=service,
        hook=hook,
        hook_instance=instance,
        site=site,
        outcome=answered.outcome.value,
        silent=not answered.shown,
        latency_ms=round(latency_ms, 3),
        patient=patient,
        key_id=key.id,
        input=digest,
        on=answered.on,
        zone=str(desk.zone),
        tolerance_loading=regimens[0].tolerance.loading,
        tolerance_maintenance=regimens[0].tolerance.maintenance,
        regimen=" ".join(each.id for each in regimens),
        regimen_version=" ".join(each.version for each in regimens),
        regimen_digest=_sealed([each.digest for each in regimens]),
        engine=_engine(),
        findings=tuple(
            dict.fromkeys([code for part in parts if part.assessment is not None for code in _codes(part.assessment)])
        ),
        cards=tuple([_card(card) for card in answered.cards]),
    )


def site_of(desk: Desk) -> str:
    """The id of the site that a call was judged for."""
    return NO_SITE if desk.refusal else desk.site.id


def input_digest(request: HookRequest, gathered: Sequence[Gathered | None], key: Key) -> str:
    """A keyed hash of all that the answer rests on, beside the day and the settings: the patient, the draft orders, and
    the records that were read for each drug, whatever their order; where none were, the prefetch as sent. Empty where
    it cannot be written down, as an order nested without end."""
    try:
        return key.digest(_input(request, gathered))
    except (orjson.JSONEncodeError, UnicodeEncodeError, RecursionError):
        return ""


def _input(request: HookRequest, gathered: Sequence[Gathered | None]) -> Iterator[bytes]:
    selections = request.context.get("selections")
    yield _plain([request.hook, request.patient_id, request.draft_orders, selections])
    for each in gathered:
        yield from [_plain(request.prefetch)] if each is None else _read(each)


def _read(gathered: Gathered) -> Iterator[bytes]:
    yield _plain([gathered.whole, sorted(gathered.unread), sorted(gathered.not_asked), sorted(gathered.full_urls)])
    yield from _in_order(gathered.resources)
    yield _plain(dict(gathered.medications))
    yield from _in_order(gathered.beside)


def _in_order(resources: Iterable[Mapping[str, Any]]) -> list[bytes]:
    return sorted([_plain(resource) for resource in resources])


def _plain(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _codes(assessment: Assessment) -> Iterator[str]:
    of_doses = [evaluation.findings for evaluation in assessment.evaluations]
    of_orders = [proposed.findings for proposed in assessment.proposed]
    for findings in (assessment.findings, assessment.forecast.findings, *of_doses, *of_orders):
        for finding in findings:
            yield finding.code.value


def _card(card: dict[str, Any]) -> ShownCard:
    said = card["extension"][EXTENSION]
    suggestions = tuple([suggestion["uuid"] for suggestion in card.get("suggestions", ())])
    return ShownCard(card["uuid"], said["kind"], tuple(said.get("findings", ())), suggestions)


@cache
def _engine() -> str:
    return version("nusinersen-cds")


def _sealed(digests: Sequence[str]) -> str:
    """The digest of the only regimen, or one over the digests of all in their order."""
    return digests[0] if len(digests) == 1 else digest_of(*[each.encode() for each in digests])
