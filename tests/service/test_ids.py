"""New ids are UUIDs that any reader of CDS Hooks takes, and never come twice."""

from __future__ import annotations

from uuid import RFC_4122, UUID

from hooks.ids import new_id


def test_an_id_is_a_random_uuid_in_its_usual_spelling() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    for text in made:
        read = UUID(text)
        assert (str(read), read.version, read.variant) == (text, 4, RFC_4122)
    # every digit but that of the version takes every value that it can
    assert {text[19] for text in made} == set("89ab")
    assert {text[0] for text in made} == {text[-1] for text in made} == set("0123456789abcdef")
