"""The answer to a call: cards and their parts, by the tables of CDS Hooks 2.0."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hooks.conformance.actions import judge_action
from hooks.conformance.results import Book
from hooks.conformance.transport import NOT_JSON, Answer
from hooks.conformance.values import empties, is_absolute_url, is_text, missing_texts, objects, wrong_types

Json = dict[str, Any]

_RESPONSE = {"cards", "systemActions", "extension"}
_CARD = {
    "uuid", "summary", "detail", "indicator", "source", "suggestions", "selectionBehavior", "overrideReasons", "links",
    "extension",
}  # fmt: skip
_TYPES: dict[str, type] = {
    "uuid": str,
    "detail": str,
    "selectionBehavior": str,
    "suggestions": list,
    "overrideReasons": list,
    "links": list,
    "extension": dict,
}
_INDICATORS = ("info", "warning", "critical")
_BEHAVIOURS = ("at-most-one", "any")
_LINK_TYPES = ("absolute", "smart")
_LIMIT = 140


def judge_answer(answer: Answer, request: Json, book: Book) -> None:
    """Judges the body of a 200. `request` is the call that it answers."""
    where, body = answer.where, answer.json
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    book.judge("call-media-type", [] if media_type == "application/json" else [f"{where}: Content-Type {media_type!r}"])
    said = "the body is no JSON" if body is NOT_JSON else "the body is no object"
    if not book.judge("call-json", [] if isinstance(body, dict) else [f"{where}: {said}"]):
        return
    cards = body.get("cards")
    if not book.judge("cards-array", [] if isinstance(cards, list) else [f"{where}: cards is missing, or no array"]):
        return
    book.judge("answer-no-empties", empties(body, where, may_be_empty={"cards"}, skip={"resource"}))
    unknown = [f"{where}: {name}" for name in sorted(body.keys() - _RESPONSE)]
    for at, card in enumerate(cards):
        path = f"{where}: cards[{at}]"
        if book.judge("card-fields", _missing(card, path)):
            unknown += [f"{path}.{name}" for name in sorted(card.keys() - _CARD)]
            _card(card, request, path, book)
    book.judge("answer-unknown-fields", [f"{name} is no field of CDS Hooks 2.0" for name in unknown])
    uuids = Counter(card["uuid"] for _, card in objects(body, "cards") if is_text(card.get("uuid")))
    book.judge("card-uuid-unique", [f"{where}: {number} cards share a uuid" for number in uuids.values() if number > 1])
    if body.get("systemActions") is not None:
        _system_actions(body, request, where, book)


def _system_actions(body: Json, request: Json, where: str, book: Book) -> None:
    given = body["systemActions"]
    if book.judge("system-actions", wrong_types(body, {"systemActions": list}, where)):
        for at, action in enumerate(given):
            judge_action(action, request, f"{where}: systemActions[{at}]", book)


def _missing(card: Any, path: str) -> list[str]:
    if not isinstance(card, dict):
        return [f"{path} is no object"]
    source = [] if isinstance(card.get("source"), dict) else [f"{path}.source is missing, or no object"]
    return [*missing_texts(card, ("summary", "indicator"), path), *source]


def _card(card: Json, request: Json, path: str, book: Book) -> None:
    long = len(card["summary"]) >= _LIMIT
    book.judge("card-summary-length", [f"{path}.summary has {len(card['summary'])} characters"] if long else [])
    known = card["indicator"] in _INDICATORS
    book.judge("card-indicator", [] if known else [f"{path}.indicator is {card['indicator']!r}"])
    book.judge("card-uuid", [] if is_text(card.get("uuid")) else [f"{path}.uuid is missing"])
    book.judge("card-optional-types", _wrong(card, path))
    _source(card["source"], f"{path}.source", book)
    for at, reason in objects(card, "overrideReasons"):
        book.judge(
            "override-reasons", missing_texts(reason, ("code", "system", "display"), f"{path}.overrideReasons[{at}]")
        )
    for at, link in objects(card, "links"):
        _link(link, f"{path}.links[{at}]", book)
    if objects(card, "suggestions"):
        _suggestions(card, request, path, book)


def _wrong(card: Json, path: str) -> list[str]:
    inner = [
        f"{path}.{name}[{at}] is no object"
        for name in ("suggestions", "overrideReasons", "links")
        for at, one in enumerate(card[name] if isinstance(card.get(name), list) else ())
        if one is not None and not isinstance(one, dict)
    ]
    return wrong_types(card, _TYPES, path) + inner


def _source(source: Json, path: str, book: Book) -> None:
    book.judge("card-source-label", missing_texts(source, ("label",), path))
    for name in ("url", "icon"):
        if source.get(name) is not None:
            good = is_absolute_url(source[name])
            book.judge("card-source-url", [] if good else [f"{path}.{name} is no absolute URL: {source[name]!r}"])
    topic = source.get("topic")
    if topic is not None:
        faults = missing_texts(topic, ("code", "system"), f"{path}.topic") if isinstance(topic, dict) else ["no object"]
        book.judge("card-topic", faults)


def _link(link: Json, path: str, book: Book) -> None:
    faults = missing_texts(link, ("label", "url", "type"), path)
    if is_text(link.get("type")) and link["type"] not in _LINK_TYPES:
        faults.append(f"{path}.type is {link['type']!r}, neither absolute nor smart")
    book.judge("link-fields", faults)
    if is_text(link.get("url")):
        good = is_absolute_url(link["url"])
        book.judge("link-url", [] if good else [f"{path}.url is no absolute http or https URL: {link['url']!r}"])
    if link.get("appContext") is not None:
        wrong = link.get("type") != "smart" or not isinstance(link["appContext"], str)
        book.judge("link-app-context", [f"{path}.appContext, on a link of type {link.get('type')}"] if wrong else [])


def _suggestions(card: Json, request: Json, path: str, book: Book) -> None:
    behaviour = card.get("selectionBehavior")
    said = "missing" if behaviour is None else repr(behaviour)
    book.judge("selection-behavior", [] if behaviour in _BEHAVIOURS else [f"{path}.selectionBehavior is {said}"])
    recommended = sum(one.get("isRecommended") is True for _, one in objects(card, "suggestions"))
    many = recommended > 1 and behaviour == "at-most-one"
    book.judge(
        "recommended-once", [f"{path}: {recommended} suggestions are recommended, one can be taken"] if many else []
    )
    for at, suggestion in objects(card, "suggestions"):
        inner = f"{path}.suggestions[{at}]"
        types: dict[str, type] = {"uuid": str, "isRecommended": bool, "actions": list}
        faults = missing_texts(suggestion, ("label",), inner) + wrong_types(suggestion, types, inner)
        book.judge("suggestion-fields", faults)
        actions = suggestion.get("actions")
        for number, action in enumerate(actions if isinstance(actions, list) else ()):
            judge_action(action, request, f"{inner}.actions[{number}]", book)
