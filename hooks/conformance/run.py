"""One run: discovery, good calls, bad calls, browsers, feedback, tokens; every check ends with a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hooks.conformance.calls import (
    Called,
    call,
    judge_bad_calls,
    judge_data,
    judge_errors,
    judge_fresh,
    judge_unknown_service,
)
from hooks.conformance.cors import judge_cors, origin
from hooks.conformance.crd import judge_crd
from hooks.conformance.discovery import PATH, Target, judge_discovery
from hooks.conformance.feedback import CHECKS as FEEDBACK
from hooks.conformance.feedback import judge_feedback
from hooks.conformance.requests import judge_request
from hooks.conformance.results import Book, Result
from hooks.conformance.samples import request as sample
from hooks.conformance.security import judge_authentication, judge_transport
from hooks.conformance.table import CHECKS
from hooks.conformance.transport import Caller, NotReachableError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to check. `hooks` and `services` are those meant, all where empty; `requests` are the user's own, each with
    the name of its file, and replace the samples of their hooks. `feedback`: whether to send any, since a service keeps
    it."""

    hooks: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    requests: Sequence[tuple[str, Json]] = ()
    crd: bool = False
    feedback: bool = True


def run(plan: Plan, caller: Caller, *, clock: Callable[[], datetime]) -> tuple[Result, ...]:
    """All checks of one service. Raises NotReachableError where it does not answer at all."""
    book = Book(CHECKS, crd=plan.crd)
    discovery = caller.get(PATH, headers=origin())
    if discovery.status == 0:
        raise NotReachableError(discovery.trouble)
    judge_transport(caller.base, book)
    targets = [target for target in judge_discovery(discovery, book) if _meant(target, plan)]
    called = _good_calls(plan, targets, caller, book, clock)
    judge_crd(called, book)
    answered = [one for one in called if one.answer.status == 200]
    for one in _one_each(answered):
        judge_bad_calls(one, caller, book)
        judge_data(one, caller, book)
        judge_fresh(one, caller, book)
    judge_unknown_service(caller, book, called[0].request if called else {})
    takes_feedback = False
    if plan.feedback:
        takes_feedback = judge_feedback(answered, caller, book, clock)
    else:
        for check in FEEDBACK:
            book.skip(check, "no feedback was to be sent")
    judge_cors(targets, discovery, caller, book, feedback=takes_feedback)
    judge_authentication(answered[0] if answered else None, caller, book)
    judge_errors(caller.errors, book)
    return book.results()


def _meant(target: Target, plan: Plan) -> bool:
    return (not plan.hooks or target.hook in plan.hooks) and (not plan.services or target.id in plan.services)


def _good_calls(
    plan: Plan, targets: list[Target], caller: Caller, book: Book, clock: Callable[[], datetime]
) -> list[Called]:
    """Each service on each hook with the user's requests for it, or with the sample."""
    on = clock().date()
    called = []
    for name, body in plan.requests:
        judge_request(body, name, book)
    for target in targets:
        own = [body for _, body in plan.requests if body.get("hook") == target.hook and _usable(body)]
        if own:
            called += [call(target, body, caller, book, own=True) for body in own]
            continue
        made = sample(target.hook, on, target.prefetch)
        if made is None:
            book.skip("call-status", f"there is no sample for the hook {target.hook}: give --request")
            continue
        judge_request(made, f"the sample for {target.hook}", book)
        called.append(call(target, made, caller, book, own=False))
    return called


def _usable(body: Json) -> bool:
    return isinstance(body.get("context"), dict)


def _one_each(called: list[Called]) -> list[Called]:
    """One call for each service, one with cards where there is one."""
    best: dict[str, Called] = {}
    for one in called:
        if one.target.id not in best or (one.useful and not best[one.target.id].useful):
            best[one.target.id] = one
    return list(best.values())
