"""Every case of the specification, by its title."""

from __future__ import annotations

import pytest

from tests.spec.case import Case
from tests.spec.chapters import CASES
from tests.spec.expect import expected, observed
from tests.spec.run import run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_case(case: Case) -> None:
    wanted = expected(case)
    assert observed(run(case), wanted) == wanted
