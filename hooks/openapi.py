"""The OpenAPI document of the service: what each path takes, and every status that it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from hooks.feedback import ACCEPTED, MOST_ENTRIES, OVERRIDDEN
from hooks.protocol import PROPOSALS
from hooks.services import SERVICES, Service
from hooks.wire import CardsResponse, Discovery

Json = dict[str, Any]

_TEXT: Json = {"type": "string", "minLength": 1}
# Optional fields are read leniently: of the wrong type they are of no use, which is no reason to refuse the call.
_ANYTHING: Json = {}
_OUTCOME: Json = {
    "type": "object",
    "description": "A FHIR OperationOutcome, which says what was wrong",
    "properties": {
        "resourceType": {"const": "OperationOutcome"},
        "issue": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"severity": _TEXT, "code": _TEXT, "diagnostics": _TEXT},
                "required": ["severity", "code", "diagnostics"],
            },
        },
    },
    "required": ["resourceType", "issue"],
}
_FAILURES: Mapping[str, str] = {
    "400": "The request cannot be understood",
    "412": "Nothing was checked: what is needed was not there, or could not be read",
    "413": "Nothing was checked: the body is larger than the limit",
    "429": "Nothing was checked: the caller called too often",
}
_NOT_KEPT: Mapping[str, str] = {
    "400": "Some of it cannot be understood and is named; the rest is kept",
    "412": "Nothing was kept: the request is beyond a limit",
    "413": "Nothing was kept: the body is larger than the limit",
    "429": "Nothing was kept: the caller called too often",
    "503": "Neither the disk nor the database could be written; send it again",
}
_FEEDBACK: Json = {
    "type": "object",
    "properties": {
        "feedback": {
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_ENTRIES,
            "items": {
                "type": "object",
                "properties": {
                    "card": {**_TEXT, "description": "The uuid of a card"},
                    "outcome": {"enum": [ACCEPTED, OVERRIDDEN]},
                    "outcomeTimestamp": {**_TEXT, "description": "Such as 2021-12-11T10:05:31Z"},
                    "acceptedSuggestions": {"description": "Objects with the `id` of a suggestion, where accepted"},
                    "overrideReason": {"type": ["object", "null"], "description": "`reason`, `userComment` or both"},
                },
                "required": ["card", "outcome", "outcomeTimestamp"],
            },
        }
    },
    "required": ["feedback"],
}
_REFUSED: Json = {"description": "No good token of a known caller. The body is empty"}


class Described(FastAPI):
    """An application whose document is the one of this module."""

    def openapi(self) -> Json:
        """The document, made when it is first asked for."""
        if self.openapi_schema is None:
            self.openapi_schema = document(self)
        return self.openapi_schema


def document(app: FastAPI) -> Json:
    """The document, for the paths that the application has."""
    made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    models = [(CardsResponse, "serialization"), (Discovery, "serialization")]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    made["components"] = {"schemas": {**definitions["$defs"], "OperationOutcome": _OUTCOME}}
    paths = made["paths"]
    paths["/cds-services"]["get"]["responses"] = {
        "200": _answer("The services", "Discovery"),
        "401": _REFUSED,
        "429": _answer(_FAILURES["429"], "OperationOutcome"),
    }
    for service in SERVICES.values():
        # a plain route of the application, of which FastAPI knows nothing
        call: Json = {
            "summary": service.title,
            "operationId": f"call-{service.id}",
            "description": service.description,
        }
        paths[f"/cds-services/{service.id}"] = {"post": call}
        call["requestBody"] = _body(_request(service))
        call["responses"] = {
            "200": _answer("Cards; none where there is nothing to say", "CardsResponse"),
            "401": _REFUSED,
            **{status: _answer(said, "OperationOutcome") for status, said in _FAILURES.items()},
        }
        told = paths[f"/cds-services/{service.id}/feedback"]["post"]
        told["description"] = "What became of the cards"
        told["requestBody"] = _body(_FEEDBACK)
        told["responses"] = {
            "200": {"description": "Kept", "content": {"application/json": {"schema": {"type": "object"}}}},
            "401": _REFUSED,
            **{status: _answer(said, "OperationOutcome") for status, said in _NOT_KEPT.items()},
        }
    return made


def _answer(said: str, schema: str) -> Json:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    return {"description": said, "content": {"application/json": {"schema": reference}}}


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _request(service: Service) -> Json:
    context = {"patientId": {**_TEXT, "description": "The bare id of the patient"}}
    for field in {PROPOSALS[hook]: None for hook in service.hooks if hook in PROPOSALS}:
        context[field] = {
            "type": "object",
            "description": "A Bundle of what is proposed: unsigned orders, appointments",
        }
    return {
        "type": "object",
        "properties": {
            "hook": {"enum": list(service.hooks)},
            "hookInstance": {**_TEXT, "description": "A UUID, new for each call"},
            "context": {"type": "object", "properties": context, "required": list(context)},
            "prefetch": _ANYTHING,
            "fhirServer": _ANYTHING,
            "fhirAuthorization": _ANYTHING,
            "extension": _ANYTHING,
        },
        "required": ["hook", "hookInstance", "context"],
    }
