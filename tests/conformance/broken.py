"""Broken services: each leaves one rule out, and is known by the id of the check that must see it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tests.conformance.good import CHART, COVERAGE_URL, ORDER, Good, said

Json = dict[str, Any]
Service = Callable[[httpx.Request], httpx.Response]
Change = Callable[[Any], object]
HOOKS = {"patient-view", "order-sign"}


def path(request: httpx.Request) -> str:
    return request.url.path.removeprefix("/base")


def sent(request: httpx.Request) -> Json:
    """The body of a request; nothing where it is no JSON object."""
    try:
        body = json.loads(request.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def is_call(request: httpx.Request) -> bool:
    return request.method == "POST" and path(request) in {f"/cds-services/{CHART}", f"/cds-services/{ORDER}"}


def is_feedback(request: httpx.Request) -> bool:
    return path(request).endswith("/feedback") and request.method == "POST"


def where(asked: Callable[[httpx.Request], bool], then: Callable[[httpx.Response], httpx.Response]) -> Service:
    """The good service, but for requests of one kind, whose response is changed."""
    good = Good()

    def broken(request: httpx.Request) -> httpx.Response:
        response = good(request)
        return then(response) if asked(request) and response.status_code != 401 else response

    return broken


def instead(asked: Callable[[httpx.Request], bool], response: Callable[[], httpx.Response]) -> Service:
    """The good service, but for requests of one kind, which are answered so."""
    return where(asked, lambda _: response())


def body(asked: Callable[[httpx.Request], bool], change: Change) -> Service:
    """The good service with its bodies changed in place, on requests of one kind that are answered 200."""

    def changed(response: httpx.Response) -> httpx.Response:
        if response.status_code != 200:
            return response
        value = response.json()
        change(value)
        return said(200, value)

    return where(asked, changed)


def discovery(change: Change) -> Service:
    return body(lambda request: path(request) == "/cds-services" and request.method == "GET", change)


def service(change: Change) -> Service:
    """The first service of the list, changed."""
    return discovery(lambda value: change(value["services"][0]))


def template(text: str) -> Service:
    return service(lambda one: one["prefetch"].update(more=text))


def answers(change: Change) -> Service:
    return body(is_call, change)


def cards(change: Change) -> Service:
    """The cards of every answer changed one by one."""
    return answers(lambda value: [change(card) for card in value["cards"]])


def parts(change: Change, *names: str) -> Service:
    """The parts of cards in these arrays, one in the other, changed one by one."""
    return answers(lambda value: [change(one) for card in value["cards"] for one in walk(card, names)])


def walk(value: Json, names: tuple[str, ...]) -> Iterator[Json]:
    if not names:
        yield value
        return
    for inner in value.get(names[0], []):
        yield from walk(inner, names[1:])


def actions(kind: str, change: Change) -> Service:
    return parts(lambda action: change(action) if action["type"] == kind else None, "suggestions", "actions")


def header(asked: Callable[[httpx.Request], bool], **headers: str | None) -> Service:
    """The good service with headers of its responses set, or taken away by None."""

    def changed(response: httpx.Response) -> httpx.Response:
        kept = {name.lower(): value for name, value in response.headers.items() if name.lower() != "content-length"}
        for name, value in headers.items():
            kept.pop(name.replace("_", "-"), None)
            if value is not None:
                kept[name.replace("_", "-")] = value
        return httpx.Response(response.status_code, headers=kept, content=response.content)

    return where(asked, changed)


def without_card(meant: Callable[[Json], bool]) -> Service:
    """Without the cards of one kind."""
    return answers(lambda value: value.update(cards=[card for card in value["cards"] if not meant(card)]))


def without_suggestion(meant: Callable[[Json], bool]) -> Service:
    """Without the suggestions whose only action is of one kind."""

    def change(card: Json) -> None:
        kept = [one for one in card.get("suggestions", []) if not meant(one["actions"][0])]
        if kept:
            card["suggestions"] = kept

    return cards(change)


def resource_type(action: Json) -> Any:
    return action.get("resource", {}).get("resourceType")


def set_to(name: str, value: object) -> Change:
    return lambda one: one.update({name: value})


def drop(name: str) -> Change:
    return lambda one: one.pop(name, None)


def prefetched_with(form: Callable[[Any], bool]) -> Callable[[httpx.Request], bool]:
    """Calls whose prefetched doses are in one form."""
    return lambda request: is_call(request) and form(sent(request).get("prefetch", {}).get("doses", "none was sent"))


def once_more(request: httpx.Request, seen: set[bytes]) -> bool:
    before = request.content in seen
    seen.add(request.content)
    return before


def no_cards() -> httpx.Response:
    return said(200, {"cards": []})


def crash() -> httpx.Response:
    return said(500, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]})


def first_call(request: httpx.Request) -> bool:
    """A call that the good service answers with cards."""
    given = sent(request).get("prefetch", {}).get("doses")
    if not {"hookInstance", "context"} <= sent(request).keys() or sent(request).get("hook") not in HOOKS:
        return False
    return is_call(request) and isinstance(given, dict) and given.get("resourceType") == "Bundle"


def coverage(value: Json) -> Iterator[Json]:
    """The actions that carry coverage information."""
    for action in value.get("systemActions", []):
        if any(extension["url"] == COVERAGE_URL for extension in action["resource"].get("extension", [])):
            yield action
