"""Who looks at pages about many patients: the port by which pages ask, and the demonstration, where anybody may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fastapi import Request

WORKLIST, FEEDBACK = "worklist", "feedback"
"""The roles: each opens the page of its name."""


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around the pages: the page to go back to, if any; where people sign in and out, empty where nobody
    does; and the path of the service as a browser sees it, which a proxy takes away."""

    back: tuple[str, str] | None = None
    sign_in: str = ""
    sign_out: str = ""
    base: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in at a site. `id` goes into the journal as a keyed hash alone."""

    site: str
    id: str
    roles: frozenset[str]


class Access(Protocol):
    """What tells who sends a request."""

    async def person(self, request: Request) -> Person | None:
        """Who is signed in; None where nobody is. Raises DatabaseDown where that cannot be told."""


class Anybody:
    """The access of the demonstration: every visitor is one person with every role, since all patients are made up."""

    def __init__(self, site: str) -> None:
        self._person = Person(site, "demonstration", frozenset({WORKLIST, FEEDBACK}))

    async def person(self, request: Request) -> Person:  # noqa: ARG002
        """The same for every request."""
        return self._person
