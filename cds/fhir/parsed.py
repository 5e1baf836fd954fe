"""The JSON value that a FHIR server answered with, or what it answered instead."""

from __future__ import annotations

import re

import orjson

from cds.fhir.errors import FhirError, Kind
from cds.fhir.exchange import Reply
from cds.fhir.links import Base
from cds.fhir.versions import refused_server

# The parameter of the media type by which a server says its version (FHIR, RESTful API, "fhirVersion").
_FHIR_VERSION = re.compile(r'fhirversion\s*=\s*"?([0-9A-Za-z.]+)', re.IGNORECASE)


def parsed(reply: Reply, what: str, base: Base) -> object:
    """The value of an answer to `what` was asked. Raises FhirError (unusable) where it is none, or of an older FHIR."""
    version = _FHIR_VERSION.search(reply.headers.get("content-type", ""))
    refusal = refused_server(version[1]) if version else ""
    if refusal:
        raise FhirError(Kind.UNUSABLE, f"{what}: {base.url} {refusal}; use the base URL of its R4 or R5 endpoint")
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        pass  # its text quotes the body
    html = "html" in reply.headers.get("content-type", "") or reply.body.lstrip()[:1] == b"<"
    seen = (
        "HTML or XML, a login page perhaps" if html else "no JSON, or JSON cut short" if reply.body else "an empty body"
    )
    advice = "check the base URL and the server's formats"
    raise FhirError(Kind.UNUSABLE, f"{what}: {base.url} answered {seen}; {advice}")
