"""Every value of a request made unreadable in turn: an order that was too early never becomes one without a card."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.service.ehr import LAST_WEEK, ORDER, ask, call, draft, prefetched, service

Json = Any
Path = tuple[str | int, ...]

GOOD = call("order-sign", drafts=[draft()], prefetch=prefetched(*LAST_WEEK))
WHOLE = json.dumps(GOOD)
# None of these is what any element of FHIR may hold in its place: a number, a word, an object, a list in a list.
DAMAGE: tuple[Json, ...] = (5, "?", {"?": 5}, [[5]])


def paths(value: Json, path: Path = ()) -> Iterator[Path]:
    """Where every value of a JSON document stands."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield from paths(one, (*path, name))


def damaged(path: Path, damage: Json) -> Json:
    """The good request with one value replaced."""
    body = json.loads(WHOLE)
    place = body
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = damage
    return body


NEWEST = "prefetch.administrations.entry.4.resource"
CODE = "medicationCodeableConcept.coding.0.code"
# What may end without a card, and why.
ANOTHER_DRUG = {f"context.draftOrders.entry.0.resource.{CODE}"}
"""A word in the place of the ordered code: the code of another drug."""
ANOTHER_RECORD = {f"{NEWEST}.resourceType"}
"""A word in the place of the type: a record of something else."""
UNIDENTIFIED = {
    f"{NEWEST}.{element}"
    for element in (
        "medicationCodeableConcept",
        "medicationCodeableConcept.coding",
        "medicationCodeableConcept.coding.0",
        "medicationCodeableConcept.coding.0.system",
        CODE,
    )
}
"""Rule C1: a record of which nobody knows the drug is no dose of it, and takes no schedule away."""


@pytest.mark.parametrize(
    ("damage", "silent"),
    [(damage, UNIDENTIFIED | (ANOTHER_DRUG | ANOTHER_RECORD if damage == "?" else set())) for damage in DAMAGE],
    ids=["a number", "a word", "an object", "a list in a list"],
)
def test_what_cannot_be_read_is_told(damage: Json, silent: set[str]) -> None:
    seen: dict[str, list[str]] = {"no cards": [], "neither cards nor a refusal": []}
    with service() as client:
        for path in paths(GOOD):
            answer = ask(client, ORDER, damaged(path, damage))
            where = ".".join(map(str, path))
            if answer.status_code not in {200, 400, 412}:
                seen["neither cards nor a refusal"].append(where)
            elif answer.status_code == 200 and not answer.json()["cards"]:
                seen["no cards"].append(where)
    assert set(seen["no cards"]) == silent
    assert seen["neither cards nor a refusal"] == []


def test_enough_is_damaged() -> None:
    assert len(list(paths(GOOD))) > 100
