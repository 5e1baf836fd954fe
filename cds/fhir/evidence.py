"""All that a record says of its medication: its own concept, the Medication it points at, the ingredients of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cds.dosing.drug import Strength
from cds.fhir.amounts import stated_strength
from cds.fhir.codes import DrugCodes, canonical, folded
from cds.fhir.identity import Identity
from cds.fhir.plain import Malformed, Resolve, Resource, kind, list_in, object_in, text_in
from cds.fhir.references import contained
from cds.fhir.versions import product_as_r4


@dataclass(slots=True)
class Part:
    """What one part of a record says: its own concept, the Medication's code, the ingredients."""

    listed: list[Identity] = field(default_factory=list)
    look_alike: bool = False
    other: bool = False
    names: bool = False
    text: bool = False

    @property
    def says_ours(self) -> bool:
        """By a listed code or by a name."""
        return bool(self.listed) or self.names

    @property
    def says_other(self) -> bool:
        """Coded as another drug: a look-alike, or a code of a system in which the drug has codes, and none of them."""
        return self.look_alike or (self.other and not self.listed)


class Evidence:
    """All that a record says of its medication. Reading goes on after a fault; the first one is kept. `names_another`:
    a text names another therapy of the disease."""

    def __init__(self, codes: DrugCodes) -> None:
        self.codes = codes
        self.concept, self.code, self.ingredients = Part(), Part(), Part()
        self.names_another = False
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

    def say(self, part: Part, text: str) -> None:
        """Take note of a text; blank is none."""
        if text:
            part.text = True
            part.names = part.names or self.codes.names_the_drug(text)
            self.names_another = self.names_another or self.codes.therapy_in(folded(text)) is not None

    def read_concept(self, part: Part, parent: Resource, name: str, at: str) -> None:
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


def gather(resource: Resource, codes: DrugCodes, resolve: Resolve) -> Evidence:
    """Take note of everything; never raises."""
    evidence = Evidence(codes)
    evidence.read_concept(evidence.concept, resource, "medicationCodeableConcept", "")
    _follow(evidence, resource, "medicationReference", "", resource, resolve)
    both = evidence.object(resource, "medication", "")
    if both:
        evidence.read_concept(evidence.concept, both, "concept", "medication")
        _follow(evidence, both, "reference", "medication", resource, resolve)
    return evidence


def _follow(evidence: Evidence, parent: Resource, name: str, at: str, record: Resource, resolve: Resolve) -> None:
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


def _find(evidence: Evidence, reference: str, holder: Resource, record: Resource, resolve: Resolve) -> Resource | None:
    try:
        if not reference.startswith("#"):
            found = resolve(reference, record)
        else:
            # what is contained may point at its neighbours, which only the record holds
            found = contained(holder, reference) or contained(record, reference)
    except Malformed as fault:
        evidence.fault = evidence.fault or fault
        return None
    return None if found is None else product_as_r4(found)


def _read_ingredients(evidence: Evidence, medication: Resource, record: Resource, resolve: Resolve) -> None:
    """Take note of the active ingredients. Beside one that is the drug, the others are what it is dissolved in."""
    active: list[tuple[Part, Strength | None]] = []
    for ingredient, at in evidence.objects(medication, "ingredient", "Medication"):
        part = Part()
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


def _merge(into: Part, part: Part) -> None:
    into.listed.extend(part.listed)
    into.other = into.other or part.says_other
    into.names = into.names or part.names
    into.text = into.text or part.text


def _strength(evidence: Evidence, parent: Resource, name: str, at: str) -> Strength | None:
    try:
        return stated_strength(parent, name, at)
    except Malformed as fault:
        evidence.fault = evidence.fault or fault
        return None
