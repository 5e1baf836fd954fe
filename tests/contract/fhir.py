"""Two validators of FHIR that share no code: the models of fhir.resources (R4B), and fhirkit (R4, in Rust)."""

from __future__ import annotations

from typing import Any

import fhirkit

from cds.fhir.resources import explain

Resource = dict[str, Any]


def by_models(resource: Resource) -> list[str]:
    """What fhir.resources refuses. FHIR allows an extension in the place of a value; its models do not know that for
    a choice of types such as `effective[x]`, so the value is put in for them."""
    absent = {"effectiveDateTime": "2026-05-01"} if "_effectiveDateTime" in resource else {}
    return list(explain({**resource, **absent}))


def by_second(resource: Resource) -> list[str]:
    """What fhirkit refuses. It does not look into the resources of a Bundle, so they are shown to it one by one."""
    found = [str(issue) for issue in fhirkit.validate(resource)]
    return found + [fault for inner in inside(resource) for fault in by_second(inner)]


def faults(resource: Resource) -> list[str]:
    """What either of the two refuses; empty where both take the resource."""
    return by_models(resource) + by_second(resource)


def inside(resource: Resource) -> list[Resource]:
    """The resources of a Bundle's entries."""
    if resource.get("resourceType") != "Bundle":
        return []
    return [entry["resource"] for entry in resource.get("entry", ()) if "resource" in entry]
