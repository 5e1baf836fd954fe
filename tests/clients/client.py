"""A CDS client as the specification has it: discovers, fills in templates, calls, judges the answer, takes suggestions.

The clients with quirks change one of its methods each.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any
from uuid import uuid4

import httpx

from hooks.conformance.answers import judge_answer
from hooks.conformance.requests import judge_request
from hooks.conformance.results import Book, Outcome
from hooks.conformance.table import CHECKS
from hooks.conformance.transport import Answer
from tests.clients.world import World, token
from tests.contract.fhir import faults
from tests.service.ehr import NOW, PATIENT, draft

Resource = dict[str, Any]
Drafts = list[Resource]

_TOKEN = re.compile(r"\{\{context\.([A-Za-z]+)\}\}")


class Client:
    """Strict 2.0, prefetch alone: sends whole requests, and refuses whatever the specification forbids."""

    user = "Practitioner/17"
    offers_server = False
    strict_requests = True
    forgiven: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self.world = world
        self.http = world.http
        self.services = self.get(f"{world.service}/cds-services").json()["services"]

    def get(self, url: str) -> httpx.Response:
        answer = self.http.get(url, headers=self.headers(url))
        assert answer.status_code == 200
        return answer

    def headers(self, url: str) -> dict[str, str]:
        """The headers of a call of the service."""
        return {"Authorization": f"Bearer {token(url)}"}

    def service(self, hook: str) -> Resource:
        """The service for a hook, as discovery tells it."""
        [found] = [one for one in self.services if one["hook"] == hook]
        service: Resource = found
        return service

    def order(self) -> Resource:
        """A draft of nusinersen nine days after the last dose."""
        return draft()

    def view_chart(self, patient: str) -> httpx.Response:
        """patient-view."""
        return self.call("patient-view", {"userId": self.user, "patientId": patient})

    def sign(self, drafts: Drafts, patient: str = PATIENT) -> httpx.Response:
        """order-sign with these drafts."""
        context = {"userId": self.user, "patientId": patient, "draftOrders": self.bundle(drafts)}
        return self.call("order-sign", context)

    def select(self, drafts: Drafts) -> httpx.Response:
        """order-select: the drafts, all of them picked."""
        picked = [f"{one['resourceType']}/{one['id']}" for one in drafts]
        context = {"userId": self.user, "patientId": PATIENT, "selections": picked, "draftOrders": self.bundle(drafts)}
        return self.call("order-select", context)

    def bundle(self, drafts: Drafts) -> Resource:
        """draftOrders; the entry is left out where there is none, since nothing may be empty."""
        entries = {"entry": [{"resource": order} for order in drafts]} if drafts else {}
        return {"resourceType": "Bundle", "type": "collection", **entries}

    def call(self, hook: str, context: Resource) -> httpx.Response:
        """One call; its answer is judged before it is used."""
        service = self.service(hook)
        body = self.body(hook, context, self.prefetch(service.get("prefetch", {}), context))
        url = f"{self.world.service}/cds-services/{service['id']}"
        if self.strict_requests:
            book = Book(CHECKS, crd=False)
            judge_request(body, "the request", book)
            assert broken(book) == {}
        answer = self.http.post(url, json=body, headers=self.headers(url))
        self.judge(answer, body)
        return answer

    def body(self, hook: str, context: Resource, prefetch: Resource) -> Resource:
        """The request."""
        sent: Resource = {"hook": hook, "hookInstance": str(uuid4()), "context": context}
        if prefetch:
            sent["prefetch"] = prefetch
        if self.offers_server:
            sent |= {"fhirServer": self.world.fhir, "fhirAuthorization": self.authorization()}
        return sent

    def authorization(self) -> Resource:
        """fhirAuthorization, with scopes as SMART 1 writes them."""
        return {
            "access_token": "token-of-this-call",
            "token_type": "Bearer",
            "expires_in": 60,
            "scope": "user/MedicationAdministration.read user/MedicationRequest.read user/MedicationStatement.read "
            "user/Patient.read user/Medication.read",
            "subject": "cds-service",
        }

    def prefetch(self, templates: dict[str, str], context: Resource) -> Resource:
        """The templates filled in, asked for, and what came back; null where there is nothing."""
        return {key: self.asked(self.filled(template, context)) for key, template in templates.items()}

    def filled(self, template: str, context: Resource) -> str:
        """A template with the values of the context."""
        return _TOKEN.sub(lambda found: str(context[found[1]]), template)

    def asked(self, query: str) -> Any:
        """The answer of the FHIR server to a query."""
        answer = self.http.get(f"{self.world.fhir}/{query}")
        assert answer.status_code == 200
        found = answer.json()
        return None if found["resourceType"] == "Bundle" and not found.get("entry") else found

    def feedback(self, hook: str, *entries: Resource) -> httpx.Response:
        """Says what became of cards."""
        url = f"{self.world.service}/cds-services/{self.service(hook)['id']}/feedback"
        return self.http.post(url, json={"feedback": list(entries)}, headers=self.headers(url))

    def accepted(self, card: Resource, suggestion: Resource) -> Resource:
        """Feedback: a suggestion was taken."""
        return {**self.said(card), "outcome": "accepted", "acceptedSuggestions": [{"id": suggestion["uuid"]}]}

    def overridden(self, card: Resource, reason: Resource | None = None) -> Resource:
        """Feedback: the card was dismissed, with one of the reasons that it offers or with none."""
        why = {} if reason is None else {"overrideReason": {"reason": reason}}
        return {**self.said(card), "outcome": "overridden", **why}

    def said(self, card: Resource) -> Resource:
        """The card and the time, in whole seconds of UTC."""
        return {"card": card["uuid"], "outcomeTimestamp": NOW.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def judge(self, answer: httpx.Response, body: Resource) -> None:
        """By the tables of the specification, and by two validators of FHIR; not by the models of the service."""
        if answer.status_code != 200:
            assert faults(answer.json()) == []
            return
        book = Book(CHECKS, crd=False)
        judge_answer(Answer("the call", 200, dict(answer.headers), answer.content, 0.0), body, book)
        assert broken(book).keys() <= self.forgiven
        if not self.forgiven:
            assert [fault for resource in written(answer.json()) for fault in faults(resource)] == []

    def accept(self, suggestion: Resource, drafts: Drafts) -> Drafts:
        """The drafts after a suggestion was taken: its actions in the order delete, create, update."""
        after = {f"{one['resourceType']}/{one['id']}": one for one in deepcopy(drafts)}
        for action in sorted(suggestion["actions"], key=lambda one: ("delete", "create", "update").index(one["type"])):
            if action["type"] == "delete":
                del after[action["resourceId"]]
            else:
                resource = action["resource"]
                assert (f"{resource['resourceType']}/{resource['id']}" in after) == (action["type"] == "update")
                after[f"{resource['resourceType']}/{resource['id']}"] = resource
        return list(after.values())


def broken(book: Book) -> dict[str, tuple[str, ...]]:
    """What a book holds against an answer or a request; remarks count too."""
    return {one.check.id: one.seen for one in book.results() if one.outcome is Outcome.FAILED}


def written(answer: Resource) -> list[Resource]:
    """The resources that an answer would have the client write."""
    suggestions = [one for card in answer["cards"] for one in card.get("suggestions", ())]
    actions = [action for one in suggestions for action in one["actions"]]
    return [action["resource"] for action in actions if "resource" in action]
