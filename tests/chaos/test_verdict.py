"""The run under faults fails where it must."""

from __future__ import annotations

import pytest

from tests.chaos.calls import Kind, Seen
from tests.chaos.verdict import Promise, problem

CARD, UNREAD, NOTHING = Seen(200, ("TooEarly",)), Seen(200, ("NotChecked",)), Seen(200)


@pytest.mark.parametrize(
    ("kind", "seen", "promise", "fails"),
    [
        (Kind.OURS, CARD, Promise.JUDGED, False),
        (Kind.OURS, UNREAD, Promise.JUDGED, True),
        (Kind.OURS, UNREAD, Promise.LOUD, False),
        (Kind.OURS, CARD, Promise.LOUD, True),
        (Kind.OURS, NOTHING, Promise.EITHER, True),
        (Kind.OURS, Seen(412), Promise.LOUD, True),
        (Kind.OURS, Seen(0), Promise.LOUD, True),
        (Kind.OURS, Seen(0), Promise.GONE, False),
        (Kind.OURS, Seen(401), Promise.REFUSED, False),
        (Kind.OURS, CARD, Promise.REFUSED, True),
        (Kind.OURS, Seen(401), Promise.JUDGED, True),
        (Kind.CHART, NOTHING, Promise.LOUD, True),
        (Kind.CHART, Seen(412), Promise.LOUD, False),
        (Kind.CHART, Seen(0), Promise.LOUD, True),
        (Kind.OTHER, NOTHING, Promise.LOUD, False),
        (Kind.OTHER, UNREAD, Promise.LOUD, True),
    ],
)
def test_what_fails_the_run(kind: Kind, seen: Seen, promise: Promise, *, fails: bool) -> None:
    assert bool(problem(kind, seen, promise)) is fails
