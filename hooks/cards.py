"""From an Assessment to cards: pure, and deciding nothing that the assessment does not say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from cds.dosing.assessment import Assessment, Planned, Proposed
from cds.dosing.codes import Code, Severity
from cds.dosing.document import regimen_as_json
from cds.dosing.findings import Finding
from cds.dosing.regimen import Regimen
from hooks.card_kinds import EXTENSION, INFO_KINDS, Kind
from hooks.catch_up import missing_days
from hooks.detail import Reading, Subject, closing, detail
from hooks.leads import LATENESS, Lead, chart_lead, doubt_lead, leads_before, order_lead
from hooks.markdown import harmless
from hooks.monitoring import tests
from hooks.phrases import dated_step, drug_name, fill, numbers, planned_doses, quantity, summary
from hooks.suggestions import Move, Offer
from hooks.wording import ENGLISH
from hooks.words import VARIANTS, NotChecked, Variant, Wording, counted

Card = dict[str, Any]


class DraftOrder(Protocol):
    """What a card needs of an order: its reference, the words it names the drug by, and the resource as sent."""

    @property
    def reference(self) -> str:
        """The reference by which proposed dates name their order."""

    @property
    def text(self) -> str:
        """The words of the order, as sent; may be empty."""

    @property
    def resource(self) -> Mapping[str, Any]:
        """The whole order, as sent."""


class CardContext(NamedTuple):
    """What cards need beside the assessment.

    `read_at` is when the records were read, as people read it, with its offset. `move` writes an order with another
    date, `repeat` a further draft of it for one more dose. `new_id` gives a new UUID as text. `source_url` is an
    absolute URL about the regimen, for a site that has one. `links` stand on every card; `problems` say what of the
    history could not be read, `not_compared` what of the other active orders, in words without patient data. `words`
    is what the cards say, in the language of the site.
    """

    regimen: Regimen
    read_at: str
    move: Move
    repeat: Move
    new_id: Callable[[], str]
    source_url: str | None = None
    show_upcoming: bool = False
    problems: tuple[str, ...] = ()
    links: Sequence[Card] = ()
    not_compared: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    words: Wording = ENGLISH


def order_cards(
    assessment: Assessment, orders: Iterable[DraftOrder], *, judged: Collection[str], context: CardContext
) -> list[Card]:
    """The cards on the orders whose references are in `judged`, the most severe first; none where nothing is wrong.

    An order gets at most one card, led by its own findings. What is in doubt about the patient, not about an order, is
    said on one card for all the orders that have nothing more severe of their own.
    """
    doubt = doubt_lead(assessment)
    standing = frozenset([ordered.reference for ordered in assessment.ordered])
    proposed: dict[str, list[Proposed]] = {}
    for proposal in assessment.proposed:
        proposed.setdefault(proposal.reference, []).append(proposal)
    drafts: dict[str, list[DraftOrder]] = {}
    for order in orders:
        # an order that proposes nothing, such as a cancelled one, needs no card
        if order.reference in judged and order.reference in proposed:
            drafts.setdefault(order.reference, []).append(order)
    cards: list[Card] = []
    doubtful: list[DraftOrder] = []
    for reference, named in drafts.items():
        lead = order_lead(proposed[reference], assessment, standing)
        if lead is not None and leads_before(lead, doubt):
            card = _card(assessment, lead, context, named, proposed[reference])
            # of two drafts by one name nobody can say which one a suggestion would change
            if len(named) == 1:
                _offer(card, named[0], proposed[reference], lead, doubt is not None, assessment, context)
            cards.append(card)
        else:
            doubtful += named
    if doubt is not None and doubtful:
        names = {order.reference for order in doubtful}
        about = [proposal for proposal in assessment.proposed if proposal.reference in names]
        cards.append(_card(assessment, doubt, context, doubtful, about))
    cards.sort(key=lambda card: _SEVEREST_FIRST[card["indicator"]])
    return cards


def chart_cards(assessment: Assessment, *, context: CardContext) -> list[Card]:
    """The card on a patient's chart: at most one, none for a patient without the drug or with nothing to do yet."""
    lead = chart_lead(assessment, show_upcoming=context.show_upcoming)
    return [] if lead is None else [_card(assessment, lead, context, (), ())]


def monitoring_cards(assessment: Assessment, *, context: CardContext) -> list[Card]:
    """The reminder of laboratory tests before the dose (rule 10): info, and none where there is nothing to tell."""
    monitored = assessment.monitored
    if monitored is None or not monitored.told:
        return []
    return [_card(assessment, Lead(Kind.MONITORING, Severity.INFO), context, (), ())]


def not_checked_card(reason: NotChecked, incident: str, context: CardContext, *, more: str = "") -> Card:
    """The warning that a check could not be made. `more` is what went wrong, in words that hold no patient data."""
    words, phrases = context.words, context.words.phrases
    why = words.not_checked[reason]
    drug = drug_name(context.regimen.drug.names[0])
    variant = VARIANTS.get(reason, Variant.PLAIN)
    short, whole = summary(Kind.NOT_CHECKED, variant, {"drug": drug, "reason": why.short}, words)
    paragraphs = [
        harmless(whole, longest=None),
        f"**{why.sentence}**",
        phrases.went_wrong.format(what=harmless(more)) if more else "",
        why.by_hand or phrases.by_hand,
        phrases.incident.format(incident=harmless(incident)),
        closing(context.regimen, context.read_at, words),
    ]
    said: Card = {"kind": Kind.NOT_CHECKED.value, "reason": reason.value, "regimen": regimen_as_json(context.regimen)}
    if words.locale != ENGLISH.locale:
        said["wording"] = _wording(words)
    card: Card = {
        "uuid": context.new_id(),
        "summary": short,
        "indicator": Severity.WARNING.value,
        "detail": "\n\n".join(text for text in paragraphs if text),
        "source": _source(Kind.NOT_CHECKED, context.regimen, context),
        "extension": {EXTENSION: said},
    }
    if context.links:
        card["links"] = context.links
    return card


_SEVEREST_FIRST = {severity.value: index for index, severity in enumerate(Severity)}


def _card(
    assessment: Assessment, lead: Lead, context: CardContext, orders: Sequence[DraftOrder], about: Sequence[Proposed]
) -> Card:
    regimen = assessment.regimen
    plan = assessment.forecast.plan if lead.proposed is None else lead.proposed.plan
    words = context.words
    short, whole = summary(lead.kind, lead.variant, _fields(assessment, lead, plan, words), words)
    subject = Subject(lead.kind, about, [order.text for order in orders], plan, bool(orders), whole)
    reading = Reading(context.read_at, context.problems, context.not_compared, context.unknown)
    card: Card = {
        "uuid": context.new_id(),
        "summary": short,
        "indicator": lead.indicator.value,
        "detail": detail(assessment, subject, reading, words),
        "source": _source(lead.kind, regimen, context),
        "extension": {EXTENSION: _extension(assessment, lead.kind, about, words)},
    }
    if lead.kind not in INFO_KINDS:
        card["overrideReasons"] = words.override_reasons
    if context.links:
        card["links"] = context.links
    return card


def _offer(
    card: Card,
    order: DraftOrder,
    about: Sequence[Proposed],
    lead: Lead,
    doubtful: bool,
    assessment: Assessment,
    context: CardContext,
) -> None:
    offer = Offer(context.regimen.drug.names[0], context.move, context.repeat, context.new_id, context.words.phrases)
    if lead.kind is Kind.CATCH_UP and lead.proposed is not None:
        days = () if doubtful or len(about) > 1 else missing_days(lead.proposed, assessment)
        offered = offer.further(order.resource, lead.proposed, days)
    else:
        offered = offer.changes(order.resource, about, lead, doubtful=doubtful)
    if offered:
        card["suggestions"] = offered
        card["selectionBehavior"] = "any"


def _source(kind: Kind, regimen: Regimen, context: CardContext) -> Card:
    label = _source_label(regimen.title, regimen.id, regimen.version, context.words)
    source: Card = {"label": label, "topic": context.words.topics[kind]}
    urls = (context.source_url, *(document.url for document in regimen.sources))
    url = next((url for url in urls if url and url.startswith(("https://", "http://"))), None)
    if url is not None:
        source["url"] = url
    return source


@lru_cache(maxsize=64)
def _source_label(title: str, identifier: str, version: str, words: Wording) -> str:
    return words.phrases.source.format(title=title, id=identifier, version=version)


def _fields(assessment: Assessment, lead: Lead, plan: tuple[Planned, ...], words: Wording) -> dict[str, str]:
    """The numbers that a summary can name, as far as they are known."""
    forecast, phrases = assessment.forecast, words.phrases
    fields = {"drug": drug_name(assessment.regimen.drug.names[0]), "step": dated_step(forecast, words)[0]}
    fields |= {} if assessment.monitored is None else {"tests": tests(assessment.monitored, words)}
    if forecast.earliest is not None:
        fields["earliest"] = forecast.earliest.isoformat()
    if forecast.recommended is not None:
        fields["recommended"] = forecast.recommended.isoformat()
    if forecast.overdue_from is not None:
        fields["overdue_from"] = forecast.overdue_from.isoformat()
    if lead.proposed is not None:
        when = phrases.on_assumed if lead.proposed.assumed else phrases.on
        fields["when"] = when.format(date=lead.proposed.date.isoformat())
    elif plan:
        fields["when"] = phrases.if_given.format(date=plan[0].date.isoformat())
    if plan:
        fields["doses"] = planned_doses(plan, words)
    if lead.finding is not None:
        fields |= _of_finding(lead.finding, words)
    if lead.proposed is None:
        fields |= _of_doubt(assessment, words)
        if lead.finding is not None and lead.finding.code in words.past_reasons:
            fields["reason"] = words.past_reasons[lead.finding.code]
    return fields


def _of_finding(finding: Finding, words: Wording) -> dict[str, str]:
    fields = numbers(finding, words)
    fields["reason"] = words.findings[finding.code].short
    if isinstance(finding.required, date) and isinstance(finding.observed, date):
        fields["early"] = quantity((finding.required - finding.observed).days, words)
    return fields


def _of_doubt(assessment: Assessment, words: Wording) -> dict[str, str]:
    """What a decision says of the patient: how much is missing, the delay, the dates that can be meant."""
    fields = {"missing": _missing(assessment, words)}
    for finding in assessment.forecast.findings:
        if finding.code in LATENESS:
            fields["delay"] = fill(
                [words.delays[finding.code], words.findings[finding.code].short], numbers(finding, words)
            )
    if assessment.forecast.options:
        dates = ", ".join([day.isoformat() for day in assessment.forecast.options])
        fields["options"] = words.phrases.options.format(dates=dates)
    return fields


def _missing(assessment: Assessment, words: Wording) -> str:
    """Why a history is incomplete, in a few words: it was read, where all that is missing is missing elsewhere."""
    incomplete = Code.HISTORY_INCOMPLETE
    reason = next((each for each in assessment.forecast.findings if each.code is incomplete), None)
    if reason is not None and isinstance(reason.required, date):
        return words.phrases.complete_since.format(date=reason.required.isoformat())
    if assessment.unreadable:
        return counted(words.counts.missing, len(assessment.unreadable))
    whole = all(each.code is not incomplete for each in assessment.findings)
    return words.phrases.noted_elsewhere if whole else words.phrases.not_all_read


def _extension(assessment: Assessment, kind: Kind, about: Sequence[Proposed], words: Wording) -> Card:
    """The same for machines: codes, rules and dates. Nothing in it is empty."""
    findings = [*assessment.forecast.findings, *assessment.findings]
    if about:
        findings = [*(finding for proposed in about for finding in proposed.findings), *findings]
    said: Card = {
        "kind": kind.value,
        "dates": _dates(assessment, about),
        "regimen": regimen_as_json(assessment.regimen),
    }
    if findings:
        said["findings"] = list(dict.fromkeys([finding.code.value for finding in findings]))
        said["rules"] = list(dict.fromkeys([finding.rule for finding in findings]))
    if about:
        said["orders"] = list(dict.fromkeys([proposed.reference for proposed in about]))
    if words.locale != ENGLISH.locale:
        said["wording"] = _wording(words)
    return said


def _wording(words: Wording) -> Card:
    """By which words it was said, where they are not the shipped ones: they are the site's to answer for."""
    return {"locale": words.locale, "digest": words.digest}


def _dates(assessment: Assessment, about: Sequence[Proposed]) -> Card:
    """All dates, without a step: under `catch-up-required` and `restart-required` of rule F6 `recommended` and
    `overdue_from` are those of the maintenance dose that was missed, and no step of today."""
    forecast = assessment.forecast
    dates: Card = {"on": assessment.on.isoformat()}
    if forecast.earliest is not None:
        dates["earliest"] = forecast.earliest.isoformat()
    if forecast.recommended is not None:
        dates["recommended"] = forecast.recommended.isoformat()
    if forecast.overdue_from is not None:
        dates["overdue_from"] = forecast.overdue_from.isoformat()
    if forecast.options:
        dates["options"] = [day.isoformat() for day in forecast.options]
    if about:
        dates["proposed"] = [proposed.date.isoformat() for proposed in about]
        suggested = [proposed.suggested.isoformat() for proposed in about if proposed.suggested is not None]
        if suggested:
            dates["suggested"] = suggested
    return dates
