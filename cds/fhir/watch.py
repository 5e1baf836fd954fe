"""How a reader of FHIR servers is watched by whoever counts and traces its requests."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

Watch: TypeAlias = Callable[[str, MutableMapping[str, str]], AbstractContextManager[Callable[[int], None]]]
"""What stands around every request that is sent to a server. Its first argument names the request without ids, as `the
search for MedicationAdministration, page 2`; its second, the headers, may be added to. It gives a function that
is told the status of the answer, where one comes; where none does, a FhirError passes through."""


def unwatched(_: str, __: MutableMapping[str, str]) -> AbstractContextManager[Callable[[int], None]]:
    """Nobody watches."""
    return nullcontext(lambda _: None)
