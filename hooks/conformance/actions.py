"""The actions of a suggestion, and system actions: what they do, and to which resource."""

from __future__ import annotations

from typing import Any

from cds.fhir.resources import explain
from hooks.conformance.results import Book
from hooks.conformance.values import is_reference, missing_texts, objects

Json = dict[str, Any]
_TYPES = ("create", "update", "delete")


def judge_action(action: Any, request: Json, path: str, book: Book) -> None:
    """Judges one action. `request` is the call that it answers: its drafts are what can be changed or removed."""
    if not isinstance(action, dict):
        book.judge("action-fields", [f"{path} is no object"])
        return
    kind = action.get("type")
    faults = missing_texts(action, ("type", "description"), path)
    if isinstance(kind, str) and kind and kind not in _TYPES:
        faults.append(f"{path}.type is {kind!r}, not one of {', '.join(_TYPES)}")
    book.judge("action-fields", faults)
    drafts = references(request)
    if kind == "delete":
        named = action.get("resourceId")
        good = is_reference(named)
        book.judge("action-delete", [] if good else [f"{path}.resourceId is no Type/id: {named!r}"])
        spare = [f"{path}.resource stands beside resourceId"] if action.get("resource") is not None else []
        book.judge("action-delete-resource", spare)
        _in_drafts(named if good else None, drafts, path, book)
    elif kind in _TYPES:
        _resource(action, drafts, path, book)


def _resource(action: Json, drafts: list[str], path: str, book: Book) -> None:
    resource = action.get("resource")
    named = isinstance(resource, dict) and isinstance(resource.get("resourceType"), str)
    if not book.judge("action-resource", [] if named else [f"{path}.resource is no resource with a resourceType"]):
        return
    assert isinstance(resource, dict)
    book.judge("action-resource-fhir", [f"{path}.resource: {fault}" for fault in explain(resource)])
    if action["type"] == "update":
        _in_drafts(f"{resource['resourceType']}/{resource.get('id')}", drafts, path, book)


def _in_drafts(reference: str | None, drafts: list[str], path: str, book: Book) -> None:
    if drafts and reference is not None:
        known = reference in drafts
        book.judge("action-in-drafts", [] if known else [f"{path}: {reference} is none of the drafts that were sent"])


def references(request: Json) -> list[str]:
    """`Type/id` of each draft in a request."""
    drafts = request.get("context", {}).get("draftOrders")
    if not isinstance(drafts, dict):
        return []
    given = [entry.get("resource") for _, entry in objects(drafts, "entry")]
    return [f"{one.get('resourceType')}/{one.get('id')}" for one in given if isinstance(one, dict)]
