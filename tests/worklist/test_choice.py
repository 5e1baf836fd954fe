"""What of the list is shown and in which order, by the address of the page."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl

import pytest

from cds.dosing.codes import Code, Status
from hooks.worklist.choice import Choice, Group, Order, read_choice
from tests.worklist.made import ON, row

ROWS = (
    row("Patient/b-due"),
    row("Patient/a-overdue", Status.OVERDUE, act_on=date(2026, 3, 1), overdue_from=date(2026, 4, 1)),
    row("Patient/c-overdue-longer", Status.OVERDUE, act_on=date(2026, 3, 5), overdue_from=date(2026, 3, 20)),
    row("Patient/d-decision", Status.DECISION, recommended=None, overdue_from=None, act_on=date(2026, 5, 9)),
    row("Patient/e-ended", Status.ENDED, recommended=None, overdue_from=None, last_dose=None),
    row("Patient/f-upcoming", Status.UPCOMING, recommended=date(2026, 5, 3), act_on=date(2026, 5, 3)),
    row("Patient/g-upcoming-incomplete", Status.UPCOMING, recommended=date(2026, 8, 1), incomplete=True),
    row("Patient/i-due-and-overdue-since", overdue_from=date(2026, 5, 4)),
    row("Patient/h-not-started", Status.NOT_STARTED, recommended=None, overdue_from=None, last_dose=None),
)
DOUBTED = [
    row(f"Patient/{name}", Status.DECISION, recommended=None, overdue_from=None, act_on=date(2026, 5, day), found=found)
    for name, day, found in (
        ("a-doubt-alone", 1, (Code.HISTORY_INCOMPLETE,)),
        ("b-overdue", 9, (Code.OVERDUE, Code.HISTORY_INCOMPLETE)),
        ("c-catch-up", 8, (Code.HISTORY_INCOMPLETE, Code.CATCH_UP_REQUIRED)),
        ("d-restart", 7, (Code.RESTART_REQUIRED, Code.DATE_MISSING)),
    )
]


def shown(address: str, today: date = ON) -> list[str]:
    choice, faults = read_choice(dict(parse_qsl(address)))
    assert faults == ()
    return [each.patient.partition("/")[2][0] for each in choice.of(ROWS, today)]


@pytest.mark.parametrize(
    ("address", "today", "patients"),
    [
        ("", ON, "cadibge"),
        ("", date(2026, 5, 3), "cadibfge"),
        ("", date(2026, 5, 4), "caidbfge"),
        ("group=come", ON, ""),
        ("group=come", date(2026, 5, 3), "f"),
        ("group=overdue", ON, "ca"),
        ("group=overdue", date(2026, 5, 3), "ca"),
        ("group=overdue", date(2026, 5, 4), "cai"),
        ("group=decision", ON, "d"),
        ("group=due", ON, "ib"),
        ("group=due", date(2026, 5, 4), "ib"),
        ("group=incomplete", ON, "g"),
        ("group=ended", ON, "e"),
        ("patient=OVERDUE", ON, "cai"),
        ("until=2026-03-05", ON, "ca"),
        ("until=2026-03-04&group=overdue", ON, "a"),
        ("sort=patient", ON, "abcdegi"),
        ("sort=-patient", ON, "igedcba"),
        ("sort=date", ON, "acbegid"),
        ("sort=last", ON, "eabcdgi"),
        ("sort=status", ON, "dbieacg"),
    ],
)
def test_which_rows_in_which_order(address: str, today: date, patients: str) -> None:
    assert "".join(shown(address, today)) == patients


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("group=none", "There is no such part of the list"),
        ("until=tomorrow", "This is no date"),
        ("sort=name", "There is no such column"),
        ("page=0", "There is no such page"),
        ("page=x", "There is no such page"),
    ],
)
def test_what_cannot_be_understood_is_told_and_leaves_nobody_out(address: str, fault: str) -> None:
    choice, faults = read_choice(dict(parse_qsl(address)))
    assert [each.startswith(fault) for each in faults] == [True]
    assert choice == Choice()


def test_a_link_keeps_the_rest_of_the_choice_and_begins_with_the_first_page() -> None:
    choice = Choice(Group.DUE, "4711", date(2026, 5, 1), Order.LAST, backwards=True, page=3)
    assert choice.query(page=4) == "group=due&patient=4711&until=2026-05-01&sort=-last&page=4"
    assert choice.query(group=Group.ALL) == "patient=4711&until=2026-05-01&sort=-last"
    assert Choice().query() == ""
    assert read_choice(dict(parse_qsl(choice.query(page=3)))) == (choice, ())


def test_a_patient_can_be_in_two_parts() -> None:
    both = row("Patient/x", Status.DECISION, incomplete=True, found=(Code.HISTORY_INCOMPLETE,))
    assert all(Choice(group).of([both], ON) == [both] for group in (Group.DECISION, Group.INCOMPLETE, Group.ALL))


@pytest.mark.parametrize(("group", "patients"), [(Group.OVERDUE, "dcb"), (Group.DECISION, "dcba"), (Group.ALL, "dcba")])
def test_a_doubt_hides_no_delay(group: Group, patients: str) -> None:
    found = Choice(group=group).of(DOUBTED, ON)
    assert "".join(each.patient.partition("/")[2][0] for each in found) == patients
