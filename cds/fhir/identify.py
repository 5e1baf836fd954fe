"""Is a record of the drug? One of four answers (rule C1), for administrations and orders alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cds.dosing.drug import Drug, Strength
from cds.fhir.amounts import agreed, stated_strength
from cds.fhir.codes import DrugCodes, canonical, codes_of
from cds.fhir.identity import Answer, Identity
from cds.fhir.plain import Malformed, Resolve, Resource, kind, list_in, object_in, text_in
from cds.fhir.references import contained

__all__ = ["Answer", "Identity", "identify"]

_OTHER = Identity(Answer.OTHER)


def identify(resource: Resource, drug: Drug, resolve: Resolve) -> Identity:
    """Rule C1 for a resource with `medication[x]`, in the spelling of R4 and before, or of R5. Never raises."""
    codes = codes_of(drug)
    return _by_codes(resource, codes) or _answer(_gather(resource, codes, resolve))


def _by_codes(resource: Resource, codes: DrugCodes) -> Identity | None:
    """The answer for nearly every record: one concept whose codes agree. None: look at all of it."""
    concept = resource.get("medicationCodeableConcept")
    if not isinstance(concept, dict) or "medicationReference" in resource:
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


@dataclass(slots=True)
class _Part:
    """What one part of a record says: its own concept, the Medication's code, the ingredients."""

    listed: list[Identity] = field(default_factory=list)
    look_alike: bool = False
    other: bool = False
    names: bool = False
    text: bool = False

    @property
    def says_ours(self) -> bool:
        return bool(self.listed) or self.names

    @property
    def says_other(self) -> bool:
        """Coded as another drug: a look-alike, or a code of a system in which the drug has codes, and none of them."""
        return self.look_alike or (self.other and not self.listed)


class _Evidence:
    """All that a record says of its medication. Reading goes on after a fault; the first one is kept."""

    def __init__(self, codes: DrugCodes) -> None:
        self.codes = codes
        self.concept, self.code, self.ingredients = _Part(), _Part(), _Part()
        self.strengths: list[Strength | None] = []
        self.fault: Malformed | None = None
        self.unresolved = ""

    def text(self, parent: Resource, name: str, at: str) -> str:
        """A string, empty where there is none or none that can be read."""
        try:
            return text_in(parent, name, at)
        except Malformed as fault:
            self.fault = self.fault or fault
            return ""

    def object(self, parent: Resource, name: str, at: str) -> dict[str, Any]:
        """An object, empty where there is none or none that can be read."""
        try:
            return object_in(parent, name, at) or {}
        except Malformed as fault:
            self.fault = self.fault or fault
            return {}

    def objects(self, parent: Resource, name: str, at: str) -> list[tuple[dict[str, Any], str]]:
        """The objects in a list, each with its path."""
        found = []
        try:
            for index, value in enumerate(list_in(parent, name, at)):
                path = f"{at}.{name}[{index}]"
                if isinstance(value, dict):
                    found.append((value, path))
                elif self.fault is None:
                    self.fault = Malformed(path, f"is {kind(value)}, not an object")
        except Malformed as fault:
            self.fault = self.fault or fault
        return found

    def say(self, part: _Part, text: str) -> None:
        """Take note of a text; blank is none."""
        if text:
            part.text = True
            part.names = part.names or self.codes.names_the_drug(text)

    def read_concept(self, part: _Part, parent: Resource, name: str, at: str) -> None:
        """Take note of a CodeableConcept: its codes, its text, what its codings display."""
        concept = self.object(parent, name, at)
        path = f"{at}.{name}" if at else name
        self.say(part, self.text(concept, "text", path))
        for coding, where in self.objects(concept, "coding", path):
            self.say(part, self.text(coding, "display", where))
            system, code = self.text(coding, "system", where), self.text(coding, "code", where)
            listed = self.codes.products.get(system, code)
            if listed is not None:
                part.listed.append(listed)
            elif self.codes.look_alikes.get(system, code) is not None:
                part.look_alike = True
            elif code and canonical(system) in self.codes.systems:
                part.other = True


def _gather(resource: Resource, codes: DrugCodes, resolve: Resolve) -> _Evidence:
    evidence = _Evidence(codes)
    evidence.read_concept(evidence.concept, resource, "medicationCodeableConcept", "")
    _follow(evidence, resource, "medicationReference", "", resource, resolve)
    both = evidence.object(resource, "medication", "")
    if both:
        evidence.read_concept(evidence.concept, both, "concept", "medication")
        _follow(evidence, both, "reference", "medication", resource, resolve)
    return evidence


def _follow(evidence: _Evidence, parent: Resource, name: str, at: str, record: Resource, resolve: Resolve) -> None:
    """Take note of the reference to a Medication: what it displays, and what the Medication says."""
    pointer = evidence.object(parent, name, at)
    path = f"{at}.{name}" if at else name
    evidence.say(evidence.concept, evidence.text(pointer, "display", path))
    reference = evidence.text(pointer, "reference", path)
    if not reference:
        return
    medication = _find(evidence, reference, record, record, resolve)
    if medication is None or medication.get("resourceType", "Medication") != "Medication":
        evidence.unresolved = f"{path}.reference"
        return
    evidence.read_concept(evidence.code, medication, "code", "Medication")
    evidence.strengths.append(_strength(evidence, medication, "amount", "Medication"))
    _read_ingredients(evidence, medication, record, resolve)


def _find(evidence: _Evidence, reference: str, holder: Resource, record: Resource, resolve: Resolve) -> Resource | None:
    if not reference.startswith("#"):
        return resolve(reference, record)
    try:
        # what is contained may point at its neighbours, which only the record holds
        return contained(holder, reference) or contained(record, reference)
    except Malformed as fault:
        evidence.fault = evidence.fault or fault
        return None


def _read_ingredients(evidence: _Evidence, medication: Resource, record: Resource, resolve: Resolve) -> None:
    """Take note of the active ingredients. Beside one that is the drug, the others are what it is dissolved in."""
    active: list[tuple[_Part, Strength | None]] = []
    for ingredient, at in evidence.objects(medication, "ingredient", "Medication"):
        part = _Part()
        evidence.read_concept(part, ingredient, "itemCodeableConcept", at)
        pointer = evidence.object(ingredient, "itemReference", at)
        evidence.say(part, evidence.text(pointer, "display", f"{at}.itemReference"))
        reference = evidence.text(pointer, "reference", f"{at}.itemReference")
        substance = _find(evidence, reference, medication, record, resolve) if reference else None
        if substance is not None:
            evidence.read_concept(part, substance, "code", f"{at}.itemReference")
        if ingredient.get("isActive") is not False or part.says_ours:
            active.append((part, _strength(evidence, ingredient, "strength", at)))
    ours = [(part, strength) for part, strength in active if part.says_ours]
    for part, _ in ours or active:
        _merge(evidence.ingredients, part)
    evidence.ingredients.look_alike = any(part.look_alike for part, _ in active)
    if ours or (len(active) == 1 and not active[0][0].says_other):
        evidence.strengths.extend(strength for _, strength in ours or active)


def _merge(into: _Part, part: _Part) -> None:
    into.listed.extend(part.listed)
    into.other = into.other or part.says_other
    into.names = into.names or part.names
    into.text = into.text or part.text


def _strength(evidence: _Evidence, parent: Resource, name: str, at: str) -> Strength | None:
    try:
        return stated_strength(parent, name, at)
    except Malformed as fault:
        evidence.fault = evidence.fault or fault
        return None


def _answer(evidence: _Evidence) -> Identity:
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
    if not listed and _texts_differ(evidence.code, evidence.ingredients):
        return _contradiction("resolves to a Medication whose code and ingredients differ")
    strengths = [identity.strength for identity in listed] + evidence.strengths
    return Identity(Answer.OURS, by_text=not listed, strength=agreed(strengths))


def _contradiction(detail: str) -> Identity:
    return Identity(Answer.UNREADABLE, element="medication[x]", detail=detail)


def _texts_differ(code: _Part, ingredients: _Part) -> bool:
    return code.text and ingredients.text and code.names != ingredients.names


def _not_ours(evidence: _Evidence, parts: tuple[_Part, ...]) -> Identity:
    if evidence.fault is not None:
        return Identity(Answer.UNIDENTIFIED, element=evidence.fault.element, detail=evidence.fault.detail)
    if any(part.text or part.other for part in parts):
        return _OTHER
    if evidence.unresolved:
        return Identity(
            Answer.UNIDENTIFIED, element=evidence.unresolved, detail="points at no Medication that could be read"
        )
    return Identity(Answer.UNIDENTIFIED, element="medication[x]", detail="has neither a text nor a code that tells")


def medication_references(resource: Resource) -> tuple[str, ...]:
    """The references by which a record names its medication; those that cannot be read are left out."""
    both = resource.get("medication")
    pointers = (resource.get("medicationReference"), both.get("reference") if isinstance(both, dict) else None)
    return _references(pointers)


def ingredient_references(medication: Resource) -> tuple[str, ...]:
    """The references to the ingredients of a Medication; those that cannot be read are left out."""
    ingredients = medication.get("ingredient")
    if not isinstance(ingredients, list):
        return ()
    return _references([item.get("itemReference") for item in ingredients if isinstance(item, dict)])


def _references(pointers: Iterable[object]) -> tuple[str, ...]:
    written = [pointer.get("reference") for pointer in pointers if isinstance(pointer, dict)]
    return tuple(reference.strip() for reference in written if isinstance(reference, str) and reference.strip())


def medication_text(resource: Resource) -> str:
    """What a record calls its medication, for people: its text, else what a coding or the reference displays."""
    both = _dict(resource.get("medication"))
    concepts = [_dict(resource.get("medicationCodeableConcept")), _dict(both.get("concept"))]
    pointers = [_dict(resource.get("medicationReference")), _dict(both.get("reference"))]
    texts: list[object] = [concept.get("text") for concept in concepts]
    for concept in concepts:
        codings = concept.get("coding")
        texts += [_dict(coding).get("display") for coding in codings] if isinstance(codings, list) else []
    texts += [pointer.get("display") for pointer in pointers]
    return next((text.strip() for text in texts if isinstance(text, str) and text.strip()), "")


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
