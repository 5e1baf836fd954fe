"""The worklist that is read from a Group: whom it lists, that nobody who was not read is left out, who may see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from hooks.pages.people import FEEDBACK, WORKLIST, Person
from tests.pages.clinic import CLINIC, EVERYBODY, PAGE, TABLE, clinic, opened, read_now, table
from tests.pages.conftest import SERVER, given
from tests.pages.reading import Page, read
from tests.pages.test_worklist import Unwritable
from tests.service.noted import KEYS, NotedJournal
from tests.worklist.hospital import Hospital, group, refusing
from tests.worklist.made import audited


def shown(*members: object, **more: Any) -> Page:
    """The page of a Group."""
    with clinic(Hospital(clinic=group(*members, **more))) as get:
        return read_now(get)


def test_nothing_is_read_before_somebody_asks_for_it() -> None:
    hospital = Hospital(clinic=group(*EVERYBODY))
    with clinic(hospital) as get:
        page = read(get(PAGE))
        assert "This Group has not been read yet." in page.text
        assert [each["action"] for each in page.all("form")] == [PAGE]
        assert hospital.asked == []
        assert "The Group has to be read before its list can be saved" in read(get(TABLE), 409).text


def test_the_members_are_listed_as_they_are_now_with_the_time_of_reading() -> None:
    with clinic() as get:
        page = read_now(get)
    assert opened(page) == ["overdue", "interval-too-short", "date-missing", "due"]
    assert "Of the Group The clinic, read on 2026-05-01 at 00:15:00, just now" in page.text
    assert "judged by eu-12mg 1.0.0" in page.text
    assert "Members who are patients 5" in page.text
    assert "overdue since 2026-04-03, 28 days 2025-11-05 overdue" in page.text


def test_each_line_says_what_the_audit_of_the_same_records_says(tmp_path: Path) -> None:
    names = ["overdue", "due", "interval-too-short", "catch-up-required", "date-missing", "status-unknown", "transfer"]
    hospital = Hospital(clinic=group(*(f"Patient/{name}" for name in names)))
    with clinic(hospital, worklist_folder=audited(tmp_path)) as get:
        read_now(get)
        now, then = table(get), table(get, "/worklist.csv")
    columns = [name for name in then[0] if name not in {"not_known", "audit_day"}]
    told = {line["patient"]: [line[name] for name in columns] for line in then}
    assert len(now) == len(names)
    assert [[line[name] for name in columns] for line in now] == [told[line["patient"]] for line in now]


def test_it_is_narrowed_and_sorted_like_the_other_list() -> None:
    with clinic() as get:
        page = read_now(get, page=f"{PAGE}&group=decision&sort=-patient")
        assert opened(page) == ["interval-too-short", "date-missing"]
        hidden = {each.get("name"): each.get("value") for each in page.all("input")}
        assert hidden == {"of": "clinic", "group": "decision", "sort": "-patient", "patient": "", "until": ""}
        assert "This is no date" in read(get(f"{PAGE}&until=soon"), 400).text


def test_a_group_that_is_refused_is_an_error_and_no_empty_list() -> None:
    journal = NotedJournal()
    with clinic(Hospital(refusing(403, path="/Group/clinic")), journal=journal) as get:
        page = read_now(get, 502)
        assert "The Group could not be read." in page.text
        assert "denied it (status 403)" in page.text
        assert "This does not mean that there is nothing to do." in page.text
        assert page.all("table") == []
        assert "Nothing was saved." in read(get(TABLE), 502).text
    assert [view.outcome for view in journal.views] == ["shown", "failed", "failed"]


NOBODY: dict[str, tuple[dict[str, Any], str]] = {
    "it gives a number alone": ({"quantity": 12}, "says that it has 12 members and lists none of them"),
    "it describes people": ({"actual": False}, "describes whom it is about and lists no members"),
    "it describes people, in R5": ({"membership": "definitional"}, "describes whom it is about and lists no members"),
    "nobody is in it": ({}, "lists no members"),
    "its members are no list": ({"member": {"entity": 1}}, "member is an object, not a list"),
    "it is something else": ({"resourceType": "Patient"}, "answered with something else"),
}


@pytest.mark.parametrize("case", NOBODY)
def test_a_group_that_lists_nobody_is_an_error_and_no_empty_list(case: str) -> None:
    more, why = NOBODY[case]
    with clinic(Hospital(clinic=group(**more))) as get:
        page = read_now(get, 502)
    assert why in page.text
    assert page.all("table") == []


def test_a_member_who_cannot_be_read_is_told_whatever_is_chosen_and_saved() -> None:
    hospital = Hospital(refusing(403, patient="upcoming"), clinic=group(*EVERYBODY))
    with clinic(hospital) as get:
        for choice in ("", "&group=overdue", "&patient=nobody-of-this-name"):
            page = read_now(get, page=f"{PAGE}{choice}")
            assert "Not read: 1" in page.text
            assert opened(page)[0] == "upcoming"
            assert "denied it (status 403)" in page.text
        [first, *rest] = table(get, f"{TABLE}&group=overdue")
    assert (first["patient"], first["status"], first["step"]) == ("Patient/upcoming", "not-read", "")
    assert "status 403" in first["not_known"]
    assert [line["patient"] for line in rest] == ["Patient/overdue"]


def test_a_history_of_which_a_part_is_lost_is_listed_as_incomplete() -> None:
    def lost(request: httpx.Request) -> httpx.Response | None:
        params = request.url.params
        wanted = request.url.path.endswith("/MedicationStatement") and params.get("patient") == "upcoming"
        return httpx.Response(500) if wanted else None

    with clinic(Hospital(lost, clinic=group("Patient/upcoming"))) as get:
        page = read_now(get)
    assert "history incomplete" in page.text or "Not read: 1" in page.text
    assert "oses given elsewhere" in page.text


ODD: dict[str, tuple[object, str]] = {
    "an id that the server does not know": ("Patient/nobody", "knows no such patient"),
    "a patient of another server": ("https://other.example.invalid/fhir/Patient/due", "is a patient of another server"),
    "no reference": ({"entity": {"identifier": {"value": "4711"}}}, "names no patient by a reference"),
    "a name alone": ({"entity": {"display": "<Kept on paper>"}}, "member 2 of the Group (<Kept on paper>): names no"),
    "no entity": ({}, "names no patient by a reference"),
    "no object": (7, "the entry is no object"),
    "an id that is none": ("Patient/a b", "names no patient by a reference"),
}


@pytest.mark.parametrize("case", ODD)
def test_a_member_who_is_not_known_here_is_told_as_not_read(case: str) -> None:
    member, why = ODD[case]
    page = shown("Patient/due", member)
    assert "Not read: 1" in page.text
    assert why in page.text
    assert "due" in opened(page)


def test_a_whole_url_of_the_server_is_one_of_its_patients() -> None:
    assert opened(shown(f"{SERVER}/Patient/due/_history/3")) == ["due"]


def test_a_member_twice_is_read_and_listed_once() -> None:
    hospital = Hospital(clinic=group("Patient/due", f"{SERVER}/Patient/due", "Patient/overdue"))
    with clinic(hospital) as get:
        page = read_now(get)
    assert opened(page) == ["overdue", "due"]
    assert "1 entry of a patient who is listed already." in page.text
    assert hospital.asked.count("MedicationAdministration") == 2


LEFT: dict[str, tuple[dict[str, Any], bool]] = {
    "inactive": ({"inactive": True}, True),
    "until yesterday": ({"period": {"end": "2026-04-30"}}, True),
    "from tomorrow on": ({"period": {"start": "2026-05-02"}}, True),
    "until today": ({"period": {"end": "2026-05-01"}}, False),
    "until some day of this year": ({"period": {"end": "2026"}}, False),
    "until a day that is none": ({"period": {"end": "soon"}}, False),
    "inactive in words": ({"inactive": "true"}, False),
    "not inactive": ({"inactive": False}, False),
}


@pytest.mark.parametrize("case", LEFT)
def test_only_who_is_certainly_no_member_today_is_left_out_and_named(case: str) -> None:
    more, left = LEFT[case]
    page = shown("Patient/overdue", {"entity": {"reference": "Patient/due"}, **more})
    assert opened(page) == (["overdue"] if left else ["overdue", "due"])
    assert ("Not members today, by the Group: due." in page.text) is left


def test_who_is_a_member_by_one_entry_and_not_by_another_is_a_member() -> None:
    page = shown({"entity": {"reference": "Patient/due"}, "inactive": True}, "Patient/due")
    assert opened(page) == ["due"]
    assert "Not members today" not in page.text


def test_members_of_other_types_are_counted_and_groups_in_it_are_told_above_the_list() -> None:
    page = shown("Patient/due", "Practitioner/7", "Group/other", {"entity": {"type": "Device", "display": "pump"}})
    assert "Members who are no patients: 1 Device, 1 Practitioner." in page.text
    assert page.text.index("Not everybody may be on this list.") < page.text.index("Group/other")
    assert page.text.index("Group/other") < page.text.index("1 to 1 of 1")


DOUBTS: dict[str, tuple[dict[str, Any], str]] = {
    "it has more members than it lists": ({"quantity": 9}, "The Group says that it has 9 members, and lists 1."),
    "it is out of use": ({"active": False}, "The Group is marked as no longer in use"),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_what_the_group_says_of_itself_is_told_above_the_list_and_in_the_table(case: str) -> None:
    more, words = DOUBTS[case]
    with clinic(Hospital(clinic=group("Patient/due", **more))) as get:
        assert words in read_now(get).text
        saved = table(get)
    assert [row["patient"] for row in saved] == ["", "Patient/due"]
    assert (saved[0]["status"], words in saved[0]["not_known"]) == ("not-read", True)


def test_who_has_no_record_of_the_drug_is_named() -> None:
    page = shown("Patient/overdue", "Patient/not-started")
    assert "The server shows no record of nusinersen" in page.text
    assert opened(page) == ["overdue", "not-started"]
    assert "Without records 1" in page.text


@pytest.mark.parametrize(("status", "words"), [(200, "overdue"), (403, "Not read: 1")])
def test_a_member_by_an_id_that_was_replaced_is_listed_by_the_doses_under_the_other(status: int, words: str) -> None:
    links = {"overdue": [{"type": "replaces", "other": {"reference": "Patient/not-started"}}]}
    links["not-started"] = [{"type": "replaced-by", "other": {"reference": "Patient/overdue"}}]

    def joined(request: httpx.Request) -> httpx.Response | None:
        name = request.url.path.rpartition("/Patient/")[2]
        if name in links:
            return httpx.Response(200, json={"resourceType": "Patient", "id": name, "link": links[name]})
        return httpx.Response(status) if request.url.params.get("patient") == "overdue" and status != 200 else None

    with clinic(Hospital(joined, clinic=group("Patient/not-started"))) as get:
        page = read_now(get)
    assert words in page.text
    assert "The server shows no record" not in page.text
    assert opened(page) == ["not-started"]


def test_who_has_records_of_nobody_knows_what_is_named_apart() -> None:
    record = {**given("not-started", "a1", "2026-01-01"), "medicationCodeableConcept": {"coding": [{"code": "x"}]}}
    found = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": record}]}

    def odd(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json=found) if request.url.path.endswith("/MedicationAdministration") else None

    with clinic(Hospital(odd, clinic=group("Patient/not-started"))) as get:
        page = read_now(get)
    assert "With records of which nobody can tell whether they are of nusinersen: not-started." in page.text
    assert "The server shows no record" not in page.text


def test_each_look_and_each_reading_is_recorded_with_who_it_was() -> None:
    journal = NotedJournal()
    with clinic(journal=journal) as get:
        read_now(get)
        table(get)
    user = KEYS.newest.user("default", "Practitioner/7")
    assert [(view.page, view.outcome, view.user, view.patient) for view in journal.views] == [
        ("worklist-group-reading", "shown", user, ""),
        ("worklist-group", "shown", user, ""),
        ("worklist-group-table", "shown", user, ""),
    ]


def test_a_look_that_cannot_be_recorded_reads_and_shows_nobody() -> None:
    hospital = Hospital(clinic=group(*EVERYBODY))
    with clinic(hospital, journal=Unwritable()) as get:
        assert "this one could not be" in read(get(PAGE, "POST"), 503).text
    assert hospital.asked == []


REFUSED: dict[str, tuple[Person | None, str]] = {
    "nobody is signed in": (None, "Nobody is signed in here"),
    "without the role": (Person("default", "x", frozenset({FEEDBACK})), "Your account may not see this page"),
    "of another site": (Person("south", "x", frozenset({WORKLIST})), "Nobody is signed in here"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_who_may_not_see_it_reads_and_sees_nobody(case: str) -> None:
    who, why = REFUSED[case]
    hospital = Hospital(clinic=group(*EVERYBODY))
    with clinic(hospital, who) as get:
        for path, method in ((PAGE, "GET"), (PAGE, "POST"), (TABLE, "GET")):
            assert why in read(get(path, method), 403).text
    assert hospital.asked == []


def test_a_group_that_the_site_does_not_name_is_not_read() -> None:
    hospital = Hospital(other=group(*EVERYBODY))
    with clinic(hospital) as get:
        for method in ("GET", "POST"):
            page = read(get("/worklist/group?of=other", method), 404)
            assert "the setting worklist_groups does not name it" in page.text
    assert hospital.asked == []


def test_without_an_audit_the_worklist_is_that_of_the_first_group() -> None:
    with clinic(worklist_groups=f"{CLINIC} {SERVER}/Group/other") as get:
        assert get("/worklist").headers["location"] == PAGE
        links = [each["href"] for each in read(get(PAGE)).all("a")]
    assert "/worklist/group?of=other" in links


def test_with_an_audit_both_lists_lead_to_one_another(tmp_path: Path) -> None:
    with clinic(worklist_folder=audited(tmp_path)) as get:
        assert PAGE in [each["href"] for each in read(get("/worklist")).all("a")]
        assert "/worklist" in [each["href"] for each in read(get(PAGE)).all("a")]


def test_a_line_names_the_server_that_it_was_read_from() -> None:
    with clinic(Hospital(clinic=group("Patient/due"))) as get:
        [address] = [each["href"] or "" for each in read_now(get).all("a") if "/timeline" in (each["href"] or "")]
    assert address == "/timeline?patient=due&server=https%3A%2F%2Fehr.example.invalid%2Ffhir"


def test_where_a_site_judges_two_drugs_each_line_says_which_one() -> None:
    with clinic(Hospital(clinic=group("Patient/due", "Patient/not-started")), regimen="qalsody eu-12mg") as get:
        page = read_now(get)
    assert "Nusinersen: maintenance" in page.text
    assert "1 to 1 of 1 lines" in page.text
    assert "no record of tofersen or nusinersen" in page.text
    assert "drug=nusinersen" in str([each["href"] for each in page.all("a")])
