"""What the service may send: strict models of CDS Hooks 2.0 discovery and responses. For tests and at start-up only."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

SUMMARY_LIMIT = 140
"""A summary is shorter than this, in characters."""


def _uuid(text: str) -> str:
    if str(UUID(text)) != text:
        raise ValueError("a uuid is written in lower case with hyphens")
    return text


def _absolute_url(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if scheme not in {"http", "https"} or not separator or not rest.split("/")[0] or any(c.isspace() for c in text):
        raise ValueError("not an absolute http(s) URL")
    return text


def _absolute_uri(text: str) -> str:
    scheme, separator, rest = text.partition(":")
    if not separator or not rest or not scheme.isalpha() or any(c.isspace() for c in text):
        raise ValueError("not an absolute URI")
    return text


def _relative_reference(text: str) -> str:
    kind, separator, identifier = text.partition("/")
    if not separator or not kind.isalpha() or not identifier or "/" in identifier:
        raise ValueError("not a relative reference such as MedicationRequest/1")
    return text


def _nothing_empty(value: object) -> object:
    """No null, "", [] or {} at any depth (CDS Hooks 2.0, general rules)."""
    if value is None or value in ("", [], {}):
        raise ValueError(f"{value!r} is forbidden: leave the field out")
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _nothing_empty(child)
    return value


Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Uuid = Annotated[str, AfterValidator(_uuid)]
Url = Annotated[str, AfterValidator(_absolute_url)]
Uri = Annotated[str, AfterValidator(_absolute_uri)]
Reference = Annotated[str, AfterValidator(_relative_reference)]
Object = Annotated[dict[str, Any], BeforeValidator(_nothing_empty)]


class Strict(BaseModel):
    """No unknown field, no coercion, and no null: an optional field without a value is absent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)
    may_be_empty: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _no_empty_field(cls, value: object) -> object:
        for name, field in value.items() if isinstance(value, dict) else ():
            if field is None or (field in ("", [], {}) and name not in cls.may_be_empty):
                raise ValueError(f"{name} is {field!r}: leave the field out")
        return value


class Coding(Strict):
    """A Coding; `display` is optional for a topic."""

    code: Text
    system: Uri
    display: Text | None = None


class OverrideReason(Coding):
    """A Coding that a person picks from a list: it must have words."""

    display: Text


class Topic(Coding):
    """Overrides are remembered by this code: letters and digits only, since a large client demands it."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,100}$")]


class Source(Strict):
    """Where the advice comes from."""

    label: Text
    url: Url | None = None
    icon: Url | None = None
    topic: Topic | None = None


class ActionType(StrEnum):
    """What a suggestion can do."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Action(Strict):
    """One action: `create` and `update` carry the entire resource, `delete` only its reference."""

    type: Annotated[ActionType, Field(strict=False)]
    description: Text
    # FHIR JSON has its own rules on null, so the inside of a resource is not looked at here
    resource: dict[str, Any] | None = None
    resource_id: Reference | None = None

    @model_validator(mode="after")
    def _resource_by_type(self) -> Self:
        wants_resource = self.type is not ActionType.DELETE
        if wants_resource is (self.resource is None) or wants_resource is (self.resource_id is not None):
            raise ValueError(f"{self.type.value}: a resource for create and update, a resourceId for delete")
        if self.resource is not None and not self.resource.get("resourceType"):
            raise ValueError("a resource names its resourceType")
        return self


class Suggestion(Strict):
    """A suggestion; `uuid` is needed for feedback, so ours always have one."""

    label: Text
    uuid: Uuid
    is_recommended: bool | None = None
    actions: Annotated[list[Action], Field(min_length=1)] | None = None


class Link(Strict):
    """A link; only a smart link may carry appContext."""

    label: Text
    url: Url
    type: Annotated[str, Field(pattern="^(absolute|smart)$")]
    app_context: Text | None = None

    @model_validator(mode="after")
    def _app_context(self) -> Self:
        if self.app_context is not None and self.type != "smart":
            raise ValueError("appContext belongs to smart links only")
        return self


class Card(Strict):
    """A card; ours always have a uuid and a topic."""

    uuid: Uuid
    summary: Annotated[str, Field(min_length=1, max_length=SUMMARY_LIMIT - 1, pattern=r"^\S[^\r\n]*$")]
    detail: Text | None = None
    indicator: Annotated[str, Field(pattern="^(info|warning|critical)$")]
    source: Source
    suggestions: list[Suggestion] | None = None
    selection_behavior: Annotated[str, Field(pattern="^(any|at-most-one)$")] | None = None
    override_reasons: list[OverrideReason] | None = None
    links: list[Link] | None = None
    extension: Object | None = None

    @model_validator(mode="after")
    def _selection(self) -> Self:
        if (self.suggestions is None) is not (self.selection_behavior is None):
            raise ValueError("selectionBehavior is there if, and only if, suggestions are")
        recommended = sum(bool(suggestion.is_recommended) for suggestion in self.suggestions or ())
        if recommended > 1 and self.selection_behavior == "at-most-one":
            raise ValueError("at most one suggestion can be recommended")
        if self.source.topic is None:
            raise ValueError("a card names its topic")
        return self


class CardsResponse(Strict):
    """The answer to a call. The response extension may hold the assessment, whose lists may be empty."""

    may_be_empty = frozenset({"cards"})

    cards: list[Card]
    system_actions: list[Action] | None = None
    extension: dict[str, Any] | None = None


class Service(Strict):
    """One entry of the discovery answer."""

    hook: Text
    title: Text | None = None
    description: Text
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]+$")]
    prefetch: dict[Text, Text] | None = None
    usage_requirements: Text | None = None
    extension: Object | None = None


class Discovery(Strict):
    """The answer to `GET /cds-services`."""

    may_be_empty = frozenset({"services"})

    services: list[Service]
