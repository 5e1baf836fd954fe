"""What INPUT can be, and that nothing in it is passed over in silence."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from hooks.console import ExitCode
from tests.cli.files import CODE, ON, OTHER_DRUG, Json, bundle, check, dose, lines, loading, write, write_lines

PATIENT = {"resourceType": "Patient", "id": "p1"}


def doses(assessment: Json) -> int:
    return sum(len(evaluation["administrations"]) for evaluation in assessment["evaluations"])


LINES = ("a.ndjson", "a.jsonl", "a.ndjson.gz")
ANY = ("a.json", "a.JSON.gz", "a.gz", "a.txt", "a")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        *((name, lines([bundle(*loading())])) for name in (*LINES, *ANY)),
        *((name, lines(loading())) for name in (*LINES, *ANY)),
        *((name, b"\xef\xbb\xbf" + lines(loading()).replace(b"\n", b"\r\n\r\n")) for name in (*LINES, *ANY)),
        *((name, json.dumps(bundle(*loading()), indent=2).encode()) for name in ANY),
        *((name, json.dumps(loading()).encode()) for name in ANY),
    ],
)
def test_one_file_in_every_form(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    ended = check(path)
    assert (ended.exit_code, ended.patients) == (0, ["Patient/p1"]), ended.stderr
    assert doses(ended.assessments[0]) == 4


def test_a_document_under_the_name_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text(json.dumps(bundle(*loading()), indent=2), "utf-8")
    ended = check(path)
    assert ended.exit_code == 3
    assert "lines is a resource; call it .json if it is one document" in ended.stderr


def test_a_resource_alone(tmp_path: Path) -> None:
    ended = check(write(tmp_path / "a.json", dose("a1", "2026-04-25")))
    assert [doses(assessment) for assessment in ended.assessments] == [1]


def test_a_folder_is_read_through_and_other_files_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    write(folder / "p3.json", bundle(*loading("p3")))
    write(folder / "deep" / "er" / "p1.JSON", bundle(*loading("p1")))
    write_lines(folder / "p2.ndjson.gz", loading("p2"))
    write(folder / "manifest.json", {"transactionTime": "2026-05-01T00:00:00Z", "output": []})
    (folder / "notes.txt").write_text("nothing", "utf-8")
    (folder / "empty.ndjson").write_bytes(b"")
    ended = check(folder)
    assert (ended.exit_code, ended.patients) == (0, ["Patient/p1", "Patient/p2", "Patient/p3"]), ended.stderr
    assert f"{folder / 'notes.txt'}\n" in ended.stderr
    assert f"{folder / 'manifest.json'}: has no resourceType" in ended.stderr


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("page.json", b"<html>log in</html>", "page.json:1: is broken JSON"),
        ("cut.json", b'{"resourceType": "Bundle", "entry": [', "cut.json:1: is broken JSON"),
        ("none.json", b"", "none.json: is empty"),
        ("bad.ndjson", b"not json\n", "bad.ndjson:1: is not JSON"),
        ("cut.ndjson.gz", gzip.compress(lines(loading("p9")))[:-9], "cut.ndjson.gz: the gzip data is cut short"),
        ("zip.gz", b"PK\x03\x04", "zip.gz: the gzip data is damaged, or it is no gzip"),
    ],
)
def test_a_broken_file_of_a_folder_is_lost_history(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    write(tmp_path / "good.json", bundle(*loading()))
    (tmp_path / name).write_bytes(content)
    ended = check(tmp_path)
    assert ended.exit_code == 3
    assert says in ended.stderr
    assert "history-incomplete" in {finding["code"] for finding in ended.assessments[0]["findings"]}


Place = Callable[[Path], object]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(
            lambda folder: (folder / "x.json").symlink_to("x.json"),
            "x.json: cannot be read (Too many levels of symbolic links); not read",
            id="a link to itself",
        ),
        pytest.param(
            lambda folder: (folder / "x.json").symlink_to("gone.json"),
            "x.json: cannot be read (No such file or directory); not read",
            id="a link to nothing",
        ),
        pytest.param(
            lambda folder: os.mkfifo(folder / "x.ndjson"),
            "x.ndjson: is a named pipe, not a file; not read",
            id="a pipe",
        ),
        pytest.param(
            lambda folder: (folder / "x.json").symlink_to("/dev/zero"),
            "x.json: is a device, not a file; not read",
            id="a device",
        ),
        pytest.param(
            lambda folder: (folder / "x").symlink_to(folder.parent / "elsewhere"),
            "x: is a link to another folder, which is not followed; name that folder itself",
            id="a folder elsewhere",
        ),
    ],
)
def test_what_is_no_file_is_named_and_may_have_held_history(tmp_path: Path, make: Place, says: str) -> None:
    write(tmp_path / "elsewhere" / "more.json", bundle(*loading("p2")))
    folder = tmp_path / "export"
    write(folder / "good.json", bundle(*loading()))
    make(folder)
    ended = check(folder)
    assert (ended.exit_code, ended.patients) == (3, ["Patient/p1"]), ended.stderr
    assert f"{folder}/{says}" in ended.stderr
    assert "history-incomplete" in {finding["code"] for finding in ended.assessments[0]["findings"]}


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(lambda folder: (folder / "x.json").symlink_to("good.json"), "Read from 1 file: 4 ", id="a file"),
        pytest.param(lambda folder: (folder / "x").symlink_to(folder), "Read from 1 file: 4 ", id="a circle"),
        pytest.param(lambda folder: os.mkfifo(folder / "x"), "/x\n", id="a pipe of another name"),
    ],
)
def test_what_takes_nothing_away_is_no_loss(tmp_path: Path, make: Place, says: str) -> None:
    write(tmp_path / "good.json", bundle(*loading()))
    make(tmp_path)
    ended = check(tmp_path)
    assert (ended.exit_code, doses(ended.assessments[0])) == (0, 4), ended.stderr
    assert says in ended.stderr


def test_a_linked_folder_that_is_named_too_is_no_loss(tmp_path: Path) -> None:
    write(tmp_path / "a" / "p1.json", bundle(*loading("p1")))
    write(tmp_path / "b" / "p2.json", bundle(*loading("p2")))
    (tmp_path / "a" / "b").symlink_to(tmp_path / "b")
    assert check(tmp_path / "a").exit_code == 3
    assert check(tmp_path / "a", tmp_path / "b").exit_code == 0


def test_a_name_too_long_for_a_file_is_a_wrong_path(tmp_path: Path) -> None:
    ended = check(tmp_path / ("x" * 300))
    assert ended.exit_code == 2
    assert "cannot be entered (File name too long)" in ended.stderr


def test_the_lines_before_a_cut_are_used(tmp_path: Path) -> None:
    # random ids do not pack, so that most lines lie before the cut
    ids = [os.urandom(30).hex() for _ in range(200)]
    packed = gzip.compress(lines(dose(each, "2026-01-01") for each in ids))
    (tmp_path / "a.ndjson.gz").write_bytes(packed[: len(packed) // 2])
    ended = check(tmp_path / "a.ndjson.gz")
    assert ended.exit_code == 3
    assert 80 < doses(ended.assessments[0]) < 120


def test_gzip_members_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(b"".join(gzip.compress(lines([each])) for each in loading()) + bytes(512))
    ended = check(path)
    assert (ended.exit_code, doses(ended.assessments[0])) == (0, 4), ended.stderr


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle(*loading()))
    ended = check(path, tmp_path, tmp_path / "." / "a.json")
    assert "Read from 1 file: 4 MedicationAdministrations" in ended.stderr


def test_pages_of_a_search_belong_together(tmp_path: Path) -> None:
    def page(number: int, *resources: Json, last: bool = False) -> Json:
        own = f"https://fhir.example.invalid/r4?page={number}"
        links = [{"relation": "self", "url": own}]
        links += [{"relation": "previous", "url": "https://fhir.example.invalid/r4?page=0"}] if number else []
        links += [] if last else [{"relation": "next", "url": f"https://fhir.example.invalid/r4?page={number + 1}"}]
        return bundle(*resources, type="searchset", total=4, link=links)

    write(tmp_path / "0.json", page(0, *loading()[:2]))
    write(tmp_path / "1.json", page(1, *loading()[2:], last=True))
    assert check(tmp_path).exit_code == 0
    alone = check(tmp_path / "0.json")
    assert alone.exit_code == 3
    assert "goes on on a further page" in alone.stderr


def test_a_subject_can_be_named_by_url_by_urn_and_by_version(tmp_path: Path) -> None:
    forms = ["Patient/p1", "https://ehr.example.invalid/r4/Patient/p1", "urn:uuid:1", "Patient/p1/_history/3"]
    entries = [
        {"resource": each | {"subject": {"reference": form}}} for each, form in zip(loading(), forms, strict=True)
    ]
    entries.append({"fullUrl": "urn:uuid:1", "resource": PATIENT})
    ended = check(write(tmp_path / "a.json", bundle() | {"entry": entries}))
    assert (ended.exit_code, ended.patients, doses(ended.assessments[0])) == (0, ["Patient/p1"], 4)


def test_ids_that_a_patient_replaces_are_that_patient(tmp_path: Path) -> None:
    merged = {
        "resourceType": "Patient",
        "id": "p1",
        "link": [{"type": "replaces", "other": {"reference": "Patient/old"}}],
    }
    path = write(tmp_path / "a.json", bundle(merged, *loading("old", 2), *loading("p1")[2:]))
    for named in ((), ("--patient", "p1"), ("--patient", "Patient/old")):
        ended = check(path, *named)
        assert (ended.exit_code, ended.patients, doses(ended.assessments[0])) == (0, ["Patient/p1"], 4)
    assert "Patient/old was replaced by Patient/p1" in ended.stderr


def test_only_the_patients_asked_for_in_order(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.ndjson", [*loading("p3"), *loading("p1"), *loading("p2")])
    ended = check(path, "--patient", "p3", "--patient", "Patient/p1", "--patient", "p3")
    assert ended.patients == ["Patient/p1", "Patient/p3"]
    assert "4 of patients not asked for" in ended.stderr


def test_a_patient_may_be_in_what_was_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(lines(loading()) + b"{\n")
    ended = check(path, "--patient", "p2")
    assert (ended.exit_code, ended.stdout) == (3, "")
    assert "Patient/p2: is not in what could be read" in ended.stderr


def test_every_record_is_accounted_for(tmp_path: Path) -> None:
    records = [
        *loading(),
        dose("p1-4", "2026-03-05"),
        dose("not-done", "2026-03-06", status="not-done"),
        dose("no-date", None),
        dose("another", "2026-03-06", medicationCodeableConcept=OTHER_DRUG),
        dose("error", "2026-03-06", status="entered-in-error"),
        dose("which", "2026-03-06", medicationCodeableConcept={}),
        dose(None, "2026-03-06", None, medicationCodeableConcept=OTHER_DRUG),
        dose("nobody", "2026-03-06", None, medicationCodeableConcept={}),
        dose("group", "2026-03-06", subject={"reference": "Group/g"}),
        dose("elsewhere", "2026-03-06", "p2"),
        {"resourceType": "Encounter", "id": "e"},
    ]
    path = write_lines(tmp_path / "a.ndjson", records)
    ended = check(path, "--patient", "p1")
    assert "14 MedicationAdministrations: 4 counted, 1 not given, 1 unreadable, 1 not identified, " in ended.stderr
    assert (
        "2 of another drug or entered in error, 1 given again, 3 rejected, 1 of patients not asked for" in ended.stderr
    )
    for said in (
        f"{path}:11: MedicationAdministration?index=10: subject is missing (another-drug)",
        f"{path}:12: MedicationAdministration/nobody: subject is missing (not identified)",
        f"{path}:13: MedicationAdministration/group: subject is not a patient",
        f"{path}:12: MedicationAdministration/nobody may be of the drug, and is of no patient",
        f"{path}:13: MedicationAdministration/group is of the drug and of no patient",
        f"MedicationAdministration/p1-4: {path}:4 and {path}:5",
        "1 Encounter",
        "1 x date-missing (rule C3): effective[x] is missing",
    ):
        assert said in ended.stderr, said


BUNDLE = json.dumps(bundle(*loading()))


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        pytest.param(BUNDLE.encode("utf-16"), 2, "is not UTF-8 text; save it as UTF-8", id="UTF-16"),
        pytest.param(BUNDLE.encode("utf-16-le"), 3, "is broken JSON (not UTF-8 text)", id="UTF-16 without its mark"),
        pytest.param(BUNDLE.replace("p1", "\xe9").encode("latin-1"), 3, "(not UTF-8 text)", id="Latin-1"),
        pytest.param(b"[" * 5000, 3, "is broken JSON (nested too deeply)", id="nested without end"),
        pytest.param(b'{"resourceType": "Bundle",}', 3, "is broken JSON (column 26)", id="a comma too many"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(tmp_path: Path, content: bytes, code: int, says: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    ended = check(tmp_path / "a.json")
    assert ended.exit_code == code, ended.stderr
    assert says in ended.stderr


def test_a_url_of_another_kind_is_no_file_that_is_missing() -> None:
    ended = check("ftp://fhir.example.invalid/r4", "--patient", "p1")
    assert ended.exit_code == 2
    assert "ftp://fhir.example.invalid/r4: is no http or https URL" in ended.stderr


def test_files_and_a_server_or_two_servers_are_not_mixed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", bundle(*loading()))
    for mixed in ((path,), ("https://b.example.invalid",)):
        ended = check("https://a.example.invalid", *mixed, "--patient", "p1")
        assert ended.exit_code == 2
        assert "ids of one source mean nothing in another" in ended.stderr


def test_versions_of_a_dose_that_contradict_one_another_are_no_whole_history(tmp_path: Path) -> None:
    first, second = dose("a9", "2025-01-01"), dose("a9", "2025-12-20")
    untold = check(write(tmp_path / "untold.json", bundle(*loading(), first, second)))
    assert untold.exit_code == ExitCode.NOT_READ
    assert "several versions" in untold.stderr
    assert "history-incomplete" in untold.stdout
    first["meta"], second["meta"] = {"lastUpdated": "2025-01-02T00:00:00Z"}, {"lastUpdated": "2025-12-21T00:00:00Z"}
    told = check(write(tmp_path / "told.json", bundle(*loading(), first, second)))
    assert "history-incomplete" not in told.stdout


def test_doses_elsewhere_another_therapy_and_a_death_are_read_beside_the_doses(tmp_path: Path) -> None:
    def assessed(*more: Json) -> Json:
        path = write(tmp_path / "a.json", bundle(*loading(), *more))
        [answer] = check(path).assessments
        return answer

    subject, period = {"reference": "Patient/p1"}, {"start": "2026-01-01"}
    elsewhere = {"resourceType": "MedicationStatement", "id": "s", "status": "active", "subject": subject}
    elsewhere |= {"medicationCodeableConcept": CODE, "effectivePeriod": period}
    order = {"resourceType": "MedicationRequest", "id": "r", "status": "active", "subject": subject}
    order |= {"medicationCodeableConcept": {"text": "Evrysdi"}, "authoredOn": "2026-04-30"}
    dead = {"resourceType": "Patient", "id": "p1", "deceasedDateTime": ON}
    assert [each["code"] for each in assessed(elsewhere)["findings"]] == ["outside-record"]
    assert assessed(elsewhere)["forecast"]["findings"][0]["code"] == "history-incomplete"
    assert [each["code"] for each in assessed(order)["findings"]] == ["other-smn-therapy"]
    assert assessed(order)["forecast"]["status"] == "ended"
    assert assessed(dead)["forecast"]["status"] == "ended"
    assert assessed(dead | {"deceasedDateTime": "2026-05-02"})["forecast"]["status"] != "ended"
