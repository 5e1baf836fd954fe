"""The clients with quirks: what each does otherwise than the specification would have it, or as few others do."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import httpx

from tests.clients.client import Client, Drafts
from tests.service.ehr import NOW, draft

Resource = dict[str, Any]


class BrowserSandbox(Client):
    """The public CDS Hooks sandbox, a page in a browser: sends preflights, joins repeated parameters with a comma,
    leaves failed prefetch out, follows no pages, and sends drafts without Bundle.type and intent, and no
    authorization."""

    user = "Practitioner/COREPRACTITIONER1"
    strict_requests = False
    # its drafts have no intent, and so has what is written from them
    forgiven = frozenset({"action-resource-fhir"})
    origin = "https://sandbox.example.invalid"

    def get(self, url: str) -> httpx.Response:
        self.preflight(url, "GET", "authorization")
        return super().get(url)

    def headers(self, url: str) -> dict[str, str]:
        return {**super().headers(url), "Origin": self.origin}

    def preflight(self, url: str, method: str, headers: str) -> None:
        asked = {
            "Origin": self.origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        }
        answer = self.http.options(url, headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] in {"*", self.origin}
        allowed = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
        assert set(headers.split(",")) <= allowed

    def call(self, hook: str, context: Resource) -> httpx.Response:
        self.preflight(
            f"{self.world.service}/cds-services/{self.service(hook)['id']}", "POST", "authorization,content-type"
        )
        return super().call(hook, context)

    def order(self) -> Resource:
        order = super().order()
        del order["intent"]
        return order

    def bundle(self, drafts: Drafts) -> Resource:
        return {"resourceType": "Bundle", "entry": [{"resource": order} for order in drafts]}

    def body(self, hook: str, context: Resource, prefetch: Resource) -> Resource:
        return {**super().body(hook, context, prefetch), "fhirServer": self.world.fhir}

    def asked(self, query: str) -> Any:
        path, _, parameters = query.partition("?")
        joined: dict[str, str] = {}
        for name, _, value in (part.partition("=") for part in parameters.split("&")):
            joined[name] = f"{joined[name]},{value}" if name in joined else value
        answer = self.http.get(f"{self.world.fhir}/{path}?" + "&".join(f"{k}={v}" for k, v in joined.items()))
        return answer.json() if answer.status_code == 200 else None

    def prefetch(self, templates: dict[str, str], context: Resource) -> Resource:
        held = {key: self.asked(self.filled(template, context)) for key, template in templates.items()}
        return {key: value for key, value in held.items() if value is not None}

    def judge(self, answer: httpx.Response, body: Resource) -> None:
        super().judge(answer, body)
        assert answer.headers["access-control-allow-origin"] in {"*", self.origin}

    def feedback(self, hook: str, *entries: Resource) -> httpx.Response:
        path = f"/cds-services/{self.service(hook)['id']}/feedback"
        self.preflight(f"{self.world.service}{path}", "POST", "authorization,content-type")
        return super().feedback(hook, *entries)

    def said(self, card: Resource) -> Resource:
        return {**super().said(card), "outcomeTimestamp": NOW.strftime("%Y-%m-%dT%H:%M:%S.007Z")}

    def shown(self, answer: httpx.Response) -> list[str]:
        """What its user sees. Any failure looks like this: nothing to tell."""
        if answer.status_code != 200:
            return ["All clear!"]
        return [card["summary"] for card in answer.json()["cards"]] or ["All clear!"]


class EpicLike(Client):
    """A large vendor's, as its tutorial and samples have it: extension keys in the request, PractitionerRole as user,
    drafts that refer to a contained Medication, no prefetch; remembers overrides by an alphanumeric topic code, takes
    one action a suggestion and shows the description of the action."""

    user = "PractitionerRole/e.17"
    offers_server = True

    def order(self) -> Resource:
        order = draft()
        medication = {"resourceType": "Medication", "id": "med", "code": order.pop("medicationCodeableConcept")}
        return {**order, "contained": [medication], "medicationReference": {"reference": "#med"}}

    def prefetch(self, templates: dict[str, str], context: Resource) -> Resource:  # noqa: ARG002  it fills in none
        return {}

    def body(self, hook: str, context: Resource, prefetch: Resource) -> Resource:
        prefix = "com.epic.cdshooks.request"
        extension = {
            f"{prefix}.bpa-trigger-action": "23",
            f"{prefix}.cds-hooks-specification-version": "1.1",
            f"{prefix}.fhir-version": "R4",
            f"{prefix}.criteria-id": "1234",
        }
        return {**super().body(hook, context, prefetch), "extension": extension}

    def overridden(self, card: Resource, reason: Resource | None = None) -> Resource:
        """With the code alone: the vendor knows the words."""
        return super().overridden(card, None if reason is None else {name: reason[name] for name in ("code", "system")})

    def judge(self, answer: httpx.Response, body: Resource) -> None:
        super().judge(answer, body)
        for card in answer.json()["cards"]:
            assert re.fullmatch(r"[A-Za-z0-9]{1,100}", card["source"]["topic"]["code"])
            assert card["uuid"]
            assert card.get("selectionBehavior", "any") == "any"
            for suggestion in card.get("suggestions", ()):
                assert suggestion["uuid"]
                [action] = suggestion["actions"]
                assert action["description"]


class Paging(Client):
    """Sends the first page of its answer alone, with the link to the next."""

    offers_server = True

    def asked(self, query: str) -> Any:
        if "?" not in query:
            return super().asked(query)
        page = super().asked(f"{query}&_count=2")
        if page is not None:
            assert "next" in {link["relation"] for link in page["link"]}
            assert len(page["entry"]) == 2
        return page


class PagingWithoutAccess(Paging):
    """The same, and nobody may follow the link."""

    offers_server = False


class FailedSearch(Client):
    """Puts the error of its FHIR server into the prefetch, as the specification advises."""

    def asked(self, query: str) -> Any:  # noqa: ARG002  every search fails
        issue = {"severity": "error", "code": "exception", "diagnostics": "the search failed"}
        return {"resourceType": "OperationOutcome", "issue": [issue]}


class FailedSearchWithAccess(FailedSearch):
    """The same, and the service may ask for itself."""

    offers_server = True


class ErrorPage(Client):
    """Puts the error page of its proxy into the prefetch, as a string."""

    def asked(self, query: str) -> Any:  # noqa: ARG002  every search fails
        return "<html><body><h1>502 Bad Gateway</h1></body></html>"


class ErrorPageWithAccess(ErrorPage):
    """The same, and the service may ask for itself."""

    offers_server = True


class NoPrefetch(Client):
    """Fills in no template, and lets the service ask."""

    offers_server = True

    def prefetch(self, templates: dict[str, str], context: Resource) -> Resource:  # noqa: ARG002  it fills in none
        return {}


class NothingAtAll(NoPrefetch):
    """Fills in no template and names no server."""

    offers_server = False


class WrappedEntry(Client):
    """Sends the entry of a batch response in the place of its resource."""

    def asked(self, query: str) -> Any:
        found = super().asked(query)
        if found is None and not query.startswith("MedicationAdministration"):
            return None  # what is not there beside the history is sent as other clients send it
        return {"response": {"status": "200 OK"}, "resource": found}


class NullEverywhere(Client):
    """Sends null for whatever it has not."""

    strict_requests = False

    def body(self, hook: str, context: Resource, prefetch: Resource) -> Resource:
        whole = {"encounterId": None, **context}
        nothing = {"fhirServer": None, "fhirAuthorization": None, "extension": None}
        return {**super().body(hook, whole, prefetch), **nothing}


class Draft3(Client):
    """The 3.0 ballot: SMART 2 scopes, a version of hook and specification, extensions in the context, `_maxresults`."""

    offers_server = True

    def authorization(self) -> Resource:
        scope = "user/MedicationAdministration.rs user/Medication.rs"
        return {**super().authorization(), "scope": scope}

    def body(self, hook: str, context: Resource, prefetch: Resource) -> Resource:
        extra = {"hookVersion": "1.1.0", "version": "3.0.0", "extension": {"org.example.client": {"release": "3"}}}
        return {**super().body(hook, {**context, "extension": {"org.example": {"a": 1}}}, prefetch), **extra}


class OtherId(Client):
    """Makes a new UUID in capitals for each call, and names the patient by a reference in place of the bare id."""

    strict_requests = False

    def filled(self, template: str, context: Resource) -> str:
        return super().filled(template, {**context, "patientId": context["patientId"].partition("/")[2]})

    def call(self, hook: str, context: Resource) -> httpx.Response:
        return super().call(hook, {**context, "patientId": f"Patient/{context['patientId']}"})

    def body(self, hook: str, context: Resource, prefetch: Resource) -> Resource:
        return {**super().body(hook, context, prefetch), "hookInstance": str(uuid4()).upper()}
