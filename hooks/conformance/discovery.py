"""The discovery answer: its status and form, the services in it, their prefetch templates."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hooks.conformance.results import Book
from hooks.conformance.templates import (
    DEPRECATED,
    STANDARD,
    repeated,
    subset_faults,
    syntax_faults,
    token_faults,
)
from hooks.conformance.transport import NOT_JSON, Answer
from hooks.conformance.values import empties, is_text, missing_texts, wrong_types

PATH = "/cds-services"
_KNOWN = {"hook", "title", "description", "id", "prefetch", "usageRequirements", "extension"}
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_REVERSE_DNS = re.compile(r"[a-z0-9-]+(\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True, slots=True)
class Target:
    """One service on one hook, with its prefetch templates by key."""

    hook: str
    id: str
    prefetch: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where it is called."""
        return f"{PATH}/{self.id}"


def judge_discovery(answer: Answer, book: Book) -> list[Target]:
    """Judges the answer to GET /cds-services. Gives the services that can be called."""
    hint = "; it wants a token: give --key or --token" if answer.status == 401 else ""
    if not book.judge("discovery-status", [] if answer.status == 200 else [f"{answer.said}{hint}"]):
        return []
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    book.judge(
        "discovery-media-type",
        [] if media_type == "application/json" else [f"Content-Type is {media_type or 'absent'}"],
    )
    body = answer.json
    if not book.judge("discovery-json", [] if isinstance(body, dict) else [_no_object(answer)]):
        return []
    services = body.get("services")
    if not book.judge(
        "discovery-services", [] if isinstance(services, list) else ["services is missing, or is no array"]
    ):
        return []
    book.judge("discovery-no-empties", empties(body, "$", may_be_empty={"services"}))
    return _services(services, book)


def _no_object(answer: Answer) -> str:
    start = answer.body[:60].decode("utf-8", "replace")
    return f"the body is {'no JSON' if answer.json is NOT_JSON else 'no object'}: it begins with {start!r}"


def _services(services: list[Any], book: Book) -> list[Target]:
    targets = []
    for at, service in enumerate(services):
        path = f"services[{at}]"
        if not isinstance(service, dict):
            book.judge("service-fields", [f"{path} is no object"])
            continue
        unknown = sorted(service.keys() - _KNOWN)
        book.judge("discovery-unknown-fields", [f"{path}.{name} is no field of CDS Hooks 2.0" for name in unknown])
        whole = book.judge("service-fields", missing_texts(service, ("hook", "description", "id"), path))
        book.judge("service-title", [] if is_text(service.get("title")) else [f"{path}.title is missing"])
        book.judge("service-optional-types", _wrong(service, path))
        prefetch = service.get("prefetch")
        templates = {key: one for key, one in prefetch.items() if is_text(one)} if isinstance(prefetch, dict) else {}
        if whole:
            hook, identifier = service["hook"], service["id"]
            _names(hook, identifier, path, book)
            for key, template in templates.items():
                _template(template, hook, f"{path}.prefetch.{key}", book)
            targets.append(Target(hook, identifier, templates))
    twice = [pair for pair, number in Counter((each.id, each.hook) for each in targets).items() if number > 1]
    book.judge("service-unique", [f"{identifier} is listed twice for {hook}" for identifier, hook in twice])
    return [target for target in targets if _SEGMENT.fullmatch(target.id)]


def _wrong(service: dict[str, Any], path: str) -> list[str]:
    types: dict[str, type] = {"title": str, "usageRequirements": str, "prefetch": dict, "extension": dict}
    faults = wrong_types(service, types, path)
    prefetch = service.get("prefetch")
    for key, template in prefetch.items() if isinstance(prefetch, dict) else ():
        if template is not None and not isinstance(template, str):
            faults.append(f"{path}.prefetch.{key} is not a string")
    return faults


def _names(hook: str, identifier: str, path: str, book: Book) -> None:
    book.judge(
        "service-id", [] if _SEGMENT.fullmatch(identifier) else [f"{path}.id is {identifier!r}, no segment of a URL"]
    )
    book.judge("hook-deprecated", [f"{path}.hook is {hook}"] if hook in DEPRECATED else [])
    known = hook in STANDARD or hook in DEPRECATED or _REVERSE_DNS.fullmatch(hook)
    book.judge("hook-name", [] if known else [f"{path}.hook is {hook!r}"])


def _template(template: str, hook: str, path: str, book: Book) -> None:
    if book.judge("prefetch-syntax", syntax_faults(template, path)):
        book.judge("prefetch-tokens", token_faults(template, hook, path))
        book.judge("prefetch-subset", subset_faults(template, path))
        book.judge("prefetch-repeated", repeated(template, path))
