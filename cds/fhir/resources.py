"""The models of fhir.resources (R4B, R5): check what we write, explain in words what we read and could not use."""

from __future__ import annotations

import re

from fhir.resources import get_fhir_model_class as r5_model
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from cds.fhir.plain import kind
from cds.fhir.versions import is_r5

_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_NAMES = re.compile(r"'([A-Za-z0-9_]+)'")
_INNER = frozenset({"root", "__root__"})
# Words of our own: messages of the models can quote the input, and the input is a patient's.
_WORDS = {
    "extra_forbidden": "is no element of this version of FHIR",
    "missing": "is missing",
    "model_field_validation.missing": "is missing",
    "model_validation_format": "is of the wrong JSON type",
    "string_type": "is not a string",
    "string_pattern_mismatch": "has characters that FHIR does not allow here",
    "string_too_short": "is empty",
    "list_type": "is not a list",
    "dict_type": "is not an object",
    "bool_type": "is not true or false",
    "bool_parsing": "is not true or false",
    "decimal_type": "is not a number",
    "decimal_parsing": "is not a number",
    "int_type": "is not a whole number",
    "int_parsing": "is not a whole number",
    "value_error": "has a value that FHIR does not allow",
}


def explain(resource: object) -> tuple[str, ...]:
    """What is invalid in a resource, one sentence an element with its path; empty if it is valid R4B, or R5 where
    it looks like that. Never raises.

    The words hold names of elements and no values.
    """
    if not isinstance(resource, dict):
        return (f"the resource is {kind(resource)}, not an object",)
    of_type = resource.get("resourceType")
    if not isinstance(of_type, str):
        return (f"resourceType is {kind(of_type)}, not the name of a type",)
    try:
        model = (r5_model if is_r5(resource) else get_fhir_model_class)(of_type)
    except (ValueError, LookupError, ImportError, AttributeError):
        return ("resourceType is not the name of a type of FHIR",)
    try:
        model.model_validate(resource)
    except ValidationError as invalid:
        return tuple(dict.fromkeys(_words(error["type"], error["loc"], error["msg"]) for error in invalid.errors()))
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        # the models have faults of their own on rubbish; that it is rubbish is what was asked
        return ("the resource cannot be read as FHIR at all",)
    return ()


def _words(of_kind: str, where: tuple[int | str, ...], message: str) -> str:
    names = _NAMES.findall(message.partition("list [")[2])
    if not where and of_kind == "value_error" and names:
        needed = "only one of them may be there" if "multiple" in message else "one of them is needed"
        return f"{', '.join(names)}: {needed}"
    return f"{_path(where)} {_WORDS.get(of_kind, 'is not valid')}"


def _path(where: tuple[int | str, ...]) -> str:
    """`dosage.route.coding[0]`. A name that is no element's name is not repeated."""
    path = ""
    for step in where:
        if isinstance(step, int):
            path += f"[{step}]"
        elif step not in _INNER:
            path += ("." if path else "") + (step if _ELEMENT.fullmatch(step) else "(an element without a proper name)")
    return path or "the resource"
