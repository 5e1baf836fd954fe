"""Templates into answers: everything is escaped, and a browser is told to run nothing and to ask nobody else."""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

_HERE = Path(__file__).parent
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def page(template: str, status: int = 200, **values: Any) -> Response:
    """A page of a template of this folder. It is kept nowhere, stands in no frame, and its address is told to nobody,
    since it can name a patient."""
    environment = _environment()
    return Response(
        environment.get_template(template).render(**values),
        status,
        {
            "Content-Security-Policy": str(environment.globals["policy"]),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        },
        "text/html; charset=utf-8",
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    css = (_HERE / "pages.css").read_text("utf-8")
    digest = b64encode(sha256(css.encode()).digest()).decode()
    environment.globals["css"] = Markup(css)  # noqa: S704  our own
    environment.filters["whole_dates"] = _whole_dates
    environment.globals["policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return environment


def _whole_dates(text: str) -> Markup:
    """The text, escaped, with its dates kept on one line each."""
    return Markup(_DATE.sub(r'<span class="day">\g<0></span>', str(escape(text))))  # noqa: S704  escaped before
