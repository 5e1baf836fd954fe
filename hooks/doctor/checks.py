"""What is checked of a FHIR server, in order, and how a check ends. No text of a check holds patient data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cds.fhir.errors import FhirError

CHECKS = {
    "address": "the base URL is one of https",
    "reachable": "the server answers, with a certificate that is trusted",
    "clock": "its clock and ours agree",
    "metadata": "/metadata is a CapabilityStatement",
    "version": "it speaks FHIR R4, R4B or R5",
    "resource-types": "it has the resource types that are read",
    "search-parameters": "it has the search parameters that are used",
    "smart-configuration": "it says where tokens are issued, and to whom",
    "token": "a token is issued, or the given one can be used",
    "scopes": "the token may read what is needed",
    "guarded": "nobody reads records without a token",
    "wrong-token": "a token that is none is refused with 401",
    "unknown-patient": "a patient that cannot exist has no records: the search by patient is heeded",
    "medication-search": "Medications are found by several ids at once",
    "medication-read": "a Medication is read by its id, and one that is not there is 404 or 410",
    "history": "the history of the patient is read, and whole",
    "time": "it is read within the time that a hook has",
    "own-patient": "all records are of the patient asked for",
    "include": "Medications come with the records that refer to them",
    "sort": "the newest record comes first",
    "page-size": "pages are as small as they are asked to be",
    "paging": "small pages give the same records as large ones, each once",
    "references": "references to Medications lead to Medications",
    "identification": "of each record it can be said whether it is of the drug",
    "code-filter": "the search by code finds the same doses as the search without",
    "dates": "dates without a time were not exported as midnight of UTC",
}
"""Each check by its id, and what it holds where it is `ok`."""


class Outcome(StrEnum):
    """How a check ends."""

    OK = "ok"
    WARNING = "warning"
    """The service works, and something should be known or mended."""
    FAILED = "failed"
    """The service cannot work with this server, or would be misled by it."""
    NOT_POSSIBLE = "not possible"
    """Nothing can be said: the text tells why."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what was found in a sentence, and what to do about it (empty where there is nothing to do)."""

    id: str
    outcome: Outcome
    text: str
    advice: str = ""

    def __post_init__(self) -> None:
        if self.id not in CHECKS:
            raise ValueError(f"{self.id!r} is no check")


def ok(name: str, text: str, advice: str = "") -> Check:
    """A check that found nothing wrong."""
    return Check(name, Outcome.OK, text, advice)


def warning(name: str, text: str, advice: str) -> Check:
    """A check that found something to know or to mend."""
    return Check(name, Outcome.WARNING, text, advice)


def failed(name: str, text: str, advice: str) -> Check:
    """A check that found what stands in the way."""
    return Check(name, Outcome.FAILED, text, advice)


def not_possible(name: str, text: str, advice: str = "") -> Check:
    """A check that could not be made."""
    return Check(name, Outcome.NOT_POSSIBLE, text, advice)


def failed_by(name: str, error: FhirError) -> Check:
    """The check that ended in an error of the client, whose message says what and then what to do."""
    text, advice = said(error)
    return failed(name, text, advice)


def said(error: FhirError) -> tuple[str, str]:
    """What happened and what to do, as two sentences, of a message that has them in one."""
    text, _, advice = error.message.rpartition("; ")
    return _sentence(text or advice), _sentence(advice) if text else ""


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", '"')) else ".")


@dataclass(slots=True)
class Report:
    """The checks that were made."""

    made: dict[str, Check]

    def add(self, checks: Iterable[Check]) -> None:
        """Take them in; of two with one id the first one stays."""
        for check in checks:
            self.made.setdefault(check.id, check)

    def close(self, why: str, advice: str = "") -> None:
        """All that was not made is not possible."""
        self.add(not_possible(name, why, advice) for name in CHECKS)

    @property
    def checks(self) -> tuple[Check, ...]:
        """In the order of CHECKS."""
        return tuple(self.made[name] for name in CHECKS if name in self.made)
