"""One line of an export read: blank, rejected with a reason, or a resource."""

from __future__ import annotations

import json
from typing import Any

import orjson

from cds.fhir.plain import kind

LONGEST_LINE = 16 << 20
"""A longer line is no resource that a server would write; it is rejected without being held in memory."""


class RejectedError(Exception):
    """A line that holds no resource. The reason holds nothing of its content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read_line(content: bytes, *, too_long: bool = False) -> dict[str, Any] | None:
    """The resource of a line, None if it is blank; `too_long`: it was not even read. Raises RejectedError."""
    if too_long or len(content) > LONGEST_LINE:
        raise RejectedError(f"is longer than {LONGEST_LINE >> 20} MB, which no resource is")
    if not content.strip():
        return None
    resource = parsed(content)
    if not isinstance(resource, dict):
        raise RejectedError(f"is {kind(resource)}, not a resource")
    of_type = resource.get("resourceType")
    if not isinstance(of_type, str) or not of_type:
        raise RejectedError("has no resourceType")
    return resource


def parsed(content: bytes) -> object:
    """The JSON value. What the quick parser refuses and JSON allows (a byte order mark, half of a surrogate pair) is
    read by the slow one: it may be a dose. Raises RejectedError."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        # its own words can quote the line
        at = error.pos + 1
    try:
        return _writable(json.loads(content.decode("utf-8-sig"), parse_constant=_no_number))
    except UnicodeDecodeError:
        raise RejectedError("is no UTF-8") from None
    except (ValueError, RecursionError):
        raise RejectedError(f"is no JSON (at character {at})") from None


def _writable(value: Any) -> Any:
    """The value with half of a surrogate pair as the text of its escape, since no file could hold it otherwise."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_writable(name): _writable(inner) for name, inner in value.items()}
    return [_writable(each) for each in value] if isinstance(value, list) else value


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no JSON")
