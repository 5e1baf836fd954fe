"""Made-up exports in realistic proportions, the same bytes for the same sizes, kept in a folder from run to run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

PARTS = 4
"""The export at four times its size is four files, no id of which is in another one."""
DOSES = 20
ONE_OF = 2000
"""One administration in so many is of the drug."""
_VERSION = 1
_DRUGS = 400
_BATCH = 20_000
_LOADING = (0, 14, 28, 63)

# A record as hospitals export them: about 1.2 kB, a few of its texts not in ASCII.
_RECORD = (
    '{"resourceType":"MedicationAdministration","id":"%s","meta":{"versionId":"%d","lastUpdated":"%sT%02d:%02d:11.482Z"},'
    '"identifier":[{"system":"urn:oid:1.2.752.129.2.1.4.1",'
    '"value":"%d"}],"status":"completed","category":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/'
    'medication-admin-category","code":"inpatient","display":"Inpatient"}],"text":"Inpatient"},%s,'
    '"subject":{"reference":"Patient/%s"},"context":{"reference":"Encounter/%s"},'
    '"effectivePeriod":{"start":"%sT%02d:%02d:00+01:00","end":"%sT%02d:%02d:30+01:00"},"performer":[{"actor":'
    '{"reference":"Practitioner/%d"}}],"request":{"reference":"MedicationRequest/%s"}'
    '%s,"dosage":{%s}}\n'
)
_CONCEPT = (
    '"medicationCodeableConcept":{"coding":[{"system":"http://www.whocc.no/atc","code":"%s","display":"%s"},'
    '{"system":"http://www.nlm.nih.gov/research/umls/rxnorm","code":"%s"}],"text":"%s"}'
)
_REFERENCE = '"medicationReference":{"reference":"Medication/%s","type":"Medication"}'
_DOSAGE = (
    '"text":"%s","route":{"coding":[{"system":"http://snomed.info/sct","code":"%s","display":"%s"}]},'
    '"dose":{"value":%d,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}'
)
_NOTES = (
    "", "", "", "", "", "", ',"note":[{"text":"given with water"}]',
    ',"note":[{"text":"patienten mådde illa, gavs efter måltid"}]',
    ',"note":[{"text":"first try refused\\nsecond one taken"}]',
)  # fmt: skip
_MEDICATION = (
    '{"resourceType":"Medication","id":"%s","status":"active","code":{"coding":[{"system":"http://www.whocc.no/atc",'
    '"code":"%s","display":"%s"}],"text":"%s"}}\n'
)
_OURS = ("M09AX07", "nusinersen", "2001234", "Spinraza 12 mg injection")
_OURS_DOSAGE = _DOSAGE % ("12 mg intrathecally", "72607000", "Intrathecal route", 12)


@dataclass(frozen=True, slots=True)
class Export:
    """The files of one size. `rare` and `referring` hold the same records, which name their medication by a concept and
    by a reference into `medications`; `ours` are all of the drug."""

    lines: int
    ours_lines: int
    rare: tuple[Path, ...]
    referring: tuple[Path, ...]
    medications: Path
    ours: tuple[Path, ...]


def export(folder: Path, lines: int, ours_lines: int) -> Export:
    """The export with `lines` administrations in a part, and `ours_lines` in one of ours; made where it is missing."""
    held = folder / f"{_VERSION}-{lines}-{ours_lines}"
    if not held.exists():
        aside = folder / f".{held.name}.part"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        _write(aside, lines, ours_lines)
        aside.rename(held)
    return _paths(held, lines, ours_lines)


def size(paths: tuple[Path, ...]) -> int:
    """Bytes of some files."""
    return sum(path.stat().st_size for path in paths)


def _paths(folder: Path, lines: int, ours_lines: int) -> Export:
    def parts(name: str) -> tuple[Path, ...]:
        return tuple(folder / f"{name}.{part}.ndjson" for part in range(PARTS))

    medications = folder / "Medication.ndjson"
    return Export(lines, ours_lines, parts("rare"), parts("referring")[:1], medications, parts("ours"))


def _write(folder: Path, lines: int, ours_lines: int) -> None:
    made = _paths(folder, lines, ours_lines)
    others = [_other_drug(number) for number in range(_DRUGS)]
    with made.medications.open("w", encoding="utf-8") as file:
        for number, drug in enumerate((_OURS, *others)):
            file.write(_MEDICATION % (_medication_id(number), drug[0], drug[1], drug[3]))
    with ProcessPoolExecutor() as pool:
        works = [pool.submit(_write_rare, path, part, lines, refer=False) for part, path in enumerate(made.rare)]
        works += [pool.submit(_write_rare, path, part, lines, refer=True) for part, path in enumerate(made.referring)]
        works += [pool.submit(_write_ours, path, part, ours_lines) for part, path in enumerate(made.ours)]
        for work in works:
            work.result()


def _other_drug(number: int) -> tuple[str, str, str, str]:
    """ATC code, substance, RxNorm code and product of a drug that is not ours."""
    random = Random(number)
    syllables = ("pa", "ra", "ce", "ta", "mo", "xi", "li", "ne", "do", "bu", "ti", "ka", "so", "ve", "fe", "né")
    name = "".join(random.choices(syllables, k=random.randint(3, 5))) + random.choice(("lol", "pril", "mycin", "zol"))
    code = f"{random.choice('ABCDGHJLMNPRSV')}{number % 20 + 1:02d}{random.choice('ABCD')}{random.choice('ABEX')}"
    product = (
        f"{name.capitalize()} {random.choice((5, 10, 20, 50, 500))} mg {random.choice(('tablett', 'infusionsvätska'))}"
    )
    return f"{code}{number % 60 + 1:02d}", name, str(random.randint(100_000, 2_000_000)), product


def _medication_id(number: int) -> str:
    return f"{Random(f'medication {number}').getrandbits(128):032x}"


def _write_rare(path: Path, part: int, lines: int, *, refer: bool) -> None:
    """Administrations in order of the day, as they come from a hospital, one in ONE_OF of our drug."""
    random = Random(f"rare {part}")
    drugs = (_OURS, *(_other_drug(number) for number in range(_DRUGS)))
    medications = [
        _REFERENCE % _medication_id(number) if refer else _CONCEPT % drug for number, drug in enumerate(drugs)
    ]
    dosages = [_OURS_DOSAGE] + [
        _DOSAGE % (f"1 dos kl {number % 24}", "26643006", "Oral route", number % 500 + 1)
        for number in range(1, _DRUGS + 1)
    ]
    ours = iter(_doses(random, part, max(1, lines // ONE_OF // DOSES)))
    patients = max(20, lines // 50)
    # our doses are spread over the file, in the order of their days
    due = sorted(random.sample(range(lines), min(lines, max(1, lines // ONE_OF // DOSES) * DOSES)), reverse=True)

    def line(number: int) -> str:
        if due and due[-1] == number:
            due.pop()
            patient, when = next(ours)
            return _record(random, medications[0], patient, when, dosages[0])
        drug = int(random.random() ** 2 * _DRUGS) + 1
        patient = f"{part}-{random.randrange(patients):08d}"
        when = date(2017, 6, 1) + timedelta(days=number * 3200 // lines)
        return _record(random, medications[drug], patient, when.isoformat(), dosages[drug])

    _write_lines(path, lines, line)


def _write_ours(path: Path, part: int, lines: int) -> None:
    random = Random(f"ours {part}")
    doses = iter(_doses(random, part, max(1, lines // DOSES)))

    def line(_: int) -> str:
        return _record(random, _CONCEPT % _OURS, *next(doses), _OURS_DOSAGE)

    _write_lines(path, max(1, lines // DOSES) * DOSES, line)


def _doses(random: Random, part: int, patients: int) -> Iterator[tuple[str, str]]:
    """Patient and day of each dose, all in order of the day; one interval in thirty is not as the label has it."""
    found: list[tuple[date, str]] = []
    for number in range(patients):
        days = [date(2017, 6, 1) + timedelta(days=random.randrange(900))]
        scheduled = [*_LOADING, *(63 + 122 * step for step in range(1, DOSES - len(_LOADING) + 1))]
        for before, after in pairwise(scheduled):
            off = random.choice((-20, -9, 30, 120)) if random.random() < 1 / 30 else random.choice((0, 0, 0, 1))
            days.append(days[-1] + timedelta(days=max(1, after - before + off)))
        found += [(day, f"sma-{part}-{number:06d}") for day in days]
    return ((patient, day.isoformat()) for day, patient in sorted(found))


def _record(random: Random, medication: str, patient: str, day: str, dosage: str) -> str:
    bits = f"{random.getrandbits(512):0128x}"
    name = f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:32]}"
    hour, minute = int(bits[32:34], 16) % 24, int(bits[34:36], 16) % 60
    return _RECORD % (
        name, 1 + (bits[36] == "0"), day, hour, minute, int(bits[56:68], 16), medication, patient,
        bits[68:100], day, hour, minute, day, hour, minute, int(bits[100:104], 16), bits[104:124],
        _NOTES[int(bits[124:126], 16) % len(_NOTES)], dosage,
    )  # fmt: skip


def _write_lines(path: Path, lines: int, line: Callable[[int], str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for start in range(0, lines, _BATCH):
            file.write("".join(line(number) for number in range(start, min(lines, start + _BATCH))))
