"""Each chapter of the specification as one test, with the numbers of its findings, to try mutants with.

To find, start and end hundreds of tests for each of thousands of mutants takes longer than to run the cases.
"""

from __future__ import annotations

import gc

import pytest

from cds.fhir.units import factor
from tests.spec import test_numbers, test_spec
from tests.spec.case import Chapter
from tests.spec.chapters import CHAPTERS

# The table of units is loaded once for all mutants: that takes as long as all cases.
factor("mg/dL", "g/L")
# Each mutant is tried in a copy of this process, and ends soon: to collect garbage would copy all memory.
gc.freeze()
gc.disable()


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.title)
def test_all_cases_of(chapter: Chapter) -> None:
    titles = [case.title for case in chapter.cases]
    for case in chapter.cases:
        test_spec.test_case(case)
    for title, expected in test_numbers.expectations():
        if title in titles:
            test_numbers.test_a_finding_says_its_numbers(title, expected)
