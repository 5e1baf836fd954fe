"""The route of a dose: right, wrong, or on neither list (rule C4)."""

from __future__ import annotations

from cds.dosing.codes import Code
from cds.dosing.findings import found
from cds.fhir.codes import DrugCodes
from cds.fhir.plain import Malformed, Resource, object_in, objects_in, text_in

UNRECOGNISED = found(Code.ROUTE_UNRECOGNISED, "C4")
UNEXPECTED = found(Code.UNEXPECTED_ROUTE, "C4")


class WrongRoute(Exception):
    """A code of another route. A right one beside it does not make it right: the two contradict each other."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def route_recognised(parent: Resource, codes: DrugCodes, at: str) -> bool:
    """Whether the `route` in an element is a right one or none; False where only a text, or codes on neither list.

    WrongRoute for a code of another route, Malformed for what is no CodeableConcept.
    """
    concept = object_in(parent, "route", at)
    if not concept:
        return True
    if _plainly_right(concept, codes):
        return True
    path = f"{at}.route"
    coded = recognised = False
    fault: Malformed | None = None
    for coding, where in objects_in(concept, "coding", path):
        try:
            system, code = text_in(coding, "system", where), text_in(coding, "code", where)
            coded = coded or bool(code or text_in(coding, "display", where))
        except Malformed as broken:
            fault = fault or broken
            continue
        wrong = codes.other_routes.get(system, code)
        if wrong is not None:
            raise WrongRoute(wrong)
        recognised = recognised or codes.routes.get(system, code) is not None
    if fault is not None:
        raise fault
    return recognised or not (coded or text_in(concept, "text", path))


def _plainly_right(concept: Resource, codes: DrugCodes) -> bool:
    """One coding of a right route and nothing else: nearly every record."""
    codings = concept.get("coding")
    if not isinstance(codings, list) or len(codings) != 1 or not isinstance(codings[0], dict):
        return False
    system, code = codings[0].get("system"), codings[0].get("code")
    return isinstance(system, str) and isinstance(code, str) and codes.routes.get(system, code) is not None
