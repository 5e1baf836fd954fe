"""Regimens for other programs: the JSON Schema of their files, and FHIR PlanDefinitions."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import typer

from cds.fhir.plan_definition import plan_definition
from cds.regimens.library import Library, UnknownRegimen
from cds.regimens.schema import KINDS, json_schema
from hooks.console import UsageError, output


def print_schema(kind: str) -> None:
    """The JSON Schema of a kind of file on standard output. Raises UsageError."""
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is no kind of file; write one of: {', '.join(KINDS)}")
    with output():
        typer.echo(orjson.dumps(json_schema(kind), option=orjson.OPT_INDENT_2))


def print_plans(regimens: Library, ids: Sequence[str]) -> None:
    """A PlanDefinition a line on standard output. Raises UsageError, before any is written."""
    try:
        plans = [plan_definition(regimens.get(each)) for each in ids]
    except UnknownRegimen as unknown:
        raise UsageError(str(unknown)) from None
    with output():
        for plan in plans:
            typer.echo(orjson.dumps(plan))
