"""The way of a sign-in to the pages of several patients: who may see them, and how one of them is opened."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.launch.ehr import Ehr
from tests.launch.visitor import query_of, visiting
from tests.pages.reading import read
from tests.service.noted import NotedJournal

OF_MANY = {"launch_roles": {"worklist": ("Practitioner/7",)}}


def worklist(visitor: Any) -> httpx.Response:
    answer: httpx.Response = visitor.alone(page="worklist")
    return answer


def test_the_worklist_asks_for_more_than_one_patient() -> None:
    with visiting(**OF_MANY) as visitor:
        asked = query_of(visitor.begin(page="worklist"))
        assert "user/MedicationAdministration.rs" in asked["scope"].split()
        assert "launch/patient" not in asked["scope"].split()


@pytest.mark.parametrize(
    ("roles", "claim", "opens"),
    [
        ({"worklist": ("Practitioner/7",)}, None, True),
        ({"worklist": ("nurses",)}, "groups", True),
        ({"worklist": ("nurses",)}, None, False),
        ({"worklist": ("Practitioner/8",)}, "groups", False),
        ({"feedback": ("Practitioner/7",)}, None, False),
        ({}, "groups", False),
    ],
    ids=["by name", "by a group", "a claim that is not looked at", "somebody else", "another role", "nobody is named"],
)
def test_who_may_see_many_patients_is_said_by_the_site(
    roles: dict[str, tuple[str, ...]], claim: str | None, opens: bool
) -> None:
    ehr = Ehr()
    ehr.claims = {"groups": ["staff", "nurses"]}
    with visiting(ehr, launch_roles=roles, launch_role_claim=claim) as visitor:
        # nobody has set up an audit, which is said to who may see the worklist
        assert worklist(visitor).status_code == (404 if opens else 403)


def test_a_patient_of_the_worklist_is_opened_with_a_token_for_more_than_one_patient_alone() -> None:
    with visiting(**OF_MANY) as visitor:
        visitor.by_ehr()
        assert "not signed in here" in visitor.stopped(visitor.get("/timeline?patient=anna"), 401)
        worklist(visitor)
        answer = visitor.get("/timeline?patient=anna")
        assert "Berg, Anna" in read(visitor.get(answer.headers["location"])).text
        assert "patient" not in query_of(answer.headers["location"])


def test_patients_of_the_worklist_are_opened_beside_each_other_by_one_cookie() -> None:
    with visiting(**OF_MANY) as visitor:
        worklist(visitor)
        before = visitor.cookies
        opened = [visitor.get("/timeline?patient=anna") for _ in range(3)]
        assert visitor.cookies == before, "a second click, before the first is answered, leads somewhere too"
        assert len({each.headers["location"] for each in opened}) == 3
        for each in opened:
            assert "Berg, Anna" in read(visitor.get(each.headers["location"])).text


def test_without_the_role_nobody_chooses_a_patient_here() -> None:
    journal = NotedJournal()
    with visiting(journal=journal, launch_roles={"feedback": ("Practitioner/7",)}) as visitor:
        visitor.stopped(visitor.get("/timeline?patient=anna"), 401)
        assert not journal.views, "nobody is signed in"
        visitor.alone(page="feedback")
        said = visitor.stopped(visitor.get("/timeline?patient=anna"), 403)
        assert not [each for each in visitor.ehr.asked if each.url.path.startswith("/fhir/Med")]
    assert "may not choose a patient here" in said
    tried = journal.views[-1]
    assert (tried.page, tried.outcome) == ("timeline", "refused")
    assert tried.user
    assert tried.patient


def test_who_is_not_signed_in_finds_the_way_in_before_the_worklist() -> None:
    with visiting(**OF_MANY) as visitor:
        page = read(visitor.get("/worklist"), 403)
    assert "/launch?page=worklist" in [each["href"] for each in page.all("a")]
