"""What the advice rests on, by the list that US certification asks of evidence-based interventions: JSON and a page."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from html import escape
from importlib.metadata import version
from importlib.resources import files
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response

from cds.dosing.regimen import Regimen, Source

PATH = "/source-attributes"
PAGES = dict.fromkeys((PATH, f"{PATH}.html"), "source-attributes")
_STYLE = "body{font:1rem/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{text-align:left;"
_STYLE += "vertical-align:top;padding:.4rem;border-bottom:1px solid #ccc}code,td:last-child{overflow-wrap:anywhere}"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}


def source_attributes(regimens: Iterable[Regimen]) -> dict[str, Any]:
    """The 13 attributes of 45 CFR 170.315(b)(11)(iv)(A), each a list of texts, and the regimens they rest on."""
    regimens = tuple({regimen.id: regimen for regimen in regimens}.values())
    data = tomllib.loads(files("hooks").joinpath("source_attributes.toml").read_text(encoding="utf-8"))
    software = f"Software: version {version('nusinersen-cds')}, {data['released']}."
    from_regimens = {
        "citation": [f"{regimen.id}: {_cited(source)}" for regimen in regimens for source in regimen.sources],
        "dates": [software, *(_dates(regimen) for regimen in regimens)],
    }
    return {
        "criterion": data["criterion"],
        "criterionUrl": data["criterion_url"],
        "name": data["name"],
        "kind": data["kind"],
        "dataUsed": data["data_used"].strip(),
        "attributes": [
            {
                "number": attribute["number"],
                "id": attribute["id"],
                "name": attribute["name"],
                "value": [attribute["value"].strip()] if "value" in attribute else from_regimens[attribute["id"]],
            }
            for attribute in data["attribute"]
        ],
        "regimens": [_regimen(regimen) for regimen in regimens],
    }


def add_source_attributes(app: FastAPI, regimens: Iterable[Regimen]) -> None:
    """Bind the page, made once. Whoever reads a card may open its link, so no token is asked for: there is nothing of
    a patient in it."""
    said = source_attributes(regimens)
    as_json, as_page = orjson.dumps(said), page(said).encode()

    @app.get(PATH, include_in_schema=False)
    async def by_accept(request: Request) -> Response:
        """JSON, or the page for who asks for HTML, as browsers do."""
        if "text/html" in request.headers.get("accept", ""):
            return Response(as_page, headers={**_HEADERS, "Vary": "Accept"}, media_type="text/html")
        return Response(as_json, headers={"Vary": "Accept"}, media_type="application/json")

    @app.get(f"{PATH}.html", include_in_schema=False)
    async def html() -> Response:
        """The page, whatever is asked for."""
        return Response(as_page, headers=_HEADERS, media_type="text/html")


def page(said: Mapping[str, Any]) -> str:
    """The attributes as a page of HTML."""
    rows = "\n".join(
        f"<tr><td>{attribute['number']}</td><th scope=row>{escape(attribute['name'])}</th>"
        f"<td>{'<br>'.join(map(escape, attribute['value']))}</td></tr>"
        for attribute in said["attributes"]
    )
    regimens = "\n".join(
        f"<tr id='{escape(regimen['id'])}'><th scope=row>{escape(regimen['id'])}</th>"
        f"<td>{escape(regimen['title'])}</td><td>{escape(regimen['version'])}</td><td>{escape(regimen['verified'])}</td>"
        f"<td><code>{escape(regimen['digest'])}</code></td></tr>"
        for regimen in said["regimens"]
    )
    return f"""<!DOCTYPE html>
<html lang=en><head><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Source attributes of {escape(said["name"])}</title><style>{_STYLE}</style></head><body>
<h1>Source attributes of {escape(said["name"])}</h1>
<p>An {escape(said["kind"])}, described by the list of
<a href="{escape(said["criterionUrl"])}">{escape(said["criterion"])}</a>.</p>
<table><thead><tr><th>No.</th><th>Attribute</th><th>Value</th></tr></thead><tbody>
{rows}
</tbody></table>
<h2>Data used</h2>
<p>{escape(said["dataUsed"])}</p>
<h2>Regimens</h2>
<table><thead><tr><th>Id</th><th>Label</th><th>Version</th><th>Verified</th><th>Digest</th></tr></thead><tbody>
{regimens}
</tbody></table>
</body></html>
"""


def _cited(source: Source) -> str:
    said = f"{source.title}, {source.date}, {source.section}"
    return f"{said}, {source.url}" if source.url else said


def _dates(regimen: Regimen) -> str:
    sources = "; ".join(f"{source.title}: {source.date}" for source in regimen.sources)
    return f"{regimen.id}: version {regimen.version}, from {sources}."


def _regimen(regimen: Regimen) -> dict[str, str]:
    named = ("id", "version", "digest", "title", "authority", "verified")
    return {name: getattr(regimen, name) for name in named}
