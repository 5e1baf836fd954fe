"""The law of the scan: reading by bytes and parsing every line give the same, whatever the lines hold."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds.audit import engine, files, plan
from cds.audit.ledger import Key
from cds.audit.shares import PatientResult
from cds.dosing.document import as_json
from tests.audit.test_engine import (
    GENE_THERAPY,
    MARKED,
    OTHER,
    OURS,
    UNKNOWN,
    audited,
    concept,
    pointing,
    record,
)

DAYS = st.sampled_from(["2026-01-01", "2026-02-03", "2026-02-10", "2026-06-01", "2026", "x"])
NAMES = st.sampled_from(["a1", "a2", "a3", "a4", "", "\u00e9"])
TIMES = st.sampled_from(["2026-01-01T00:00:00Z", "2026-02-01T00:00:00+01:00", "x", None])
HELD = {"resourceType": "Medication", "id": "m", "code": OURS}
MADE = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemReference": {"reference": "Substance/s"}}]}
MEDICATION = st.sampled_from(
    [
        concept(OURS),
        concept(OTHER),
        concept(UNKNOWN),
        concept({"text": "Spinraza"}),
        concept({"text": "paracetamol"}),
        pointing("ours"),
        pointing("other"),
        pointing("nowhere"),
        pointing("nowhere", display="paracetamol"),
        pointing("made"),
        pointing("therapy"),
        pointing("therapy", display="paracetamol"),
        pointing("nowhere", display="Evrysdi"),
        concept(GENE_THERAPY),
        concept({"text": "RISDIPLAM 60 mg"}),
        concept({"text": "EVRYSD\u0130 60 mg"}),
        concept({"text": "SP\u0130NRAZA"}),
        concept({"text": "nusiners\u00e9n 12 mg"}),
        {**concept(OTHER), **pointing("ours")},
        {**concept(OTHER), **pointing("therapy")},
        {"medication": {"reference": {"reference": "Medication/therapy"}}},
        {},
        {"medicationReference": {"reference": "#m"}, "contained": [HELD]},
        {"medicationReference": {"reference": "#m"}, "contained": [MADE]},
        {"medicationReference": {"reference": "#m"}, "contained": [{**HELD, "code": GENE_THERAPY}]},
    ]
)
TYPES = st.sampled_from([*["MedicationAdministration"] * 4, *["MedicationStatement"] * 2, "MedicationRequest"])
RECORDS = st.builds(
    lambda of_type, name, medication, day, patient, status, updated, error: {
        **record(name, medication, day, patient, status=status),
        "resourceType": of_type,
        "authoredOn": day,
        "meta": {"lastUpdated": updated},
        **({"note": [{"text": "not Spinraza"}]} if error else {}),
    },
    TYPES, NAMES, MEDICATION, DAYS, st.sampled_from(["p1", "p2", ""]),
    st.sampled_from(["completed", "completed", "stopped", "not-done", "entered-in-error"]), TIMES, st.booleans(),
)  # fmt: skip
FLAGS = st.builds(
    lambda of_type, name, status, patient, updated, code: {
        "resourceType": of_type,
        "id": name,
        "status": status,
        "code": {"coding": [{"system": MARKED.system, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "meta": {"lastUpdated": updated},
    },
    st.sampled_from(["Flag", "List"]), NAMES, st.sampled_from(["active", "current", "inactive"]),
    st.sampled_from(["p1", "p2"]), TIMES, st.sampled_from([MARKED.code, "x"]),
)  # fmt: skip
PERSONS = st.builds(
    lambda patient, died, updated: {
        "resourceType": "Patient",
        "id": patient,
        "meta": {"lastUpdated": updated},
        **died,
    },
    st.sampled_from(["p1", "p2"]),
    st.sampled_from([{"deceasedDateTime": "2026-03"}, {"deceasedBoolean": True}, {"deceasedDateTime": "2027"}, {}]),
    TIMES,
)
OTHERS = st.sampled_from(
    [
        {"resourceType": "Observation", "id": "o1"},
        {"resourceType": "Medication", "id": "ours", "code": OURS},
        {"resourceType": "Medication", "id": "other", "code": OTHER},
        {"resourceType": "Medication", "id": "made", "ingredient": MADE["ingredient"]},
        {"resourceType": "Medication", "id": "therapy", "code": GENE_THERAPY},
        {"resourceType": "Substance", "id": "s", "code": OURS},
        {"resourceType": "Patient", "id": "p2", "link": [{"type": "replaces", "other": {"reference": "Patient/p1"}}]},
        {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "MedicationAdministration/a3"}}]},
        {"resourceType": "Bundle", "entry": [{"request": {"method": "DELETE", "url": "MedicationStatement/a3"}}]},
    ]
)
WRITTEN = st.builds(
    lambda resource, escaped, apart: json.dumps(
        resource, ensure_ascii=escaped, separators=(", ", ": ") if apart else (",", ":")
    ).encode(),
    RECORDS | OTHERS | PERSONS | FLAGS, st.booleans(), st.booleans(),
)  # fmt: skip
HIDDEN = st.sampled_from([b"nusinersen", b"M09AX07", b"Spinraza"])
LINES = (
    WRITTEN
    | st.sampled_from([b"", b" ", b"{", b"[]", b"\xff", b"null", b'{"resourceType":5}'])
    | st.builds(lambda line, cut: line[:cut], WRITTEN, st.integers(1, 200))
    | st.builds(lambda line, name: line.replace(name, b"".join(b"\\u%04x" % char for char in name)), WRITTEN, HIDDEN)
)
FILES = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.tuples(st.lists(LINES, max_size=6), st.booleans()), min_size=1
)


def said(found: list[PatientResult]) -> list[object]:
    """What of some results does not depend on the folder."""
    return [
        (
            as_json(each.assessment),
            [(name, Path(place.file).name, place.offset, place.line) for name, place in sorted(each.places.items())],
        )
        for each in found
    ]


@given(FILES, st.sampled_from([20, 300, 1 << 20]))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_reading_by_bytes_and_parsing_every_line_give_the_same(
    given_files: dict[str, tuple[list[bytes], bool]], part: int
) -> None:
    contents = {
        name: b"".join(line + b"\n" for line in held)[: None if ended else -1]
        for name, (held, ended) in given_files.items()
    }
    before = plan.PART, files.BLOCK, engine.SHARE
    plan.PART, files.BLOCK, engine.SHARE = part, max(part, 64), part
    try:
        quick, quick_account = audited(contents, strict=False)
    finally:
        plan.PART, files.BLOCK, engine.SHARE = before
    strict, strict_account = audited(contents, strict=True)
    assert sorted(said(quick), key=str) == sorted(said(strict), key=str)
    assert quick_account.balanced, (contents, part, quick_account)
    assert strict_account.balanced, (contents, strict_account)
    assert strict_account.counts[Key.NO_TRACE] == 0
    may_hide = (Key.OTHER_DRUG, Key.OTHER_RESOURCE, Key.REJECTED)
    for key in Key:
        if key is not Key.NO_TRACE and key not in may_hide:
            assert quick_account.counts[key] == strict_account.counts[key], key
    for key in may_hide:
        assert quick_account.counts[key] <= strict_account.counts[key]
    assert quick_account.counts[Key.NO_TRACE] == sum(
        strict_account.counts[key] - quick_account.counts[key] for key in may_hide
    )
