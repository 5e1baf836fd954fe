"""The strict models of what is sent: each rule of CDS Hooks 2.0 has a body that breaks it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from hooks.wire import CardsResponse, Discovery

UUID = "00000000-0000-4000-8000-000000000001"
DELETE = {"type": "delete", "description": "d", "resourceId": "MedicationRequest/1"}
UPDATE = {"type": "update", "description": "d", "resource": {"resourceType": "MedicationRequest", "id": "1"}}
CARD: dict[str, Any] = {
    "uuid": UUID,
    "summary": "One sentence",
    "detail": "More",
    "indicator": "warning",
    "source": {
        "label": "Label",
        "url": "https://label.example.invalid/text",
        "topic": {"code": "NusinersenOverdue", "system": "urn:x:y"},
    },
    "suggestions": [
        {"label": "Move", "uuid": UUID, "actions": [UPDATE]},
        {"label": "Remove", "uuid": UUID, "isRecommended": True, "actions": [DELETE]},
    ],
    "selectionBehavior": "any",
    "overrideReasons": [{"code": "a", "system": "http://x.example.invalid", "display": "A"}],
    "links": [{"label": "Page", "url": "https://page.example.invalid/", "type": "absolute"}],
    "extension": {"org.example": {"codes": ["a"]}},
}


def without(*keys: str) -> dict[str, Any]:
    return {key: value for key, value in CARD.items() if key not in keys}


def source(**changes: Any) -> dict[str, Any]:
    return {**CARD, "source": {**CARD["source"], **changes}}


def topic(**changes: Any) -> dict[str, Any]:
    return source(topic={**CARD["source"]["topic"], **changes})


def action(**changes: Any) -> dict[str, Any]:
    return {**CARD, "suggestions": [{"label": "l", "uuid": UUID, "actions": [changes]}]}


def link(**changes: Any) -> dict[str, Any]:
    return {**CARD, "links": [{**CARD["links"][0], **changes}]}


@pytest.mark.parametrize(
    "card",
    [
        CARD,
        without("suggestions", "selectionBehavior", "links", "overrideReasons", "extension", "detail"),
        {**CARD, "summary": "x" * 139},
        link(type="smart", appContext="x"),
    ],
)
def test_a_card_that_keeps_the_rules(card: dict[str, Any]) -> None:
    assert CardsResponse.model_validate({"cards": [card]}).cards[0].summary == card["summary"]


@pytest.mark.parametrize(
    "card",
    [
        pytest.param(without("uuid"), id="no uuid, so no feedback"),
        pytest.param({**CARD, "uuid": UUID.replace("-", "")}, id="uuid without hyphens"),
        pytest.param({**CARD, "uuid": "card-1"}, id="no uuid at all"),
        pytest.param(without("summary"), id="no summary"),
        pytest.param({**CARD, "summary": "x" * 140}, id="summary of 140"),
        pytest.param({**CARD, "summary": " x"}, id="summary with a space before"),
        pytest.param({**CARD, "summary": "a\nb"}, id="summary of two lines"),
        pytest.param({**CARD, "detail": ""}, id="empty text"),
        pytest.param({**CARD, "detail": "  \n"}, id="blank text"),
        pytest.param({**CARD, "detail": None}, id="null"),
        pytest.param({**CARD, "links": []}, id="empty list"),
        pytest.param({**CARD, "extension": {}}, id="empty object"),
        pytest.param({**CARD, "extension": {"org.example": {"codes": []}}}, id="empty list deep inside"),
        pytest.param({**CARD, "extension": {"org.example": {"codes": [None]}}}, id="null deep inside"),
        pytest.param({**CARD, "extra": 1}, id="unknown field"),
        pytest.param({**CARD, "selection_behavior": "any"}, id="our own name of a field"),
        pytest.param({**CARD, "indicator": "hard-stop"}, id="indicator of an older draft"),
        pytest.param(without("source"), id="no source"),
        pytest.param(source(label=""), id="empty label"),
        pytest.param(source(url="/relative"), id="relative url"),
        pytest.param(source(url="https://"), id="url without host"),
        pytest.param(source(icon="ftp://x.example.invalid/i.png"), id="icon that is no web address"),
        pytest.param({**CARD, "source": {"label": "x"}}, id="no topic"),
        pytest.param(topic(code="nusinersen-overdue"), id="topic with hyphens"),
        pytest.param(topic(code="x" * 101), id="topic too long"),
        pytest.param(topic(system="card kinds"), id="system that is no URI"),
        pytest.param(without("selectionBehavior"), id="suggestions without selectionBehavior"),
        pytest.param(without("suggestions"), id="selectionBehavior without suggestions"),
        pytest.param({**CARD, "selectionBehavior": "all"}, id="selectionBehavior of no version"),
        pytest.param({**CARD, "overrideReasons": [{"code": "a", "system": "urn:x"}]}, id="reason without words"),
        pytest.param(
            {
                **CARD,
                "selectionBehavior": "at-most-one",
                "suggestions": [{"label": "l", "uuid": UUID, "isRecommended": True}] * 2,
            },
            id="two recommended where one can be taken",
        ),
        pytest.param({**CARD, "suggestions": [{"label": "l"}]}, id="suggestion without uuid"),
        pytest.param({**CARD, "suggestions": [{"label": "l", "uuid": UUID, "actions": []}]}, id="no action"),
        pytest.param(action(type="delete", description="d"), id="delete of nothing"),
        pytest.param(action(**DELETE, resource=UPDATE["resource"]), id="delete with a resource"),
        pytest.param(action(**{**DELETE, "resourceId": "1"}), id="delete by a bare id"),
        pytest.param(action(type="update", description="d"), id="update with nothing"),
        pytest.param(action(**UPDATE, resourceId="MedicationRequest/1"), id="update with an id"),
        pytest.param(action(type="update", description="d", resource={"id": "1"}), id="resource without a type"),
        pytest.param(action(type="update", resource=UPDATE["resource"]), id="action without description"),
        pytest.param(action(type="upsert", description="d", resource=UPDATE["resource"]), id="unknown action"),
        pytest.param(link(appContext="x"), id="appContext on an absolute link"),
        pytest.param(link(type="relative"), id="unknown link type"),
    ],
)
def test_a_card_that_breaks_a_rule(card: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CardsResponse.model_validate({"cards": [card]})


def test_no_cards_is_a_whole_answer() -> None:
    CardsResponse.model_validate({"cards": []})
    with pytest.raises(ValidationError):
        CardsResponse.model_validate({"cards": [], "systemActions": []})
    with pytest.raises(ValidationError):
        CardsResponse.model_validate({})


SERVICE = {"hook": "patient-view", "id": "nusinersen-chart", "title": "T", "description": "D", "prefetch": {"a": "P/1"}}


@pytest.mark.parametrize(
    "changes",
    [{"id": "a/b"}, {"id": ""}, {"description": None}, {"prefetch": {}}, {"prefetch": {"a": ""}}, {"version": "3.0.0"}],
)
def test_discovery_is_as_strict(changes: dict[str, Any]) -> None:
    Discovery.model_validate({"services": [SERVICE]})
    Discovery.model_validate({"services": []})
    with pytest.raises(ValidationError):
        Discovery.model_validate({"services": [{**SERVICE, **changes}]})
