"""FHIR references: their forms compared, contained resources, and what a reference in a set of resources points at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cds.fhir.plain import Malformed, Resolve, Resource, object_in, objects_in, text_in

_RELATIVE = re.compile(r"(?:.*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[^/?#\s]+)", re.DOTALL)
LOGICAL_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""What FHIR lets an id be. References that are read may have others, of which a server makes what it likes."""
_BARE_ID = re.compile(r"[A-Za-z0-9.\-]+")


def without_history(reference: str) -> str:
    """A reference without white space around it and without its version."""
    return reference.strip().partition("/_history")[0]


def relative(reference: str) -> str | None:
    """`Patient/x` of `Patient/x`, of an absolute URL or of one with a version; None of anything else."""
    found = _RELATIVE.fullmatch(without_history(reference))
    return f"{found['type']}/{found['id']}" if found else None


def reference_of(resource: Resource) -> str | None:
    """`Type/id` of a resource, None if it lacks one of the two."""
    kind, name = resource.get("resourceType"), resource.get("id")
    if isinstance(kind, str) and isinstance(name, str) and kind and name:
        return f"{kind}/{name}"
    return None


def contained(resource: Resource, reference: str) -> dict[str, Any] | None:
    """The contained resource that `#id` points at, None if there is none."""
    name = reference.strip().removeprefix("#")
    for inner, path in objects_in(resource, "contained"):
        if name and text_in(inner, "id", path).removeprefix("#") == name:
            return inner
    return None


def subject_of(resource: Resource, resolve: Resolve) -> str | None:
    """Whose record it is, as `Patient/x`; None if no subject is said. Malformed if the subject cannot be used.

    Absolute references count by their end, a bare id is a patient's, `urn:` references are looked up. DSTU2 said
    `patient`. The answer can be of another type (`Group/x`).
    """
    name = "patient" if "patient" in resource and "subject" not in resource else "subject"
    subject = object_in(resource, name)
    reference = text_in(subject, "reference", name) if subject else ""
    if not reference:
        return None
    if reference.startswith("urn:"):
        patient = resolve(reference, resource)
        found = reference_of(patient) if patient is not None else None
        if found is None:
            raise Malformed(f"{name}.reference", "points at no patient that was delivered")
        return found
    if _BARE_ID.fullmatch(reference):
        return f"Patient/{reference}"
    found = relative(reference)
    if found is None:
        raise Malformed(f"{name}.reference", "is no reference to a patient")
    return found


class Pool:
    """Resources that references can be looked up in: those of the input, and those fetched for it.

    `full_urls` are the entries of Bundles by `fullUrl`, `fetched` the resources read for a reference, by the
    reference as it was written. An absolute reference never means a resource whose full URL is known to be another.
    """

    __slots__ = ("_by_reference", "_fetched", "_full_urls", "_resources")

    def __init__(
        self,
        resources: Iterable[object] = (),
        *,
        full_urls: Mapping[str, Resource] | None = None,
        fetched: Mapping[str, Resource] | None = None,
    ) -> None:
        self._full_urls = full_urls or {}
        self._fetched = fetched or {}
        self._resources = resources
        # made when the first reference is looked up: most histories have none
        self._by_reference: dict[str, Resource] | None = None

    def resolve(self, reference: str, _resource: Resource) -> Resource | None:
        """The resource that a reference points at, None if it is not here."""
        written = without_history(reference)
        for spelt in (reference, written):
            found = self._fetched.get(spelt) or self._full_urls.get(spelt)
            if found is not None:
                return found
        known = relative(written)
        if self._by_reference is None:
            self._by_reference = _by_reference(self._resources)
        found = self._by_reference.get(known) if known else None
        if found is not None and "://" in written and self._has_another_url(found):
            return None
        return found

    def _has_another_url(self, resource: Resource) -> bool:
        return any(placed is resource and "://" in url for url, placed in self._full_urls.items())


def _by_reference(resources: Iterable[object]) -> dict[str, Resource]:
    """The newest version of each resource by `Type/id`."""
    index: dict[str, Resource] = {}
    for resource in resources:
        reference = reference_of(resource) if isinstance(resource, dict) else None
        if reference is not None and isinstance(resource, dict):
            index[reference] = newer(index.get(reference), resource)
    return index


def newest(resources: Iterable[object]) -> list[Resource]:
    """The resources, of several versions of one the last; what has no id stays, what is none is left out."""
    kept: dict[object, Resource] = {}
    for index, resource in enumerate(resources):
        if isinstance(resource, dict):
            key = reference_of(resource) or index
            kept[key] = newer(kept.get(key), resource)
    return list(kept.values())


def newer(first: object, second: Resource) -> Resource:
    """Of two versions of a resource the one last updated; where that does not tell, the one that came second."""
    if not isinstance(first, dict):
        return second
    before, after = _last_updated(first), _last_updated(second)
    return first if before is not None and after is not None and before > after else second


def _last_updated(resource: Resource) -> datetime | None:
    meta = resource.get("meta")
    instant = meta.get("lastUpdated") if isinstance(meta, dict) else None
    try:
        found = datetime.fromisoformat(instant) if isinstance(instant, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
