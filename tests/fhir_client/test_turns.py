"""Whose turn it is to send a request: whoever has to be answered first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from cds.fhir.turns import Turns
from tests.fhir_client.sockets import run

Task = asyncio.Task[None]


def told(turns: Turns, served: Callable[[str], object], **deadlines: float) -> dict[str, Task]:
    """Tasks that wait for a turn, in this order, and say when they have it."""

    async def wait(name: str, until: float) -> None:
        await turns.take(until)
        served(name)

    return {name: asyncio.create_task(wait(name, until)) for name, until in deadlines.items()}


async def rounds() -> None:
    """Let every task go on as far as it can."""
    for _ in range(5):
        await asyncio.sleep(0)


def all_taken(then: Callable[[Turns, list[str]], Awaitable[None]]) -> list[str]:
    served: list[str] = []

    async def with_turns() -> None:
        turns = Turns(1)
        await turns.take(0.0)
        await then(turns, served)

    run(with_turns)
    return served


def test_whose_deadline_is_first_comes_first_and_of_two_the_one_who_came_first() -> None:
    async def then(turns: Turns, served: list[str]) -> None:
        told(turns, served.append, late=9.0, soon=3.0, also_soon=3.0, first=1.0)
        await rounds()
        assert served == []
        for _ in range(4):
            turns.give_back()
            await rounds()

    assert all_taken(then) == ["first", "soon", "also_soon", "late"]


def test_who_gave_up_is_left_out() -> None:
    async def then(turns: Turns, served: list[str]) -> None:
        waiting = told(turns, served.append, gone=1.0, next=2.0)
        await rounds()
        waiting["gone"].cancel()
        await rounds()
        turns.give_back()
        await rounds()

    assert all_taken(then) == ["next"]


def test_a_turn_that_comes_as_somebody_gives_up_is_the_next_ones() -> None:
    async def then(turns: Turns, served: list[str]) -> None:
        waiting = told(turns, served.append, gone=1.0, next=2.0)
        await rounds()
        turns.give_back()
        waiting["gone"].cancel()
        await rounds()

    assert all_taken(then) == ["next"]


def test_turns_that_nobody_waits_for_are_free() -> None:
    async def then(turns: Turns, served: list[str]) -> None:
        waiting = told(turns, served.append, gone=1.0)
        await rounds()
        waiting["gone"].cancel()
        await rounds()
        turns.give_back()
        told(turns, served.append, here=5.0)
        await rounds()

    assert all_taken(then) == ["here"]
