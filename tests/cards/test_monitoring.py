"""The tests before a dose on cards (rule 10): each laboratory, and the lines that it makes."""

from __future__ import annotations

import pytest

from hooks.cards import chart_cards, monitoring_cards
from tests.cards.desk import context, strict
from tests.cards.laboratory import LABORATORIES, US, monitored

SINCE = "results since 2024-03-14, after the last dose; this site has set no window"
OTHERS = [
    "- platelet count: 12.1 s (2024-07-20)",
    "- prothrombin time: 12.1 s (2024-07-20)",
    "- activated partial thromboplastin time: 12.1 s (2024-07-20)",
]
WINDOW = "results since 2024-07-21, 30 days back, which is a setting of this site"
TITLE = f"**Laboratory tests before the dose** ({SINCE}):"
ADVICE = "the label says to consider repeating the test and evaluating further"
ABOVE = "**That is above 0.2 g/L**"
NOT_READ = "**not known**, since not all could be read"


def urine(value: str, why: str) -> list[str]:
    """The lines where urine protein has a value that nobody can compare."""
    line = f"- urine protein: {value} (2024-07-20). **Not compared with 0.2 g/L** ({why}): above it {ADVICE}"
    return [TITLE, *OTHERS, line]


SAID: dict[str, tuple[str, list[str]]] = {
    "nothing on record": (
        "4 missing or old (of 4)",
        [
            TITLE,
            "- platelet count: **none on record**",
            "- prothrombin time: **none on record**",
            "- activated partial thromboplastin time: **none on record**",
            "- urine protein: **none on record**",
        ],
    ),
    "nothing on record, in a window": (
        "4 missing or old (of 4)",
        [f"**Laboratory tests before the dose** ({WINDOW}):"],
    ),
    "nothing could be read": (
        "4 not known (of 4)",
        [
            TITLE,
            f"- platelet count: {NOT_READ}",
            f"- prothrombin time: {NOT_READ}",
            f"- activated partial thromboplastin time: {NOT_READ}",
            f"- urine protein: {NOT_READ}",
        ],
    ),
    "all done": ("", []),
    "above the threshold": (
        "1 to look at (of 4)",
        [TITLE, *OTHERS, f"- urine protein: 35 mg/dL (2024-07-20). **That is above 0.2 g/L**: {ADVICE}"],
    ),
    "a ratio": (
        "1 to look at (of 4)",
        urine("350 mg/g", "its unit cannot be converted"),
    ),
    "a unit in words": (
        "1 to look at (of 4)",
        urine("35 mg/dl", "its unit is not said as a code of UCUM"),
    ),
    "no table of units": (
        "1 to look at (of 4)",
        urine("35 mg/dL", "units cannot be converted here, since the table of units is not installed"),
    ),
    "a limit": (
        "1 to look at (of 4)",
        urine("&lt;30 mg/dL", "the result says only that the value lies above or below a limit"),
    ),
    "an old result": (
        "1 missing or old, 1 to look at (of 4)",
        [
            TITLE,
            *OTHERS,
            f"- urine protein: **none in that time**, the latest is 35 mg/dL (2024-03-01). {ABOVE}: {ADVICE}",
        ],
    ),
    "an old result, and one that could not be read": (
        "4 not known (of 4)",
        [
            TITLE,
            f"- platelet count: {NOT_READ}; the latest that could is 1 1 (2024-03-01)",
            f"- prothrombin time: {NOT_READ}",
            f"- activated partial thromboplastin time: {NOT_READ}",
            f"- urine protein: {NOT_READ}",
            "- Observation/n1: could not be read: code.coding is a number, not a list",
        ],
    ),
    "a strip and a preliminary result": (
        "1 missing or old (of 4)",
        [
            TITLE,
            *OTHERS,
            "- urine protein: **none on record**",
            "- Observation/n1 (2024-07-20): not counted, since a test strip is not quantitative",
            "- Observation/n2 (2024-07-20): not counted, since it is not final: preliminary",
        ],
    ),
    "many that could not be read": (
        "1 not known (of 4)",
        [
            TITLE,
            *OTHERS,
            f"- urine protein: {NOT_READ}",
            *(
                rf"- Observation/n{number} (2024-07-20): could not be read: value\[x\] is missing"
                for number in range(10)
            ),
            "- and 2 more",
        ],
    ),
}


@pytest.mark.parametrize("name", LABORATORIES)
def test_what_a_card_says_of_the_tests(name: str) -> None:
    cards = strict(monitoring_cards(monitored(name), context=context(US)))
    summary, lines = SAID[name]
    assert [card["summary"] for card in cards] == (
        [f"Nusinersen: laboratory tests before the dose: {summary}"] if summary else []
    )
    for card in cards:
        assert card["indicator"] == "info"
        assert "overrideReasons" not in card
        text = "\n".join(lines).replace(":\n- ", ":\n\n- ", 1)
        assert f"{text}\n" in card["detail"]


def test_where_all_are_done_another_card_says_so_in_one_line() -> None:
    (card,) = chart_cards(monitored("all done"), context=context(US))
    assert f"**Laboratory tests before the dose:** all are done ({SINCE})." in card["detail"].splitlines()
