"""What a site's folder adds, how a file is sealed by its digest, and how a regimen is chosen."""

from __future__ import annotations

import pickle
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds.dosing.drug import Coding, Strength
from cds.regimens.library import UnknownRegimen, digest, load
from tests.regimens.site import CODES, DRUG, REGIMEN, SOUND, broken, write

SHIPPED = {name: regimen.digest for name, regimen in load().regimens.items()}
OF_NUSINERSEN = [name for name, regimen in load().regimens.items() if regimen.drug.id == "nusinersen"]


def test_a_site_adds_a_regimen(tmp_path: Path) -> None:
    library = load(write(tmp_path, {"local.toml": REGIMEN}))
    local = library.get("local")
    assert list(library.regimens) == sorted([*SHIPPED, "local"])
    assert (str(local.loading[1].interval), local.maintenance_amount) == ("14 days", Decimal("12.5"))
    assert local.drug == library.get("eu-12mg").drug
    assert local.undocumented_loading is None
    assert {name: library.get(name).digest for name in SHIPPED} == SHIPPED


def test_a_site_adds_a_drug_with_its_regimen(tmp_path: Path) -> None:
    files = {"local.toml": broken(REGIMEN, '"nusinersen"', '"inventedersen"'), "drugs/inventedersen.toml": DRUG}
    drug = load(write(tmp_path, files)).get("local").drug
    system = "https://codes.example.invalid/drugs"
    assert drug.names == ("inventedersen",)
    assert drug.products == {Coding(system, "A1"): Strength(Decimal(100), Decimal(15))}
    assert drug.look_alikes == {Coding(system, "B1"): "another"}
    assert drug.routes == {Coding(system, "IT"): "Intrathecal"}
    assert drug.other_routes == {Coding(system, "IV"): "Intravenous"}


def test_a_site_adds_codes_to_a_shipped_drug(tmp_path: Path) -> None:
    library = load(write(tmp_path, {"codes/local.toml": CODES}))
    added = Coding("https://codes.example.invalid/drugs", "N1")
    for name in OF_NUSINERSEN:
        drug = library.get(name).drug
        assert drug.products[added] == Strength(Decimal(12), Decimal(5))
        assert drug.sources[added] == "Invented"
        assert added.system in drug.systems


def test_codes_of_a_site_may_use_a_system_of_the_drug(tmp_path: Path) -> None:
    codes = 'drug = "nusinersen"\n[[product]]\nsystem = "ndc"\ncodes = ["99999-999-99"]\nsource = "Invented"\n'
    drug = load(write(tmp_path, {"codes/local.toml": codes})).get("eu-12mg").drug
    assert Coding("http://hl7.org/fhir/sid/ndc", "99999-999-99") in drug.products
    assert Coding("urn:oid:2.16.840.1.113883.6.69", "99999-999-99") in drug.products


def test_codes_of_a_site_change_the_digest_of_every_regimen_of_the_drug(tmp_path: Path) -> None:
    digests = {load().get(name).digest for name in OF_NUSINERSEN}
    with_codes = load(write(tmp_path, {"codes/local.toml": CODES}))
    changed = {with_codes.get(name).digest for name in OF_NUSINERSEN}
    write(tmp_path, {"codes/local.toml": CODES + "\n"})
    again = {load(tmp_path).get(name).digest for name in OF_NUSINERSEN}
    assert len(digests | changed | again) == 3 * len(OF_NUSINERSEN)
    assert with_codes.get("qalsody").digest == SHIPPED["qalsody"]


@pytest.mark.parametrize("file", ["local.toml", "drugs/inventedersen.toml"])
def test_a_byte_without_meaning_changes_the_digest(file: str, tmp_path: Path) -> None:
    files = {**SOUND, "local.toml": broken(REGIMEN, '"nusinersen"', '"inventedersen"')}
    before = load(write(tmp_path, files)).get("local").digest
    after = load(write(tmp_path, {file: files[file] + "\n"})).get("local").digest
    assert before != after


def test_the_digest_does_not_depend_on_the_folder(tmp_path: Path) -> None:
    one, two = (load(write(tmp_path / name, SOUND)).get("local").digest for name in ("one", "two"))
    assert one == two
    assert one.startswith("sha256:")
    assert len(one) == len("sha256:") + 64


contents = st.lists(st.binary(max_size=20), min_size=1, max_size=4)


@given(contents, contents)
def test_the_digest_tells_any_two_sets_of_files_apart(one: list[bytes], two: list[bytes]) -> None:
    assert (digest(*one) == digest(*two)) == (one == two)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert load(write(tmp_path, {"local.toml": b"\xef\xbb\xbf" + REGIMEN.encode()})).get("local").version == "1.0.0"


def test_an_unknown_regimen_lists_the_choices() -> None:
    with pytest.raises(UnknownRegimen) as caught:
        load().get("eu-13mg")
    assert str(caught.value) == f"there is no regimen 'eu-13mg'; choose one of: {', '.join(SHIPPED)}"
    assert caught.value.choices == tuple(SHIPPED)


def test_regimens_of_one_drug_can_be_chosen_together_in_their_order() -> None:
    library = load()
    chosen = library.choose(("eu-high-dose", "eu-12mg"))
    assert [each.id for each in chosen.on(date(2026, 5, 1))] == ["eu-high-dose", "eu-12mg"]
    with pytest.raises(UnknownRegimen):
        library.choose(("eu-12mg", "eu-13mg"))
    with pytest.raises(ValueError, match="regimens of several drugs cannot judge one history: nusinersen, tofersen"):
        library.choose(("eu-12mg", "qalsody"))
    with pytest.raises(ValueError, match="named twice"):
        library.choose(("eu-12mg", "eu-12mg"))


def test_a_library_cannot_be_changed() -> None:
    library = load()
    with pytest.raises(TypeError):
        library.regimens["x"] = library.get("eu-12mg")  # type: ignore[index]


def test_a_regimen_can_travel_to_another_process() -> None:
    regimen = load().get("eu-12mg")
    assert pickle.loads(pickle.dumps(regimen)) == regimen


def test_the_drug_that_is_meant_where_nobody_names_one_is_nusinersen() -> None:
    default = load().default_drug
    assert default is not None
    assert default.id == "nusinersen"


def test_a_change_of_tolerances_reaches_every_regimen_in_force() -> None:
    regimens = load().choose(["eu-12mg", "eu-high-dose"])
    wider = regimens.map(lambda regimen: regimen.with_tolerance(loading=3))
    assert [(each.id, each.tolerance.loading) for each in wider.every] == [("eu-12mg", 3), ("eu-high-dose", 3)]
    assert [entry.from_ for entry in wider.timeline] == [entry.from_ for entry in regimens.timeline]
