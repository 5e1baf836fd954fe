"""The baseline: a bare FastAPI application that parses the body and answers one constant card."""

from __future__ import annotations

import orjson
from fastapi import FastAPI, Request, Response

CARD = orjson.dumps(
    {
        "cards": [
            {
                "uuid": "7b4ad4e9-0a5e-4b8c-9d05-2d4f0a5f3c11",
                "summary": "A constant card",
                "indicator": "info",
                "source": {"label": "baseline"},
            }
        ]
    }
)

app = FastAPI()


@app.post("/cds-services/bare")
async def bare(request: Request) -> Response:
    """Parse the body as the service must, and say nothing about it."""
    orjson.loads(await request.body())
    return Response(CARD, media_type="application/json")
