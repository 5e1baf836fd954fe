"""Is a record of the drug? One of four answers (rule C1), for administrations and orders alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cds.dosing.drug import Drug
from cds.fhir.amounts import agreed
from cds.fhir.codes import DrugCodes, codes_of
from cds.fhir.evidence import Evidence, Part, gather
from cds.fhir.identity import Answer, Identity
from cds.fhir.plain import Resolve, Resource
from cds.fhir.versions import product_as_r4

__all__ = ["Answer", "Identity", "identify"]

_OTHER = Identity(Answer.OTHER)


def identify(resource: Resource, drug: Drug, resolve: Resolve) -> Identity:
    """Rule C1 for a resource with `medication[x]`, in the spelling of R4 and before, or of R5. Never raises."""
    codes = codes_of(drug)
    return _by_codes(resource, codes) or _answer(gather(resource, codes, resolve))


def _by_codes(resource: Resource, codes: DrugCodes) -> Identity | None:
    """The answer for nearly every record: one concept whose codes agree. None: look at all of it."""
    concept = resource.get("medicationCodeableConcept")
    if not isinstance(concept, dict) or "medicationReference" in resource or "medication" in resource:
        return None
    codings, words = concept.get("coding"), concept.get("text", "")
    if not isinstance(codings, list) or not isinstance(words, str):
        return None
    listed: Identity | None = None
    for coding in codings:
        said = _plain_coding(coding)
        if said is None:
            return None
        words = f"{words} {said[2]}"
        found = codes.medications.get(said[0], said[1])
        if found is None:
            continue
        if found.answer is not Answer.OURS or (listed is not None and listed != found and listed.strength is not None):
            return None
        listed = found
    if listed is not None:
        return listed
    return None if codes.names_the_drug(words) or not words.strip() else _OTHER


def _plain_coding(coding: object) -> tuple[str, str, str] | None:
    """System, code and display of a coding that has the first two; None for any other."""
    if not isinstance(coding, dict):
        return None
    system, code, display = coding.get("system"), coding.get("code"), coding.get("display", "")
    if isinstance(system, str) and isinstance(code, str) and isinstance(display, str):
        return system, code, display
    return None


def _answer(evidence: Evidence) -> Identity:
    parts = (evidence.concept, evidence.code, evidence.ingredients)
    listed = [identity for part in parts for identity in part.listed]
    if any(part.look_alike for part in parts):
        return _contradiction("has codes of the drug beside codes of another one") if listed else _OTHER
    if not any(part.says_ours for part in parts):
        return _not_ours(evidence, parts)
    if evidence.fault is not None:
        return Identity(Answer.UNREADABLE, element=evidence.fault.element, detail=evidence.fault.detail)
    if any(part.says_other for part in parts):
        return _contradiction("names the drug beside a code of another one")
    if not listed and evidence.names_another:
        return _contradiction("names the drug and another therapy of the disease, with no code that tells which it is")
    if not listed and _texts_differ(evidence.code, evidence.ingredients):
        return _contradiction("resolves to a Medication whose code and ingredients differ")
    strengths = [identity.strength for identity in listed] + evidence.strengths
    return Identity(Answer.OURS, by_text=not listed, strength=agreed(strengths))


def _contradiction(detail: str) -> Identity:
    return Identity(Answer.UNREADABLE, element="medication[x]", detail=detail)


def _texts_differ(code: Part, ingredients: Part) -> bool:
    return code.text and ingredients.text and code.names != ingredients.names


def _not_ours(evidence: Evidence, parts: tuple[Part, ...]) -> Identity:
    if evidence.fault is not None:
        return Identity(Answer.UNIDENTIFIED, element=evidence.fault.element, detail=evidence.fault.detail)
    if any(part.text or part.other for part in parts):
        return _OTHER
    if evidence.unresolved:
        return Identity(
            Answer.UNIDENTIFIED, element=evidence.unresolved, detail="points at no Medication that could be read"
        )
    return Identity(Answer.UNIDENTIFIED, element="medication[x]", detail="has neither a text nor a code that tells")


def may_refer(resource: Resource) -> bool:
    """Whether a record may name its medication by a reference; cheap, and so no more than a first look."""
    return "medicationReference" in resource or "medication" in resource


def medication_references(resource: Resource) -> tuple[str, ...]:
    """The references by which a record names its medication; those that cannot be read are left out."""
    both = resource.get("medication")
    pointers = (resource.get("medicationReference"), both.get("reference") if isinstance(both, dict) else None)
    return _references(pointers)


def ingredient_references(medication: Resource) -> tuple[str, ...]:
    """The references to the ingredients of a Medication; those that cannot be read are left out."""
    ingredients = product_as_r4(medication).get("ingredient")
    if not isinstance(ingredients, list):
        return ()
    return _references([item.get("itemReference") for item in ingredients if isinstance(item, dict)])


def _references(pointers: Iterable[object]) -> tuple[str, ...]:
    written = [pointer.get("reference") for pointer in pointers if isinstance(pointer, dict)]
    return tuple(reference.strip() for reference in written if isinstance(reference, str) and reference.strip())


def medication_text(resource: Resource) -> str:
    """What a record calls its medication, for people: its text, else what a coding or the reference displays."""
    return next((text.strip() for text in _texts(resource) if isinstance(text, str) and text.strip()), "")


def _texts(resource: Resource) -> Iterator[object]:
    both = _dict(resource.get("medication"))
    concepts = (_dict(resource.get("medicationCodeableConcept")), _dict(both.get("concept")))
    for concept in concepts:
        yield concept.get("text")
    for concept in concepts:
        codings = concept.get("coding")
        for coding in codings if isinstance(codings, list) else ():
            yield _dict(coding).get("display")
    for pointer in (resource.get("medicationReference"), both.get("reference")):
        yield _dict(pointer).get("display")


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
