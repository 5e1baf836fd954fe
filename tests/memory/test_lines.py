"""Lines of the spool: what a crash cut short is told from what was damaged, and both from what is whole."""

from __future__ import annotations

import pytest

from hooks.journal.lines import Lines, framed, unframed

TEXTS = (b'{"a":1}', b'{"b":"\xc3\xa5"}', b"x")
WHOLE = framed(TEXTS)


def test_whole_lines_are_read_as_they_were_written() -> None:
    assert unframed(WHOLE) == Lines(TEXTS, damaged=0)
    assert unframed(b"") == Lines((), damaged=0)


@pytest.mark.parametrize("cut", range(1, len(framed(TEXTS[2:]))))
def test_wherever_the_last_line_is_cut_the_others_are_whole_and_nothing_counts_as_damaged(cut: int) -> None:
    assert unframed(WHOLE[:-cut]) == Lines(TEXTS[:2], damaged=0)


@pytest.mark.parametrize("end", [b"\0" * 40, b"\0" * 40 + b"\n", b"no line\n", b"\n\n", b"00000000 x"])
def test_an_end_that_is_no_line_is_a_torn_end(end: bytes) -> None:
    assert unframed(WHOLE + end) == Lines(TEXTS, damaged=0)


@pytest.mark.parametrize("place", range(len(framed(TEXTS[:1])) - 1))
def test_a_line_before_others_that_has_changed_anywhere_is_damaged_and_not_taken(place: int) -> None:
    changed = WHOLE[:place] + bytes([WHOLE[place] ^ 1]) + WHOLE[place + 1 :]
    assert unframed(changed) == Lines(TEXTS[1:], damaged=1)
