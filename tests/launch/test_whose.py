"""Whose timeline it is: no page shows the doses or the name of another patient than the one who was meant."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from tests.launch.ehr import FHIR, Ehr
from tests.launch.visitor import visiting
from tests.pages.reading import read
from tests.worklist.made import audited
from tests.worklist.test_audited import lines, rewrite


def test_the_view_of_each_launch_shows_its_own_patient_alone() -> None:
    with visiting() as visitor:
        first = str(visitor.by_ehr().url)
        visitor.ehr.token = {"patient": "bo"}
        second = str(visitor.by_ehr().url)
        for address, mine, other in ((first, "Patient/anna", "Patient/bo"), (second, "Patient/bo", "Patient/anna")):
            text = read(visitor.get(address)).text
            assert mine in text
            assert other not in text


def test_the_name_of_another_patient_is_not_shown() -> None:
    ehr = Ehr()
    ehr.patient = {"resourceType": "Patient", "id": "bo", "name": [{"family": "Dahl"}], "birthDate": "2018-08-08"}
    with visiting(ehr) as visitor:
        page = read(visitor.by_ehr())
    assert "The name could not be read" in page.text
    assert "Dahl" not in page.text


def test_with_several_servers_no_bare_id_of_the_worklist_is_opened() -> None:
    roles = {"worklist": ("Practitioner/7",)}
    with visiting(fhir_servers=f"{FHIR} https://other.example.invalid/fhir", launch_roles=roles) as visitor:
        assert visitor.alone(page="worklist", server=FHIR).status_code == 404
        asked = len(visitor.ehr.asked)
        said = visitor.stopped(visitor.get("/timeline?patient=anna"), 409)
        assert len(visitor.ehr.asked) == asked, "nothing is read"
    assert "can be somebody else at another" in said


def test_a_line_that_names_its_server_is_opened_there_and_nowhere_else() -> None:
    roles, other = {"worklist": ("Practitioner/7",)}, "https://other.example.invalid/fhir"
    with visiting(fhir_servers=f"{FHIR} {other}", launch_roles=roles) as visitor:
        assert visitor.alone(page="worklist", server=FHIR).status_code == 404
        for elsewhere in (other, "https://unlisted.example.invalid/fhir", "nowhere"):
            asked = len(visitor.ehr.asked)
            said = visitor.stopped(visitor.get(f"/timeline?{urlencode({'patient': 'anna', 'server': elsewhere})}"), 409)
            assert len(visitor.ehr.asked) == asked, "nothing is read"
            assert "was read from another FHIR server" in said
        opened = visitor.get(f"/timeline?{urlencode({'patient': 'anna', 'server': f'{FHIR}/'})}")
        assert "Berg, Anna" in read(visitor.get(opened.headers["location"])).text


def test_with_two_addresses_of_one_ehr_a_line_of_an_audit_of_one_of_them_is_opened_there(tmp_path: Path) -> None:
    change = rewrite("summary.json", lambda told: {**told, "server": FHIR})
    of_anna = lines(lambda every: [each.replace("Patient/overdue", "Patient/anna") for each in every])

    def both(folder: Path) -> None:
        change(folder)
        of_anna(folder)

    roles, servers = {"worklist": ("Practitioner/7",)}, f"{FHIR} https://inside.example.invalid/fhir"
    with visiting(fhir_servers=servers, launch_roles=roles, worklist_folder=audited(tmp_path, both)) as visitor:
        page = read(visitor.alone(page="worklist", server=FHIR))
        [address] = [each["href"] for each in page.all("a") if "patient=anna" in (each["href"] or "")]
        opened = visitor.get(visitor.get(address or "").headers["location"])
    assert "Berg, Anna" in read(opened).text
