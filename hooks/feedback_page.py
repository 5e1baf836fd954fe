"""`POST /cds-services/{id}/feedback`: what an EHR says of our cards is kept, and the answer says so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import orjson
from fastapi import Request, Response

from hooks.feedback import read_feedback
from hooks.intake import Intake, TooMuchError, check_rate
from hooks.memory import Memory
from hooks.protocol import BadRequestError, Fault, operation_outcome
from hooks.services import Service


def take_feedback(
    service: Service, memory: Memory, intake: Intake, clock: Callable[[], datetime]
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of one service. What of the feedback can be used is kept also where the rest is answered with 400:
    no client sends it again."""
    seal = None if memory.comments is None else memory.comments.seal

    async def take(request: Request) -> Response:
        """Feedback on cards: 200 with an empty object, or an OperationOutcome. What is sent twice is kept once."""
        try:
            check_rate(request.scope)
            async with intake.body(request.scope, request.receive) as raw:
                given = read_feedback(intake.parsed(raw), service=service.id, received=clock(), seal=seal)
        except BadRequestError as error:
            return _answer(400, error.outcome())
        except TooMuchError as error:
            return _answer(error.status, operation_outcome("too-costly", str(error)))
        if not await memory.journal.keep_feedback(given.entries):
            return _answer(503, operation_outcome("transient", "the feedback could not be kept; send it again"))
        if given.faults:
            kept = f"{len(given.entries)} other entries are kept" if given.entries else "nothing is kept"
            bad = BadRequestError([*given.faults, Fault("feedback", kept, "informational")])
            return _answer(400, bad.outcome())
        return _answer(200, {})

    return take


def _answer(status: int, body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
