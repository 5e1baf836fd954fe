"""Groups that are members of a Group: their members are on its list too, and which could not be read is told."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.pages.clinic import clinic, opened, read_now, table
from tests.pages.conftest import SERVER
from tests.pages.reading import Page
from tests.worklist.hospital import Hospital, group, refusing

MISSING = "Not everybody may be on this list."


def shown(hospital: Hospital, **more: Any) -> Page:
    with clinic(hospital, **more) as get:
        return read_now(get)


def test_the_members_of_a_group_in_it_are_on_the_list() -> None:
    page = shown(
        Hospital(
            clinic=group("Patient/overdue", "Group/north"),
            north=group("Patient/due", f"{SERVER}/Group/ward/_history/2", name="North"),
            ward=group("Patient/date-missing"),
        )
    )
    assert opened(page) == ["overdue", "date-missing", "due"]
    assert "Of the Group The clinic, read on" in page.text
    assert "Members who are patients 3" in page.text
    assert "Groups in it, whose members are on this list: north, ward." in page.text
    assert MISSING not in page.text


def test_groups_that_hold_one_another_are_read_once_each() -> None:
    hospital = Hospital(
        clinic=group("Patient/overdue", "Group/north", "Group/clinic"),
        north=group("Group/clinic", "Patient/due", "Patient/overdue", "Group/north"),
    )
    page = shown(hospital)
    assert opened(page) == ["overdue", "due"]
    assert [path for path in hospital.asked if path.startswith("Group/")] == ["Group/clinic", "Group/north"]
    assert "1 entry of a patient who is listed already." in page.text
    assert MISSING not in page.text


def test_a_group_of_groups_alone_lists_their_members() -> None:
    page = shown(Hospital(clinic=group("Group/north"), north=group("Patient/due")))
    assert opened(page) == ["due"]


NOT_READ: dict[str, tuple[Hospital, str]] = {
    "one that is refused": (
        Hospital(refusing(403, path="/Group/north"), clinic=group("Patient/due", "Group/north")),
        "denied it (status 403)",
    ),
    "one that the server does not have": (
        Hospital(refusing(404, path="/Group/north"), clinic=group("Patient/due", "Group/north")),
        "Group/north",
    ),
    "one that lists nobody": (
        Hospital(clinic=group("Patient/due", "Group/north"), north=group(quantity=3)),
        "says that it has 3 members and lists none of them",
    ),
    "one that describes people": (
        Hospital(clinic=group("Patient/due", "Group/north"), north=group(actual=False)),
        "describes whom it is about",
    ),
    "one that is something else": (
        Hospital(clinic=group("Patient/due", "Group/north"), north={"resourceType": "Patient"}),
        "answered with something else",
    ),
}


@pytest.mark.parametrize("case", NOT_READ)
def test_a_group_in_it_that_could_not_be_read_is_told_above_the_list_and_in_the_table(case: str) -> None:
    hospital, why = NOT_READ[case]
    with clinic(hospital) as get:
        page = read_now(get)
        saved = table(get)
    assert opened(page) == ["due"]
    assert page.text.index(MISSING) < page.text.index(why) < page.text.index("1 to 1 of 1")
    assert "Group/north" in page.text
    assert [row["patient"] for row in saved] == ["", "Patient/due"]
    assert (saved[0]["status"], why in saved[0]["not_known"]) == ("not-read", True)


def breaking(request: httpx.Request) -> None:
    if request.url.path.endswith("/Group/north"):
        raise RuntimeError("made-up")


def test_a_fault_of_the_service_about_a_group_in_it_is_told_and_hides_nobody_else() -> None:
    page = shown(Hospital(breaking, clinic=group("Patient/due", "Group/north")))
    assert "Group/north: an error in this service; it is in the log." in page.text
    assert "made-up" not in page.text
    assert opened(page) == ["due"]


class Hanging(Hospital):
    """Never answers about one Group."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/Group/north"):
            await asyncio.Event().wait()
        return await super().handle_async_request(request)


def test_a_group_in_it_that_takes_all_the_time_is_told() -> None:
    page = shown(Hanging(clinic=group("Patient/due", "Group/north")), worklist_group_seconds=1)
    assert "Group/north: not read within 1 seconds." in page.text
    assert "Not read: 1" in page.text


ASTRAY: dict[str, tuple[object, str]] = {
    "of another server": ("https://other.example.invalid/fhir/Group/x", "of another server"),
    "by its words alone": ({"entity": {"type": "Group", "display": "South"}}, "(South)"),
    "by an identifier": ({"entity": {"type": "Group", "identifier": {"value": "7"}}}, "by no reference"),
    "within the Group itself": ({"entity": {"type": "Group", "reference": "#south"}}, "by no reference"),
}


@pytest.mark.parametrize("case", ASTRAY)
def test_a_group_in_it_that_cannot_be_followed_is_told_above_the_list(case: str) -> None:
    member, why = ASTRAY[case]
    page = shown(Hospital(clinic=group("Patient/due", member)))
    assert page.text.index(MISSING) < page.text.index(why) < page.text.index("1 to 1 of 1")
    assert "is a Group itself" in page.text
    assert opened(page) == ["due"]


def test_groups_are_followed_so_deep_and_so_many_and_the_rest_is_told() -> None:
    deep = {f"g{number}": group(f"Patient/{name}", f"Group/g{number + 1}") for number, name in enumerate("abcdef", 1)}
    page = shown(Hospital(clinic=group("Patient/due", "Group/g1"), **deep))
    assert "Group/g6: more than 5 Groups within one another are not looked up" in page.text
    many = {f"g{number}": group("Patient/due") for number in range(60)}
    hospital = Hospital(clinic=group("Patient/due", *(f"Group/{name}" for name in many)), **many)
    page = shown(hospital)
    assert "Group/g59: more than 50 Groups are not looked up" in page.text
    assert len([path for path in hospital.asked if path.startswith("Group/")]) == 50


def test_what_a_group_in_it_says_of_itself_is_told_by_its_name() -> None:
    page = shown(Hospital(clinic=group("Group/north"), north=group("Patient/due", quantity=9, active=False)))
    assert "Group/north is marked as no longer in use" in page.text
    assert "Group/north says that it has 9 members, and lists 1." in page.text


def test_a_group_that_is_certainly_no_member_today_is_named_and_not_read() -> None:
    hospital = Hospital(clinic=group("Patient/due", {"entity": {"reference": "Group/north"}, "inactive": True}))
    page = shown(hospital)
    assert "Not members today, by the Group: Group/north." in page.text
    assert "Group/north" not in hospital.asked


def test_who_has_left_one_group_and_not_the_other_is_a_member() -> None:
    gone = {"entity": {"reference": "Patient/due"}, "inactive": True}
    page = shown(Hospital(clinic=group(gone, "Group/north"), north=group("Patient/due")))
    assert opened(page) == ["due"]
    assert "Not members today" not in page.text


def test_a_member_of_a_group_in_it_who_is_not_known_here_is_told_with_its_place() -> None:
    page = shown(Hospital(clinic=group("Patient/due", "Group/north"), north=group({"entity": {"display": "N. N."}})))
    assert "member 1 of Group/north (N. N.): names no patient by a reference" in page.text
    assert "Not read: 1" in page.text


def test_members_of_other_types_are_counted_in_all_groups() -> None:
    page = shown(Hospital(clinic=group("Device/1", "Group/north"), north=group("Device/2", "Patient/due")))
    assert "Members who are no patients: 2 Device." in page.text


def test_the_limit_of_members_holds_for_all_groups_together() -> None:
    hospital = Hospital(clinic=group("Patient/due", "Group/north"), north=group("Patient/overdue", "Patient/upcoming"))
    page = shown(hospital, worklist_group_members=2)
    assert "beyond the first 2 members" in page.text
    assert "Not read: 1" in page.text
