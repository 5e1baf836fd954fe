"""Other languages: no sentence of a card comes from elsewhere than the table of the language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import Code
from cds.dosing.facts import DateRange, Ordered, Unidentified, Unreadable
from cds.dosing.laboratory import Laboratory, Monitored, NoResult, NotCompared, PassedOver, Result
from cds.dosing.laboratory import check as look
from cds.regimens.library import load
from hooks.card_kinds import EXTENSION
from hooks.cards import Card, CardContext, chart_cards, monitoring_cards, not_checked_card, order_cards
from hooks.markdown import harmless
from hooks.phrases import drug_name
from hooks.wording_files import read_wordings
from hooks.words import NotChecked, Wording
from tests.cards.desk import EU, REGULAR, assessed, context, day, doses, draft, proposal, strict
from tests.cards.languages import NAME, made_up, read_back, write
from tests.properties.strategies import Case, cases

M1 = "MedicationRequest/m1"
DAY = DateRange.on(day("2025-04-03"))

MILLIGRAMS = re.compile(r"\bmg\b")


@cache
def made_up_words() -> Wording:
    with TemporaryDirectory() as folder:
        return read_wordings(write(Path(folder), made_up()))[NAME]


def said(card: Card) -> Iterator[str]:
    """Every text of a card that a person reads."""
    yield card["summary"]
    yield card["detail"]
    yield card["source"]["label"]
    yield card["source"]["topic"]["display"]
    yield from (reason["display"] for reason in card.get("overrideReasons", ()))
    for suggestion in card.get("suggestions", ()):
        yield suggestion["label"]
        yield from (action["description"] for action in suggestion["actions"])


def check(assessment: Assessment, words: Wording, make: Callable[[CardContext], list[Card]]) -> None:
    """The same cards in both languages, and in the made-up one no English but what records and regimens say."""
    regimen = assessment.regimens[0]
    english = strict(make(context(regimen, show_upcoming=True, problems=("1",), not_compared=("2",), unknown=("3",))))
    turned = strict(
        make(context(regimen, show_upcoming=True, problems=("1",), not_compared=("2",), unknown=("3",), words=words))
    )
    assert [list(map(read_back, said(card))) for card in turned] == [list(said(card)) for card in english]
    quoted = {text for text in _quoted(assessment) if text}
    for card in turned:
        assert card["extension"][EXTENSION]["wording"] == {"locale": NAME, "digest": words.digest}
        for text in said(card):
            rest = text
            for quote in sorted(quoted, key=len, reverse=True):
                rest = rest.replace(harmless(quote, longest=None), "").replace(harmless(quote), "").replace(quote, "")
            assert not re.findall(r"[A-Za-z]+", MILLIGRAMS.sub("", rest)), rest


def _quoted(assessment: Assessment) -> Iterator[str]:
    """What cards quote: of records, of orders, of the regimens with what their labels say, and the ids of rules."""
    for regimen in (assessment.regimen, *assessment.regimens):
        yield from (
            regimen.id,
            regimen.version,
            regimen.digest,
            regimen.title,
            regimen.verified,
            regimen.unverified or "",
        )
        yield from (text for _, text in regimen.statements)
        yield from (regimen.drug.names[0], drug_name(regimen.drug.names[0]))
    for record in assessment.unreadable:
        yield from (record.reference, record.element, record.detail, record.rule)
    yield from (ordered.reference for ordered in assessment.ordered)
    for checked in assessment.monitored.tests if assessment.monitored is not None else ():
        yield from (checked.test.name, *(record.reference for record in checked.beside))
        if checked.test.threshold is not None:
            yield from (checked.test.threshold.unit, checked.test.threshold.advice)
    yield from ("<", "Spinraza 12 mg/5 mL", "12:45", "T21:07:00")
    findings = [*assessment.findings, *assessment.forecast.findings]
    findings += [finding for proposed in assessment.proposed for finding in proposed.findings]
    yield from (finding.rule for finding in findings)


@given(cases())
@settings(max_examples=300, deadline=None)
def test_every_sentence_of_every_card_comes_from_the_table(case: Case) -> None:
    assessment = assess("Patient/p", case.records, case.regimen, on=case.on, whole=case.whole, proposals=case.proposals)
    references = sorted({proposed.reference for proposed in assessment.proposed})
    orders = [draft(reference, "Spinraza 12 mg/5 mL") for reference in references]
    check(assessment, made_up_words(), lambda here: order_cards(assessment, orders, judged=references, context=here))
    check(assessment, made_up_words(), lambda here: chart_cards(assessment, context=here))


def test_so_do_the_parts_that_few_cards_have() -> None:
    """More doses, orders and records than are listed; records of which nobody knows the drug, dated or not."""
    more = [f"20{year}-{month}-13" for year in range(10, 24) for month in ("03", "07", "11")]
    nameless = [Unidentified(f"MedicationAdministration/x{n}", "no code", when) for n, when in ((1, None), (2, DAY))]
    broken = [
        Unreadable(f"MedicationAdministration/u{n}", Code.DATE_MISSING, "C3", "effectiveDateTime", "is missing")
        for n in range(12)
    ]
    standing = [Ordered(f"MedicationRequest/s{n}", day(f"2026-{month:02}-13")) for n, month in enumerate(range(1, 13))]
    proposals = (proposal("2026-03-22"), proposal(None))
    for records in ((*doses(*more, *REGULAR), *nameless), (*doses(*REGULAR), nameless[0]), (*doses(*REGULAR), *broken)):
        for ordered in (standing, standing[:1]):
            assessment = assess(
                "Patient/p", records, EU, on=day("2026-03-20"), whole=True, proposals=proposals, ordered=ordered
            )
            order = draft("MedicationRequest/m1", "Spinraza 12 mg/5 mL")
            check(
                assessment,
                made_up_words(),
                lambda here, about=assessment, it=order: order_cards(about, [it], judged=[it.reference], context=here),
            )


def _standing_of_tests() -> Iterator[Monitored]:
    """Tests before a dose in every standing, with every way of a window and every kind of value."""
    us = load().get("us-12mg").monitoring
    on, then, long_ago = day("2026-07-10"), DateRange.on(day("2026-07-01")), DateRange.on(day("2024-01-01"))
    by_day = [(day("2026-06-10"), 30), (day("2026-03-13"), None), (None, None)]
    values: list[tuple[Decimal, str, Decimal | None, NotCompared | None]] = [
        (Decimal("0.1"), "", Decimal("0.1"), None),
        (Decimal("0.3"), "<", Decimal("0.3"), None),
        (Decimal("0.3"), "", Decimal("0.3"), None),
        *[(Decimal(30), "", None, why) for why in NotCompared],
    ]
    odd = [
        NoResult(f"Observation/n{at}", test.name, why, "7") for why in PassedOver for at, test in enumerate(us.tests)
    ]
    for (since, days), (value, comparator, measured, why), when in product(by_day, values, (then, long_ago, None)):
        for no_results, whole in (((), True), (tuple(odd), True), ((), False)):
            results = (
                ()
                if when is None
                else tuple(
                    Result("Observation/r", test.name, when, value, "", comparator, measured, why) for test in us.tests
                )
            )
            laboratory = Laboratory(results, no_results, whole=whole, days=days)
            yield Monitored(us, since, days, tuple([look(test, laboratory, since=since, on=on) for test in us.tests]))


def test_so_do_the_tests_before_a_dose() -> None:
    assessment = assessed(doses(*REGULAR), "2026-07-10", regimen=load().get("us-12mg"))
    for monitored in _standing_of_tests():
        about = replace(assessment, monitored=monitored)
        check(about, made_up_words(), lambda here, about=about: monitoring_cards(about, context=here))
        check(about, made_up_words(), lambda here, about=about: chart_cards(about, context=here))


@pytest.mark.parametrize("reason", NotChecked)
@pytest.mark.parametrize("more", ["", "503"])
def test_so_does_a_check_that_was_not_made(reason: NotChecked, more: str) -> None:
    check(assessed((), "2026-05-01"), made_up_words(), lambda here: [not_checked_card(reason, "3070", here, more=more)])


def test_a_long_summary_loses_nothing() -> None:
    """A language of more words: what does not fit begins the detail."""
    content = made_up()
    long = "x" * 100
    content["summaries"]["NusinersenTooEarly"]["plain"][0] += f" {long}"
    with TemporaryDirectory() as folder:
        words = read_wordings(write(Path(folder), content))[NAME]
    assessment = assessed(doses(*REGULAR), "2026-03-20", proposal("2026-03-26"))
    (card,) = strict(order_cards(assessment, [draft(M1)], judged=[M1], context=context(words=words)))
    assert (
        read_back(card["summary"])
        == "Nusinersen on 2026-03-26 is 13 days after the last dose; at least 14 days must lie between doses"
    )
    first = read_back(card["detail"].split("\n\n")[0])
    assert first == (
        "Nusinersen on 2026-03-26 is 13 days after the last dose; not before 2026-03-27 (minimum interval 14 days) "
        f"{long}"
    )
