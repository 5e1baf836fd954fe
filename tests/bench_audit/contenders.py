"""Other ways to read an export, each run as a process of its own, given its name and the files.

What is imported comes before the clock starts. Each prints its seconds and what it found, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path

CODES = ("M09AX07", "763556007", "J2326")
NAMES = ("nusinersen", "spinraza")
SAMPLE = 3000
"""Lines that fhir.resources is given; it would take minutes for all."""
_SCHEMA = (
    "columns={resourceType: 'VARCHAR', id: 'VARCHAR', status: 'VARCHAR', subject: 'STRUCT(reference VARCHAR)',"
    " effectivePeriod: 'STRUCT(\"start\" VARCHAR, \"end\" VARCHAR)', effectiveDateTime: 'VARCHAR',"
    " medicationReference: 'STRUCT(reference VARCHAR)', medicationCodeableConcept:"
    " 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR, display VARCHAR)[], \"text\" VARCHAR)'}"
)
_CODED = f"list_has_any(list_transform(medicationCodeableConcept.coding, lambda each: each.code), {list(CODES)})"
_NAMED = " or ".join(f"medicationCodeableConcept.text ilike '%{name}%'" for name in NAMES)


def _is_ours(resource: dict[str, object]) -> bool:
    concept = resource.get("medicationCodeableConcept")
    if not isinstance(concept, dict):
        return False
    return any(coding.get("code") in CODES for coding in concept["coding"]) or any(
        name in concept["text"].lower() for name in NAMES
    )


def _lines(path: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The lines that begin in a part of a file."""
    with open(path, "rb", buffering=1 << 20) as file:  # noqa: PTH123  as quick as it goes
        file.seek(max(0, start - 1))
        at = start if not start else start - 1 + len(file.readline())
        for line in file:
            if end is not None and at >= end:
                return
            at += len(line)
            yield line


def orjson_part(path: str, start: int = 0, end: int | None = None) -> int:
    """How many records of a part of a file are of the drug; each is parsed."""
    import orjson

    return sum(_is_ours(orjson.loads(line)) for line in _lines(path, start, end))


def orjson_loop(paths: list[str]) -> int:
    """One process."""
    return sum(map(orjson_part, paths))


def orjson_two(paths: list[str]) -> int:
    """Two processes, each with half of every file."""
    halves = [(path, Path(path).stat().st_size // 2) for path in paths]
    parts = [each for path, half in halves for each in ((path, 0, half), (path, half, None))]
    with ProcessPoolExecutor(2) as pool:
        return sum(pool.map(orjson_part, *zip(*parts, strict=True)))


def msgspec_loop(paths: list[str]) -> int:
    """One process, with types: what no type names is skipped."""
    import msgspec

    coding = msgspec.defstruct("Coding", [("code", str | None, None)])
    concept = msgspec.defstruct("Concept", [("coding", list[coding], []), ("text", str, "")])  # type: ignore[valid-type]
    record = msgspec.defstruct("Record", [("medicationCodeableConcept", concept | None, None)])
    decode = msgspec.json.Decoder(record).decode
    found = 0
    for path in paths:
        for line in _lines(path):
            named = decode(line).medicationCodeableConcept
            found += named is not None and any(each.code in CODES for each in named.coding)
    return found


def _duckdb(paths: list[str], test: str) -> int:
    import duckdb

    source = f"read_json({paths!r}, format='newline_delimited', {_SCHEMA})"
    found = duckdb.connect().execute(f"select count(*) from {source} where {test}").fetchone()
    assert found is not None
    return int(found[0])


def duckdb_codes(paths: list[str]) -> int:
    """All cores; the records with one of three codes, counted."""
    return _duckdb(paths, _CODED)


def duckdb_filter(paths: list[str]) -> int:
    """All cores; the records with one of three codes or one of two names, counted."""
    return _duckdb(paths, f"{_CODED} or {_NAMED}")


def fhir_resources(paths: list[str]) -> int:
    """One process; the first lines of the first file, parsed and validated, and nothing done with them."""
    from fhir.resources.R4B.medicationadministration import MedicationAdministration

    return sum(
        MedicationAdministration.model_validate_json(line) is not None for line in islice(_lines(paths[0]), SAMPLE)
    )


CONTENDERS: dict[str, Callable[[list[str]], int]] = {
    each.__name__: each for each in (orjson_loop, orjson_two, msgspec_loop, duckdb_codes, duckdb_filter, fhir_resources)
}


def main() -> None:
    """Run one, and print what it took."""
    import duckdb  # noqa: F401
    import msgspec  # noqa: F401
    import orjson  # noqa: F401

    name, *paths = sys.argv[1:]
    if name == "fhir_resources":
        from fhir.resources.R4B import medicationadministration  # noqa: F401
    begun = time.perf_counter()
    found = CONTENDERS[name](paths)
    print(json.dumps({"seconds": time.perf_counter() - begun, "found": found}))


if __name__ == "__main__":
    main()
