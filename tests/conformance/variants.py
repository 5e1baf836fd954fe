"""The table: for each check, the service that breaks its rule and no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from tests.conformance.broken import (
    Service,
    actions,
    answers,
    cards,
    coverage,
    crash,
    discovery,
    drop,
    first_call,
    header,
    instead,
    is_call,
    is_feedback,
    no_cards,
    once_more,
    parts,
    path,
    prefetched_with,
    resource_type,
    sent,
    service,
    set_to,
    template,
    where,
    without_card,
    without_suggestion,
)
from tests.conformance.good import Good, said


def is_discovery(request: httpx.Request) -> bool:
    return path(request) == "/cds-services" and request.method == "GET"


def is_preflight(request: httpx.Request) -> bool:
    return request.method == "OPTIONS"


def is_form(request: httpx.Request) -> bool:
    """Feedback in a form that the specification allows, and that not every client sends."""
    given = sent(request).get("feedback")
    return is_feedback(request) and isinstance(given, list) and "userComment" in str(given)


def is_beside(request: httpx.Request) -> bool:
    given = sent(request).get("feedback")
    return is_feedback(request) and isinstance(given, list) and len(given) == 2


def again() -> Callable[[httpx.Request], bool]:
    seen: set[bytes] = set()
    return lambda request: is_feedback(request) and once_more(request, seen)


def same_uuids() -> Service:
    """Each answer has the uuids of the one before."""

    def change(value: Any) -> None:
        for number, card in enumerate(value["cards"]):
            card["uuid"] = f"00000000-0000-4000-8000-{number:012d}"

    return answers(change)


def first_suggestion(change: Callable[[Any], object]) -> Service:
    return parts(lambda card: change(card["suggestions"][0]) if "suggestions" in card else None)


def both_recommended(card: Any) -> None:
    for suggestion in card.get("suggestions", []):
        suggestion["isRecommended"] = True


def long_extension(value: Any) -> None:
    """Coverage information twice for one coverage."""
    for action in coverage(value):
        action["resource"]["extension"] *= 2


def is_good(request: httpx.Request) -> bool:
    given = sent(request)
    return "no-such-hook" not in str(given.get("hook")) and {"hook", "hookInstance", "context"} <= given.keys()


def unless_token(accepted: str) -> Service:
    """Takes one word for a token."""
    good = Good()

    def broken(request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") == f"Bearer {accepted}":
            return said(200, {"cards": []})
        return good(request)

    return broken


def telling() -> Service:
    """Says to an unknown caller what was wrong."""
    good = Good()

    def broken(request: httpx.Request) -> httpx.Response:
        response = good(request)
        return said(401, {"detail": "the signature is wrong"}) if response.status_code == 401 else response

    return broken


VARIANTS: dict[str, Callable[[], Service]] = {
    "discovery-status": lambda: instead(is_discovery, lambda: said(503, {"resourceType": "OperationOutcome"})),
    "discovery-media-type": lambda: header(is_discovery, content_type="text/plain"),
    "discovery-json": lambda: instead(is_discovery, lambda: said(200, [])),
    "discovery-services": lambda: discovery(lambda value: value.update(services={"a": 1})),
    "discovery-no-empties": lambda: service(set_to("usageRequirements", "")),
    "discovery-unknown-fields": lambda: service(set_to("version", "3.0.0")),
    "service-fields": lambda: service(drop("description")),
    "service-title": lambda: service(drop("title")),
    "service-optional-types": lambda: service(set_to("usageRequirements", 5)),
    "service-id": lambda: discovery(lambda value: value["services"].append({**value["services"][0], "id": "a/b"})),
    "service-unique": lambda: discovery(lambda value: value["services"].append(value["services"][0])),
    "hook-name": lambda: discovery(
        lambda value: value["services"].append({**value["services"][0], "hook": "chart-view"})
    ),
    "hook-deprecated": lambda: discovery(
        lambda value: value["services"].append({**value["services"][1], "hook": "order-review"})
    ),
    "prefetch-syntax": lambda: template("https://ehr.example.invalid/Patient/{{context.patientId}}"),
    "prefetch-tokens": lambda: template("Patient/{{context.draftOrders.entry}}"),
    "prefetch-subset": lambda: template("MedicationAdministration?_include=MedicationAdministration:medication"),
    "prefetch-repeated": lambda: template("Observation?date=ge2020-01-01&date=le2030-01-01"),
    "call-status": lambda: instead(first_call, lambda: said(204, None)),
    "call-media-type": lambda: header(is_call, content_type="text/html"),
    "call-json": lambda: instead(
        first_call, lambda: httpx.Response(200, text="{", headers={"content-type": "application/json"})
    ),
    "cards-array": lambda: answers(lambda value: value.update(cards={})),
    "answer-no-empties": lambda: cards(set_to("detail", None)),
    "answer-unknown-fields": lambda: cards(set_to("colour", "red")),
    "card-fields": lambda: answers(lambda value: value["cards"].append({"summary": "Alone"})),
    "card-summary-length": lambda: cards(set_to("summary", "x" * 140)),
    "card-indicator": lambda: cards(set_to("indicator", "hard-stop")),
    "card-uuid": lambda: cards(drop("uuid")),
    "card-uuid-unique": lambda: answers(lambda value: value["cards"].extend(value["cards"][:1])),
    "card-uuid-fresh": same_uuids,
    "card-optional-types": lambda: cards(set_to("detail", 5)),
    "card-source-label": lambda: cards(lambda card: card["source"].pop("label")),
    "card-source-url": lambda: cards(lambda card: card["source"].update(icon="/icon.png")),
    "card-topic": lambda: cards(lambda card: card["source"]["topic"].pop("system")),
    "override-reasons": lambda: parts(drop("display"), "overrideReasons"),
    "link-fields": lambda: parts(drop("label"), "links"),
    "link-url": lambda: parts(set_to("url", "page.html"), "links"),
    "link-app-context": lambda: parts(set_to("appContext", "x"), "links"),
    "selection-behavior": lambda: cards(
        lambda card: card.update(selectionBehavior="all") if "suggestions" in card else 0
    ),
    "recommended-once": lambda: cards(both_recommended),
    "suggestion-fields": lambda: first_suggestion(drop("label")),
    "action-fields": lambda: actions("create", drop("description")),
    "action-resource": lambda: actions("create", set_to("resource", "MedicationRequest/1")),
    "action-resource-fhir": lambda: actions("create", lambda action: action["resource"].update(unheard="of")),
    "action-delete": lambda: actions("delete", set_to("resourceId", "1")),
    "action-delete-resource": lambda: actions("delete", set_to("resource", "MedicationRequest/1")),
    "action-in-drafts": lambda: actions("delete", set_to("resourceId", "MedicationRequest/of-another-time")),
    "system-actions": lambda: answers(lambda value: value.update(systemActions={"type": "update"})),
    "unknown-service": lambda: instead(lambda request: "no-such-service" in path(request), no_cards),
    "malformed-json": lambda: instead(lambda request: is_call(request) and sent(request) == {}, no_cards),
    "missing-fields": lambda: where(
        lambda request: is_call(request) and 0 < len({"hook", "hookInstance", "context"} & sent(request).keys()) < 3,
        lambda _: said(404, {"resourceType": "OperationOutcome"}),
    ),
    "hook-mismatch": lambda: instead(lambda request: "no-such-hook" in str(sent(request).get("hook")), no_cards),
    "unknown-request-fields": lambda: instead(
        lambda request: is_call(request) and "unknown" in sent(request),
        lambda: said(422, {"resourceType": "OperationOutcome"}),
    ),
    "without-data": lambda: instead(
        lambda request: (
            is_call(request) and "hook" in sent(request) and is_good(request) and "prefetch" not in sent(request)
        ),
        no_cards,
    ),
    "null-prefetch": lambda: instead(prefetched_with(lambda value: value is None), crash),
    "outcome-prefetch": lambda: instead(
        prefetched_with(lambda value: isinstance(value, dict) and value["resourceType"] == "OperationOutcome"), no_cards
    ),
    "text-prefetch": lambda: instead(prefetched_with(lambda value: str(value).startswith("<html>")), crash),
    "error-outcome": lambda: where(
        lambda _: True, lambda response: said(response.status_code, "bad") if response.status_code >= 400 else response
    ),
    "error-internals": lambda: where(
        lambda _: True,
        lambda response: (
            said(response.status_code, {**response.json(), "text": "Traceback (most recent call last):"})
            if response.status_code >= 400
            else response
        ),
    ),
    "cors-preflight": lambda: instead(is_preflight, lambda: httpx.Response(405)),
    "cors-answer": lambda: header(is_discovery, access_control_allow_origin=None),
    "cors-credentials": lambda: header(is_preflight, access_control_allow_credentials="true"),
    "feedback-status": lambda: instead(is_feedback, crash),
    "feedback-idempotent": lambda: instead(again(), lambda: said(409, {"resourceType": "OperationOutcome"})),
    "feedback-forms": lambda: instead(is_form, lambda: said(400, {"resourceType": "OperationOutcome"})),
    "feedback-unknown-card": lambda: instead(is_beside, crash),
    "feedback-invalid": lambda: instead(
        lambda request: is_feedback(request) and not isinstance(sent(request).get("feedback"), list),
        lambda: said(200, {}),
    ),
    "auth-required": lambda: Good(token_needed=False),
    "auth-garbage": lambda: unless_token("not-a-token"),
    "auth-signature": lambda: Good(signature=False),
    "auth-none": lambda: Good(algorithms=("ES384", "none")),
    "auth-symmetric": lambda: Good(algorithms=("ES384", "HS384")),
    "auth-audience": lambda: Good(audience=False),
    "auth-expired": lambda: Good(expiry=False),
    "auth-issuer": lambda: Good(issuer=False),
    "auth-replay": lambda: Good(replay=False),
    "auth-bare": telling,
    "crd-card-topic": lambda: cards(lambda card: card["source"].pop("topic", None)),
    "crd-system-actions": lambda: answers(drop("systemActions")),
    "crd-coverage-information": lambda: answers(
        lambda value: [one["resource"].pop("extension") for one in coverage(value)]
    ),
    "crd-coverage-valid": lambda: answers(long_extension),
    "crd-external-reference": lambda: without_card(lambda card: card.get("links", [{}])[0].get("type") == "absolute"),
    "crd-instructions": lambda: without_card(lambda card: not card.get("links") and not card.get("suggestions")),
    "crd-smart-app": lambda: without_card(lambda card: card.get("links", [{}])[0].get("type") == "smart"),
    "crd-alternate-request": lambda: without_suggestion(lambda action: action["type"] == "update"),
    "crd-additional-orders": lambda: without_suggestion(
        lambda action: action["type"] == "create" and resource_type(action) == "MedicationRequest"
    ),
    "crd-form-completion": lambda: without_suggestion(lambda action: resource_type(action) == "Task"),
    "crd-coverage-update": lambda: without_suggestion(lambda action: resource_type(action) == "Coverage"),
}
