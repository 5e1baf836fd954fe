"""What holds for every history: the shape of the cards, and that a suggestion that is taken leaves no card."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cds.dosing.assess import assess
from cds.dosing.assessment import Assessment
from cds.dosing.codes import Code, Severity, Status
from cds.dosing.facts import DateRange, Unidentified, Unreadable
from hooks.card_kinds import EXTENSION, Kind
from hooks.cards import Card, chart_cards, not_checked_card, order_cards
from hooks.wording import NotChecked
from tests.cards.desk import cards_of, context, draft, strict
from tests.properties.strategies import Case, cases

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HARMLESS_TOKENS = {
    "paragraph", "inline", "table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item", "text", "strong",
    "softbreak",
}  # fmt: skip

NASTY = st.one_of(
    st.text(max_size=400),
    st.sampled_from(
        [
            "<script>alert(1)</script>", "a | b", "one\ntwo\r\n\n# three", "[click](http://evil.example.invalid)",
            "![x](y)", "http://evil.example.invalid", "www.example.invalid", "**bold** _it_ `code` ~~gone~~",
            "&lt;b&gt;",
            "<!-- x", "\\", "\\<b>", "- item", "| --- |", "\u2028", "", " ", "\x00", "<" * 300, "{drug} {0} {}", "%s",
        ]
    ),
)  # fmt: skip


def assessment_of(case: Case) -> Assessment:
    return assess("Patient/p", case.records, case.regimen, on=case.on, whole=case.whole, proposals=case.proposals)


def check_markdown(detail: str) -> None:
    tokens = RENDERER.parse(detail)
    types = {token.type.removesuffix("_open").removesuffix("_close") for token in tokens}
    types |= {
        child.type.removesuffix("_open").removesuffix("_close") for token in tokens for child in token.children or ()
    }
    assert types <= HARMLESS_TOKENS, types - HARMLESS_TOKENS


def check(cards: list[Card]) -> None:
    strict(cards)
    for card in cards:
        check_markdown(card["detail"])
        assert "<" not in card["detail"]
        assert "As visible to this user, read at" in card["detail"]
        assert card["extension"][EXTENSION]["kind"] == card["source"]["topic"]["code"]


@given(cases())
@settings(max_examples=400, deadline=None)
def test_every_card_of_every_history_keeps_to_cds_hooks_and_to_markdown(case: Case) -> None:
    assessment = assessment_of(case)
    check(cards_of(assessment))
    charts = chart_cards(assessment, context=context(case.regimen, show_upcoming=True))
    check(charts)
    assert len(charts) <= 1


@given(cases(), NASTY, NASTY)
@settings(max_examples=200, deadline=None)
def test_text_of_records_and_site_files_stays_text(case: Case, one: str, other: str) -> None:
    assessment = assessment_of(case)
    regimen = replace(
        assessment.regimens[0],
        title=one,
        verified=other,
        statements=(("schedule", other), ("minimum-interval", one)),
        drug=replace(assessment.regimens[0].drug, names=((one.lower() or "x"),)),
    )
    when = DateRange.on(date(2025, 1, 1))
    assessment = replace(
        assessment,
        regimens=(regimen,),
        unreadable=(*assessment.unreadable, Unreadable(one, Code.DATE_MISSING, "C3", other, one, when)),
        unidentified=(*assessment.unidentified, Unidentified(one, other, when)),
    )
    references = {proposed.reference for proposed in assessment.proposed}
    here = context(regimen, show_upcoming=True, problems=(one, other))
    cards = order_cards(assessment, [draft(name, one) for name in references], judged=references, context=here)
    cards += chart_cards(assessment, context=here)
    cards += [not_checked_card(reason, one, here, more=other) for reason in NotChecked]
    for card in cards:
        check_markdown(card["detail"])
        assert 0 < len(card["summary"]) < 140
        assert len(card["summary"].splitlines()) == 1


@given(cases(whole=True), st.booleans())
@settings(max_examples=600, deadline=None)
def test_a_suggested_date_that_is_taken_leaves_no_card_on_the_order(case: Case, one_order: bool) -> None:
    if one_order:
        days = {proposal.day: replace(proposal, reference="MedicationRequest/m1") for proposal in case.proposals}
        days = {day: proposal for day, proposal in days.items() if day is not None or len(days) == 1}
        case = replace(case, proposals=tuple(days.values()))
    assessment = assessment_of(case)
    for card in cards_of(assessment):
        for suggestion in card.get("suggestions", ()):
            (action,) = suggestion["actions"]
            # those of a catch-up are to be taken together: test_catch_up.py
            if action["type"] != "update" or card["source"]["topic"]["code"] == Kind.CATCH_UP:
                continue
            reference = f"MedicationRequest/{action['resource']['id']}"
            old, new = action["resource"]["note"][0]["text"].split(" -> ")
            taken = tuple(
                replace(one, day=date.fromisoformat(new))
                if one.reference == reference and (one.day.isoformat() if one.day else "no date") == old
                else one
                for one in case.proposals
            )
            assert taken != case.proposals
            again = assessment_of(replace(case, proposals=taken))
            assert cards_of(again, judged=[reference]) == []


@given(cases())
@settings(max_examples=300, deadline=None)
def test_an_order_gets_at_most_one_card_and_a_doubt_is_said_once(case: Case) -> None:
    assessment = assessment_of(case)
    cards = cards_of(assessment)
    named = [reference for card in cards for reference in card["extension"][EXTENSION]["orders"]]
    assert len(named) == len(set(named))
    for kind in (Kind.HISTORY_INCOMPLETE,):
        assert sum(card["extension"][EXTENSION]["kind"] == kind for card in cards) <= 1


@given(cases())
@settings(max_examples=300, deadline=None)
def test_a_decision_or_an_incomplete_history_is_never_silent(case: Case) -> None:
    assessment = assessment_of(case)
    doubtful = assessment.forecast.status is Status.DECISION or any(
        finding.code is Code.HISTORY_INCOMPLETE for finding in assessment.findings
    )
    if doubtful:
        references = {proposed.reference for proposed in assessment.proposed}
        said = {name for card in cards_of(assessment) for name in card["extension"][EXTENSION]["orders"]}
        assert said == references
        assert chart_cards(assessment, context=context(case.regimen))


@given(cases())
@settings(max_examples=300, deadline=None)
def test_the_card_of_an_order_is_as_severe_as_what_was_found_about_it(case: Case) -> None:
    assessment = assessment_of(case)
    for proposed in assessment.proposed:
        severities = {finding.severity for finding in proposed.findings}
        cards = [card for card in cards_of(assessment) if proposed.reference in card["extension"][EXTENSION]["orders"]]
        if Severity.CRITICAL in severities:
            assert [card["indicator"] for card in cards] == ["critical"]
        if not severities - {Severity.INFO} and not cards:
            continue
        assert all(card["indicator"] in {"critical", "warning"} for card in cards)


@pytest.mark.parametrize("reason", NotChecked)
def test_a_check_that_could_not_be_made_is_said_in_capitals(reason: NotChecked) -> None:
    (card,) = strict([not_checked_card(reason, "3f0a", context(), more="https://fhir.example.invalid: status 503")])
    check([card])
    assert card["indicator"] == "warning"
    assert "NOT checked" in card["summary"]
    assert "Incident 3f0a." in card["detail"]
