"""The table of words: complete, never too long, and never more than the finding knows."""

from __future__ import annotations

import re
import string
from datetime import date
from decimal import Decimal

import pytest

from cds.dosing.codes import Code, Severity
from cds.dosing.findings import Finding, Quantity, found
from hooks.card_kinds import STATEMENTS, Kind, own_kind
from hooks.markdown import harmless
from hooks.phrases import drug_name, quantity, sentence, step_title, summary
from hooks.wire import OverrideReason, Topic
from hooks.wording import ENGLISH, FINDINGS, NotChecked, Variant

SUMMARIES = ENGLISH.summaries

QUANTITIES: tuple[Quantity | None, ...] = (None, date(2026, 5, 1), 14, Decimal("12.0"), "3 to 20")

# The longest that each number of a summary can be for nusinersen.
LONGEST = {
    "drug": "Nusinersen",
    "when": "on 2026-05-10 (no date ordered)",
    "observed": "11111 days",
    "required": "2026-05-15",
    "earliest": "2026-05-15",
    "recommended": "2026-05-15",
    "overdue_from": "2026-05-15",
    "early": "11111 days",
    "step": "extra dose of the catch-up",
    "doses": "2026-05-10, 2026-05-24, 2026-06-07, then maintenance 2026-10-07",
    "reason": max((words.short for words in FINDINGS.values()), key=len),
    "missing": "11111 records are not counted",
    "delay": "whole loading again by the label since 2026-05-15",
    "options": "options 2026-05-15, 2026-09-01, 2026-10-01",
    "tests": "11 missing or old, 11 not known, 11 to look at (of 11)",
}


def names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


@pytest.mark.parametrize("code", Code)
def test_every_finding_has_its_few_words_and_its_sentence(code: Code) -> None:
    words = FINDINGS[code]
    assert re.fullmatch(r"[a-z][a-z ,-]*", words.short)
    for template in words.sentences:
        assert template[0].isupper() or template.startswith("{")
        assert template.endswith(".")
        assert names(template) <= {"required", "observed"}
    assert names(words.sentences[-1]) == set() or len(words.sentences) == 1


@pytest.mark.parametrize("code", Code)
@pytest.mark.parametrize("required", QUANTITIES)
@pytest.mark.parametrize("observed", QUANTITIES)
def test_a_sentence_copes_with_any_number_and_with_none(
    code: Code, required: Quantity | None, observed: Quantity | None
) -> None:
    said = sentence(found(code, "W1", required=required, observed=observed))
    assert said.endswith(".")
    assert not set("{}\n<>|") & set(said)
    assert "None" not in said


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_summary_its_topic_and_what_it_quotes(kind: Kind) -> None:
    assert (kind, Variant.PLAIN) in SUMMARIES
    assert STATEMENTS[kind]
    Topic.model_validate(ENGLISH.topics[kind])
    assert ENGLISH.topics[kind]["code"] == kind.value


def test_topics_never_change_since_overrides_are_remembered_by_them() -> None:
    assert [kind.value for kind in Kind] == [
        "NusinersenTooEarly",
        "NusinersenOrderConflict",
        "NusinersenWrongRouteOrAmount",
        "NusinersenRestart",
        "NusinersenCatchUp",
        "NusinersenEarlierThanSchedule",
        "NusinersenOverdue",
        "NusinersenDecision",
        "NusinersenHistoryIncomplete",
        "NusinersenNotChecked",
        "NusinersenDue",
        "NusinersenUpcoming",
        "NusinersenMonitoring",
    ]


@pytest.mark.parametrize(("kind", "variant"), SUMMARIES)
def test_a_summary_is_a_sentence_on_one_line_shorter_than_140_characters(kind: Kind, variant: Variant) -> None:
    templates = SUMMARIES[kind, variant]
    assert names(templates[-1]) <= {"drug", "when"}
    for template in templates:
        assert names(template) <= set(LONGEST)
    said, _ = summary(kind, variant, LONGEST)
    assert said.startswith("Nusinersen")
    assert len(said) < 140
    assert not said.endswith("...")


@pytest.mark.parametrize(("kind", "variant"), SUMMARIES)
def test_a_summary_of_a_drug_with_an_endless_name_is_cut(kind: Kind, variant: Variant) -> None:
    said, whole = summary(kind, variant, {**LONGEST, "drug": "Nusinersen " * 30})
    assert len(said) == 139 or len(said) == 138  # a space before the dots is left out
    assert said.endswith("...")
    assert whole.startswith("Nusinersen " * 30)
    assert not whole.endswith("...")


@pytest.mark.parametrize("reason", NotChecked)
def test_every_reason_for_an_unmade_check_has_its_words(reason: NotChecked) -> None:
    why = ENGLISH.not_checked[reason]
    assert why.sentence.endswith(".")
    said = summary(Kind.NOT_CHECKED, Variant.PLAIN, {"drug": "Nusinersen", "reason": why.short})
    assert said == (f"Nusinersen dosing interval NOT checked: {why.short}", "")


def test_delays_are_said_of_what_a_forecast_finds_of_them() -> None:
    assert set(ENGLISH.delays) == {Code.OVERDUE, Code.CATCH_UP_REQUIRED, Code.RESTART_REQUIRED}
    assert all(names(template) == {"required"} for template in ENGLISH.delays.values())
    assert set(ENGLISH.severities) == set(Severity)


def test_override_reasons_are_codings_with_words() -> None:
    codes = [OverrideReason.model_validate(reason).code for reason in ENGLISH.override_reasons]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("code", Code)
def test_lateness_and_info_alone_make_no_card_on_an_order(code: Code) -> None:
    assert own_kind(found(code, "W7", severity=Severity.INFO)) is None
    kind = own_kind(found(code, "W7", severity=Severity.WARNING))
    assert (kind is None) == (code in {Code.LATE, Code.OVERDUE})


def test_an_interval_too_short_is_a_conflict_by_rule_p3_only() -> None:
    assert own_kind(Finding(Code.INTERVAL_TOO_SHORT, Severity.CRITICAL, "P3")) is Kind.CONFLICT
    assert own_kind(Finding(Code.INTERVAL_TOO_SHORT, Severity.CRITICAL, "W2")) is Kind.TOO_EARLY


@pytest.mark.parametrize(
    "hidden", [*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF]
)
def test_no_character_is_left_that_turns_text_round_or_takes_no_room(hidden: int) -> None:
    assert harmless(f"50{chr(hidden)} mg") == "50 mg"


RESTART = "2026-05-10, 2026-05-24, 2026-06-07, 2026-07-12"
TWO_EXTRA = "2026-05-10, 2026-05-24, 2026-06-07, then maintenance 2026-10-07"


@pytest.mark.parametrize(
    ("kind", "drug", "doses", "said"),
    [
        (Kind.RESTART, "Nusinersen", RESTART,
         ("Nusinersen on 2026-05-10 (no date ordered): the whole loading again, "
          "2026-05-10, 2026-05-24, 2026-06-07, 2026-07-12")),
        (Kind.CATCH_UP, "Nusinersen", TWO_EXTRA,
         ("Nusinersen on 2026-05-10 (no date ordered): catch-up "
          "2026-05-10, 2026-05-24, 2026-06-07, then maintenance 2026-10-07")),
        (Kind.RESTART, "Nusinersen " * 4, RESTART,
         ("Nusinersen Nusinersen Nusinersen Nusinersen  on 2026-05-10 (no date ordered) (delay limit 2026-05-15): "
          "the whole loading again")),
        (Kind.CATCH_UP, "Nusinersen " * 4, TWO_EXTRA,
         ("Nusinersen Nusinersen Nusinersen Nusinersen  on 2026-05-10 (no date ordered) (delay limit 2026-05-15): "
          "extra doses follow")),
    ],
)  # fmt: skip
def test_a_long_summary_of_a_delay_keeps_its_dates_before_its_limit(
    kind: Kind, drug: str, doses: str, said: str
) -> None:
    fields = {**LONGEST, "drug": drug, "doses": doses}
    short, whole = summary(kind, Variant.PLAIN, fields)
    assert short == said
    assert len(said) < 140
    # what the summary has no room for begins the detail
    assert "(delay limit 2026-05-15)" in whole
    assert doses in whole


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (1, "1 day"),
        (0, "0 days"),
        (14, "14 days"),
        (date(2026, 5, 1), "2026-05-01"),
        (Decimal("12.0"), "12 mg"),
        (Decimal("12.60"), "12.6 mg"),
        (Decimal(120), "120 mg"),
        (Decimal("0.5"), "0.5 mg"),
        ("3 to 20", "3 to 20 days"),
    ],
)
def test_numbers_are_said_with_their_units(value: Quantity, said: str) -> None:
    assert quantity(value) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Spinraza 12 mg", "Spinraza 12 mg"),
        ("<b>", "&lt;b&gt;"),
        ("a|b", r"a\|b"),
        ("one\r\ntwo", "one  two"),
        ("see http://x", "see http ://x"),
        ("WWW.evil.example.invalid", "WWW .evil.example.invalid"),
        ("www.evil.example.invalid wWw.x", "www .evil.example.invalid wWw .x"),
        ("a@evil.example.invalid", r"a \@evil.example.invalid"),
        ("MailTo:a@evil.example.invalid", r"MailTo :a \@evil.example.invalid"),
        ("w\u200bww.x ww\u2060w.x http:\u200d//x", "www .x www .x http ://x"),
        ("12\u200e mg \u202egm 05\u202c \u2066x\u2069\ufeff", "12 mg gm 05 x"),
        ("  padded ", "padded"),
        ("x" * 300, "x" * 200 + "..."),
        ("\x00\x1b[31m", r"\[31m"),
    ],
)
def test_text_from_records_is_made_harmless(text: str, said: str) -> None:
    assert harmless(text) == said


@pytest.mark.parametrize(
    ("step", "title"),
    [
        ("loading-1", "loading dose 1"),
        ("loading-12", "loading dose 12"),
        ("loading-21", "loading dose 21"),
        ("not-a-step", "not a step"),
        ("maintenance", "maintenance dose"),
        ("catch-up", "extra dose of the catch-up"),
    ],
)
def test_steps_have_titles(step: str, title: str) -> None:
    assert step_title(step) == title


def test_the_name_of_a_drug_begins_a_sentence_and_stays_on_its_line() -> None:
    assert drug_name("nusinersen\nsodium") == "Nusinersen sodium"
