"""What only Da Vinci CRD demands of a service, over all the answers of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from hooks.conformance.actions import references
from hooks.conformance.calls import Called
from hooks.conformance.results import Book
from hooks.conformance.values import is_reference, is_text, objects

Json = dict[str, Any]

_COVERAGE = "http://hl7.org/fhir/us/davinci-crd/StructureDefinition/ext-coverage-information"
_ORDERING = ("order-select", "order-sign")
_WITH_ACTIONS = ("appointment-book", "order-sign", "order-dispatch")


def judge_crd(called: list[Called], book: Book) -> None:
    """Judges the answers to all good calls together: each kind of answer is to be seen at least once."""
    answered = [one for one in called if one.answer.status == 200 and isinstance(one.answer.json, dict)]
    cards = [card for one in answered for card in one.answer.cards if isinstance(card, dict)]
    for card in cards:
        source = card.get("source")
        topic = source.get("topic") if isinstance(source, dict) else None
        named = isinstance(topic, dict) and is_text(topic.get("code")) and is_text(topic.get("system"))
        book.judge("crd-card-topic", [] if named else ["a card has no source.topic with code and system"])
    for one in answered:
        if one.target.hook in _WITH_ACTIONS:
            there = isinstance(one.answer.json.get("systemActions"), list)
            book.judge("crd-system-actions", [] if there else [f"{one.answer.where}: no systemActions"])
    if cards:
        _kinds(cards, book)
    system = [action for one in answered for _, action in objects(one.answer.json, "systemActions")]
    if system:
        _coverage(system, book)
    for check, shows in _SHOWN.items():
        hooks = _ORDERING if check in _ON_ORDERS else None
        seen = [one for one in answered if hooks is None or one.target.hook in hooks]
        if any(one.useful for one in seen):
            found = any(shows(actions, one) for one in seen for actions in _suggested(one))
            book.judge(check, [] if found else ["no answer had such a suggestion"])


def _kinds(cards: list[Json], book: Book) -> None:
    def has(shows: Callable[[Json], bool]) -> list[str]:
        return [] if any(shows(card) for card in cards) else ["no answer had such a card"]

    book.judge("crd-external-reference", has(lambda card: _links(card, "absolute")))
    book.judge("crd-smart-app", has(lambda card: _links(card, "smart")))
    book.judge("crd-instructions", has(lambda card: not card.get("links") and not card.get("suggestions")))


def _links(card: Json, kind: str) -> bool:
    types = [link.get("type") for _, link in objects(card, "links")]
    return bool(types) and set(types) == {kind}


def _coverage(actions: list[Json], book: Book) -> None:
    found = [extension for action in actions for extension in _coverage_extensions(action)]
    book.judge("crd-coverage-information", [] if found else ["no system action carries it"])
    kept = [action for action in actions if _coverage_extensions(action)]
    if not kept:
        return
    wrong = [f"{action.get('type')} where only update is allowed" for action in kept if action.get("type") != "update"]
    # within one resource, each coverage is asserted once
    for action in kept:
        counted = Counter(str(_part(extension, "coverage")) for extension in _coverage_extensions(action))
        wrong += [f"a coverage has {number} assertions" for number in counted.values() if number > 1]
    book.judge("crd-coverage-valid", wrong)


def _coverage_extensions(action: Json) -> list[Json]:
    resource = action.get("resource")
    if not isinstance(resource, dict):
        return []
    return [one for _, one in objects(resource, "extension") if one.get("url") == _COVERAGE]


def _part(extension: Json, url: str) -> Any:
    return next((part for _, part in objects(extension, "extension") if part.get("url") == url), None)


def _suggested(one: Called) -> Iterator[list[Json]]:
    """The actions of each suggestion of an answer."""
    for card in one.answer.cards:
        for _, suggestion in objects(card, "suggestions") if isinstance(card, dict) else ():
            yield [action for _, action in objects(suggestion, "actions")]


def _kind(action: Json) -> Any:
    resource = action.get("resource")
    return resource.get("resourceType") if isinstance(resource, dict) else None


def _is_alternate(actions: list[Json], one: Called) -> bool:
    """An update of a draft; or a draft removed, and one of its kind made."""
    drafts = references(one.request)
    for action in actions:
        resource = action.get("resource")
        if action.get("type") == "update" and isinstance(resource, dict):
            return f"{resource.get('resourceType')}/{resource.get('id')}" in drafts
        named = action.get("resourceId")
        if action.get("type") == "delete" and is_reference(named) and named in drafts:
            made = [_kind(other) for other in actions if other.get("type") == "create"]
            return named.partition("/")[0] in made
    return False


def _is_additional(actions: list[Json], _: Called) -> bool:
    orders = {"MedicationRequest", "ServiceRequest", "DeviceRequest", "CommunicationRequest", "NutritionOrder"}
    return bool(actions) and all(action.get("type") == "create" and _kind(action) in orders for action in actions)


def _is_form(actions: list[Json], _: Called) -> bool:
    return any(action.get("type") == "create" and _is_questionnaire(action.get("resource")) for action in actions)


def _is_questionnaire(resource: Any) -> bool:
    if not isinstance(resource, dict) or resource.get("resourceType") != "Task":
        return False
    code = resource.get("code")
    codes = [coding.get("code") for _, coding in objects(code, "coding")] if isinstance(code, dict) else []
    inputs = [one for _, one in objects(resource, "input") if isinstance(one.get("type"), dict)]
    forms = [one for one in inputs if one["type"].get("text") == "questionnaire" and is_text(one.get("valueCanonical"))]
    return "complete-questionnaire" in codes and bool(forms)


def _is_coverage(actions: list[Json], _: Called) -> bool:
    return any(action.get("type") in {"create", "update"} and _kind(action) == "Coverage" for action in actions)


_SHOWN: dict[str, Callable[[list[Json], Called], bool]] = {
    "crd-alternate-request": _is_alternate,
    "crd-additional-orders": _is_additional,
    "crd-form-completion": _is_form,
    "crd-coverage-update": _is_coverage,
}
_ON_ORDERS = {"crd-alternate-request", "crd-additional-orders"}
