"""From signing in to the pages about many patients, and from a line of the worklist to a timeline."""

from __future__ import annotations

from datetime import date, tzinfo
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hooks.journal.statistics import Statistics, Tally
from hooks.journal.usage import Usage
from tests.launch.visitor import BASE, visiting, visitors
from tests.pages.reading import read
from tests.service.noted import KEYS, NotedJournal
from tests.worklist.made import audited
from tests.worklist.test_audited import lines

ROLES = {"worklist": ("Practitioner/7",), "feedback": ("Practitioner/7",)}
PATH = urlsplit(BASE).path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An audit in which the patient of the EHR is overdue."""
    return audited(tmp_path, lines(lambda every: [each.replace("Patient/overdue", "Patient/anna") for each in every]))


def test_whoever_has_the_role_sees_the_list_and_opens_a_timeline_from_it(folder: Path) -> None:
    journal = NotedJournal()
    with visiting(journal=journal, launch_roles=ROLES, worklist_folder=folder) as visitor:
        page = read(visitor.alone(page="worklist"))
        assert "18 of 18 patients" in page.text
        address = f"{PATH}/timeline?patient=anna"
        assert address in [each["href"] for each in page.all("a")]
        opened = visitor.get(visitor.get(address).headers["location"])
        assert "Berg, Anna" in read(opened).text
        assert f"{PATH}/sign-out" in [each["action"] for each in page.all("form")]
        visitor.get("/sign-out", "POST")
        assert "Nobody is signed in here" in read(visitor.get("/worklist"), 403).text
    key = KEYS.newest
    looks = [(view.page, view.user, view.patient) for view in journal.views if view.outcome == "shown"]
    assert looks == [
        ("worklist", key.user("default", "Practitioner/7"), ""),
        ("timeline", key.user("default", "Practitioner/7"), key.patient("default", "anna")),
    ]


def test_a_line_opens_the_timeline_of_the_drug_of_the_audit(folder: Path) -> None:
    with visiting(regimen="qalsody eu-12mg", launch_roles=ROLES, worklist_folder=folder) as visitor:
        page = read(visitor.alone(page="worklist"))
        [address] = [each["href"] for each in page.all("a") if "patient=anna" in (each["href"] or "")]
        opened = read(visitor.get(visitor.get(address or "").headers["location"]))
    assert "Nusinersen: doses over time" in opened.text


def test_a_session_is_of_one_browser_and_opens_nothing_in_another(folder: Path) -> None:
    with visitors(2, launch_roles=ROLES, worklist_folder=folder) as [nurse, somebody]:
        read(nurse.alone(page="worklist"))
        for path in ("/worklist", "/worklist.csv", "/feedback"):
            assert "Nobody is signed in here" in read(somebody.get(path), 403).text
        assert nurse.get("/worklist.csv?group=due").status_code == 200


def test_a_launch_of_one_patient_by_a_user_without_the_role_opens_no_list(folder: Path) -> None:
    with visiting(launch_roles={"worklist": ("Practitioner/8",)}, worklist_folder=folder) as visitor:
        visitor.by_ehr()
        assert "Your account may not see this page" in read(visitor.get("/worklist"), 403).text


def test_the_feedback_page_is_that_of_the_site_of_the_session() -> None:
    asked: list[str] = []

    def usage(*, site: str, first: date, last: date, zone: tzinfo) -> Usage:
        asked.append(f"{site} {(last - first).days} {zone}")
        return Usage(Statistics(0, 0, 0, 0, 0, {}, {}, {}, Tally()))

    with visiting(usage=usage, launch_roles=ROLES) as visitor:
        assert "No call in this time." in read(visitor.alone(page="feedback")).text
    assert asked == ["default 90 Asia/Kathmandu"]


def test_a_worklist_that_nobody_can_sign_in_for_is_told_at_the_start(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with visiting(launch_client_id=None, worklist_folder=folder) as visitor:
        assert visitor.get("/worklist").status_code == 404
    assert "nobody can sign in, so there is no worklist" in caplog.text
