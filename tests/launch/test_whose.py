"""Whose timeline it is: no page shows the doses or the name of another patient than the one who was meant."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.launch.ehr import FHIR, Ehr
from tests.launch.visitor import visiting
from tests.pages.reading import read


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
