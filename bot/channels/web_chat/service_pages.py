"""What operators and programmers look at: health, metrics, the API's description, and the page's own files."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool

from bot.channels.web_chat.desk import Desk
from bot.channels.web_chat.door import note_fault
from bot.channels.web_chat.refusals import DoorStatus, Refusal

log = logging.getLogger(__name__)
FOREVER = "public, max-age=31536000, immutable"


def service_routes(desk: Desk, app: FastAPI) -> APIRouter:
    routes = APIRouter()

    @routes.get("/health", tags=["service"], responses={503: {"description": "no release to answer from, or a fault"}})
    async def health() -> Response:
        """Alive, and ready or not: the release served, the state of the embedder, what is degraded."""
        report = await run_in_threadpool(_report, desk)
        return JSONResponse(report, 503 if report["status"] == "not_ready" else 200)

    @routes.get("/metrics", tags=["service"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Counters in Prometheus' text format."""
        return Response(generate_latest(desk.observed.registry), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(app.openapi())

    @routes.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Response:
        return desk.pages.page(request, "docs.html", **describe(app.openapi()))

    @routes.get("/static/{version}/{name}", include_in_schema=False)
    async def asset(version: str, name: str) -> Response:
        assets = desk.pages.assets
        if name not in assets.files:
            raise Refusal(DoorStatus.NOT_FOUND)
        file = assets.files[name]
        caching = FOREVER if version == assets.version else "no-cache"
        return Response(file.content, media_type=file.media_type, headers={"Cache-Control": caching})

    return routes


def _report(desk: Desk) -> dict[str, Any]:
    try:
        return _facts(desk)
    except Exception as error:  # health must answer when the database does not
        reference = note_fault(error, "/health")
        return {"status": "not_ready", "release": None, "degraded": [f"fault {reference}"], "library": {}}


def _facts(desk: Desk) -> dict[str, Any]:
    facts = dict(desk.library.health())
    degraded = [str(sentence) for sentence in facts.pop("degraded", [])]
    release = desk.library.release()
    status = "not_ready" if release is None else "degraded" if degraded else "ok"
    shown = None
    if release is not None:
        shown = {name: getattr(release, name) for name in ("id", "number", "documents", "passages")}
        shown |= {"created_at": release.created_at.isoformat(), "vectors_ready": release.vectors_ready}
        shown |= {"embedder": release.embedder, "note": release.note}
    return {"status": status, "release": shown, "degraded": degraded, "library": facts}


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document as lists a template can draw: operations, and the fields of each schema."""
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    schemas = document.get("components", {}).get("schemas", {})
    return {"api": document["info"], "operations": operations, "schemas": schemas, "kind": kind_of}


def kind_of(schema: dict[str, Any]) -> str:
    """A schema's type in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(kind_of(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"[{kind_of(schema.get('items', {}))}]"
    return str(schema.get("type", "any")) + (f" ({schema['format']})" if "format" in schema else "")
