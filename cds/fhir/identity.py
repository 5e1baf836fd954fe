"""The answer to the question whether a record is of the drug (rule C1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cds.dosing.drug import Strength


class Answer(Enum):
    """The four answers of rule C1."""

    OURS = "of the drug"
    OTHER = "another drug"
    UNREADABLE = "of the drug but unreadable"
    UNIDENTIFIED = "unidentified"


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer for one record. `by_text`: no listed code, but a text that names the drug (`identified-by-text`).

    `element` and `detail` say why a record is unreadable or unidentified; `strength` is what product codes and the
    Medication tell, None if nothing or if they differ (C5).
    """

    answer: Answer
    by_text: bool = False
    element: str = ""
    detail: str = ""
    strength: Strength | None = None

    @property
    def of_the_drug(self) -> bool:
        """Whether it is of the drug, or calls itself so beside something that contradicts it."""
        return self.answer is Answer.OURS or self.answer is Answer.UNREADABLE
