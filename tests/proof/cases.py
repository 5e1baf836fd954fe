"""How the tests of a proof are named: by their node ids, the cases of the specification by their titles."""

from __future__ import annotations

from tests.spec.case import Case
from tests.spec.chapters import CASES

_BY_TITLE = {case.title: case for case in CASES}


def node_of(case: Case) -> str:
    """The node id of the test that runs a case."""
    return f"tests/spec/test_spec.py::test_case[{case.name}]"


def node_id(name: str) -> str:
    """The node id of a test named by it, or of a case named by `case:` and its title. ValueError for no case."""
    title = name.removeprefix("case:").strip()
    if not name.startswith("case:"):
        return name
    if title not in _BY_TITLE:
        raise ValueError(f"there is no case of the specification titled {title!r}")
    return node_of(_BY_TITLE[title])
