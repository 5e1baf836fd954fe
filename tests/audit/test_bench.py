"""The bench of the audit, at a size that tells nothing of speed: every way of reading finds the same records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench_audit.__main__ import Scene, scenes
from tests.bench_audit.contenders import CONTENDERS
from tests.bench_audit.export import DOSES, ONE_OF, Export, export
from tests.bench_audit.measure import Run
from tests.bench_audit.page import page

LINES, OURS = ONE_OF * DOSES // 4, DOSES * 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Export:
    folder = tmp_path_factory.mktemp("exports")
    made = export(folder, LINES, OURS)
    assert export(folder, LINES, OURS) == made, "the second time it is there already"
    return made


@pytest.mark.parametrize("name", CONTENDERS)
def test_every_way_of_reading_finds_all_records_of_the_drug(name: str, made: Export) -> None:
    assert CONTENDERS[name]([str(path) for path in made.ours]) == (OURS if name == "fhir_resources" else 4 * OURS)


@pytest.mark.parametrize("name", sorted(CONTENDERS.keys() - {"fhir_resources"}))
def test_every_way_of_reading_finds_the_few_records_of_the_drug(name: str, made: Export) -> None:
    assert CONTENDERS[name]([str(made.rare[0])]) == DOSES


def test_no_two_records_have_one_id(made: Export) -> None:
    ids = [line[51:87] for path in (*made.rare, *made.ours) for line in path.read_bytes().splitlines()]
    assert len(set(ids)) == len(ids) == 4 * (LINES + OURS)


def test_the_audit_is_measured_step_by_step(made: Export) -> None:
    measured = next(scene for scene in scenes(made) if (scene.group, scene.name) == ("rare drug", "audit"))
    measured.measure()
    [run] = measured.runs
    assert run.said["found"] == DOSES
    assert run.said["balanced"]
    row = measured.row()
    assert row.seconds > 0
    assert row.memory > 0
    assert row.apart.keys() == {"start", "assess", "write"}


def test_the_page_says_plainly_what_was_met_and_what_was_missed(made: Export) -> None:
    def measured(scene: Scene, seconds: float) -> Scene:
        said = {"seconds": seconds, "start": 0.1, "assess": 0.1, "write": 0.1, "found": 1}
        return replace(scene, runs=[Run(seconds, seconds, 1 << 20, said)])

    quick = page([measured(each, 1 if each.name == "audit" else 100).row() for each in scenes(made)], 2, 1)
    slow = page([measured(each, 100 if each.name == "audit" else 1).row() for each in scenes(made)], 2, 1)
    assert "missed" not in quick
    assert "**met**" in quick
    assert "twice as fast as DuckDB with types, three codes: 0.01 times, **missed**" in slow


def test_the_page_says_what_is_not_installed(made: Export) -> None:
    said = {"seconds": 1.0, "start": 0.1, "assess": 0.1, "write": 0.1, "found": 1}
    rows = [replace(each, runs=[Run(1, 1, 1 << 20, said)]).row() for each in scenes(made)]
    with_spark = [*rows, replace(next(row for row in rows if row.name == "audit"), name="spark")]
    assert "Spark or its Java is not installed here" in page([row for row in rows if row.name != "spark"], 2, 1)
    assert "Spark or its Java is not installed here" not in page(with_spark, 2, 1)
