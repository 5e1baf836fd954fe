"""Every simulated client gets the right cards, and where the history could not be read it is told so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.clients import quirks
from tests.clients.client import Client
from tests.clients.world import NEVER, OVERDUE, World, running

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("keys")) as both:
        yield both


Said = list[str] | int

EARLY, LATE = ["TooEarly"], ["Overdue"]
# By client: its chart of the overdue patient, of the one never treated, and its order nine days after the last dose.
TABLE: dict[type[Client], tuple[Said, Said, Said]] = {
    Client: (LATE, [], EARLY),
    quirks.BrowserSandbox: (LATE, [], EARLY),
    quirks.EpicLike: (LATE, [], EARLY),
    quirks.Paging: (LATE, [], EARLY),
    # the newest doses are on the first page: that the order is too early is known, and the chart is not
    quirks.PagingWithoutAccess: (["HistoryIncomplete"], [], EARLY),
    quirks.FailedSearch: (412, 412, ["NotChecked"]),
    quirks.FailedSearchWithAccess: (LATE, [], EARLY),
    quirks.ErrorPage: (412, 412, ["NotChecked"]),
    quirks.ErrorPageWithAccess: (LATE, [], EARLY),
    quirks.NoPrefetch: (LATE, [], EARLY),
    quirks.NothingAtAll: (412, 412, 412),
    # an entry that holds nothing is not null: it may hold what could not be read
    quirks.WrappedEntry: (LATE, 412, EARLY),
    quirks.NullEverywhere: (LATE, [], EARLY),
    quirks.Draft3: (LATE, [], EARLY),
    quirks.OtherId: (LATE, [], EARLY),
}


def said(answer: httpx.Response) -> Said:
    """The kinds of the cards, or the status where there are none for it."""
    if answer.status_code != 200:
        return answer.status_code
    return [card["source"]["topic"]["code"].removeprefix("Nusinersen") for card in answer.json()["cards"]]


@pytest.mark.parametrize("kind", TABLE, ids=lambda kind: kind.__name__)
def test_what_each_client_is_told(world: World, kind: type[Client]) -> None:
    client = kind(world)
    overdue, never, order = TABLE[kind]
    assert said(client.view_chart(OVERDUE)) == overdue
    assert said(client.view_chart(NEVER)) == never
    assert said(client.sign([client.order()])) == order
    assert said(client.select([client.order()])) == order


@pytest.mark.parametrize("kind", [kind for kind in TABLE if TABLE[kind][2] == EARLY], ids=lambda kind: kind.__name__)
def test_after_a_suggestion_was_taken_there_is_no_card(world: World, kind: type[Client]) -> None:
    client = kind(world)
    drafts = [client.order()]
    [card] = client.sign(drafts).json()["cards"]
    assert card["suggestions"]
    for suggestion in card["suggestions"]:
        after = client.accept(suggestion, drafts)
        assert after != drafts
        assert said(client.sign(after)) == []


@pytest.mark.parametrize("kind", [Client, quirks.BrowserSandbox, quirks.EpicLike], ids=lambda kind: kind.__name__)
def test_feedback_is_taken_as_each_client_writes_it(world: World, kind: type[Client]) -> None:
    client = kind(world)
    [card] = client.sign([client.order()]).json()["cards"]
    entries = [
        client.accepted(card, card["suggestions"][0]),
        client.overridden(card),
        *(client.overridden(card, reason) for reason in card["overrideReasons"]),
    ]
    for given in (*([entry] for entry in entries), entries, entries):
        assert client.feedback("order-sign", *given).status_code == 200
    assert client.feedback("order-sign", {**entries[0], "outcome": "ignored"}).status_code == 400


def test_an_order_that_could_not_be_checked_is_not_shown_as_all_clear(world: World) -> None:
    class ServerDown(quirks.BrowserSandbox):
        """The sandbox with a FHIR server that answers every search with an error."""

        def asked(self, query: str) -> Any:
            return super().asked(f"NoSuchType/{query}")

        def body(self, hook: str, context: Resource, prefetch: Resource) -> Resource:
            return {**super().body(hook, context, prefetch), "fhirServer": f"{world.fhir}/nothing-here"}

    client = ServerDown(world)
    [summary] = client.shown(client.sign([client.order()]))
    assert "NOT checked" in summary
    # of a chart nothing but the status tells it, as the specification demands: a setting makes it a card
    assert client.shown(client.view_chart(OVERDUE)) == ["All clear!"]


def test_a_template_has_no_parameter_twice_for_clients_that_join_them(world: World) -> None:
    for service in Client(world).services:
        for template in service["prefetch"].values():
            names = [part.partition("=")[0] for part in template.partition("?")[2].split("&")]
            assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"cards": [{"summary": "Alone"}]}),
        httpx.Response(200, json={"cards": None}),
        httpx.Response(412, json={"resourceType": "OperationOutcome", "issue": []}),
    ],
    ids=["a card without a source", "no cards", "an outcome without an issue"],
)
def test_a_client_refuses_a_bad_answer(world: World, answer: httpx.Response) -> None:
    with pytest.raises(AssertionError):
        Client(world).judge(answer, {"context": {}})
