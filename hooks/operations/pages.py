"""The pages for operators: `/health/live`, `/health/ready` and `/metrics`."""

from __future__ import annotations

import orjson
from fastapi import FastAPI, Request, Response

from hooks.operations.entrance import Operations

PAGES = {"/health/live": "health", "/health/ready": "health", "/metrics": "metrics"}
QUIET = frozenset(PAGES.values())


def add_pages(app: FastAPI, operations: Operations, *, metrics: bool) -> None:
    """Bind the pages. Callers are not asked who they are: what the pages tell is for anybody who reaches the port."""

    @app.get("/health/live", include_in_schema=False)
    async def live() -> Response:
        """This process runs and answers: nothing else is looked at, since a restart would mend nothing else."""
        return _json(200, {"status": "ok"})

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> Response:
        """Whether to send calls here, and what is down."""
        return _json(*operations.health.ready())

    if metrics:

        @app.get("/metrics", include_in_schema=False)
        async def metrics_page(request: Request) -> Response:
            """The metrics, for Prometheus."""
            content, media_type = operations.metrics.page(request.headers.get("accept", ""))
            return Response(content, headers={"Content-Type": media_type})


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, media_type="application/json")
