"""Endpoints for load balancers, monitoring and the chat page."""

import asyncio
from typing import Any

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.requests import Request
from starlette.responses import Response

from ...engine.options import LoadProgress
from ...engine.results import EngineStatus
from ...errors import EngineError
from ..http.responses import json_response
from ..model_defaults import default_fields
from ..model_state import ModelState
from ..services import Services, services_of

_STATUS_SECONDS = 1.0


def add_health(app: FastAPI) -> None:
    """Adds `/health`, `/ready`, `/api/status` and `/metrics`."""
    app.get("/health", summary="Check that the process is alive")(health)
    app.get("/ready", summary="Check that the model is ready")(ready)
    app.get("/api/status", summary="Get the state of the server")(status)
    app.get("/metrics", summary="Get metrics in the Prometheus text format")(metrics)


async def health() -> Response:
    """Answers while the process is alive."""
    return json_response({"status": "ok"})


async def ready(request: Request) -> Response:
    """Answers 503 until the model is ready, while it stalls, and while the server shuts down."""
    model = services_of(request).model
    state = "stalled" if model.is_stalled else model.state
    return json_response({"status": state}, 200 if state == "ready" else 503)


async def status(request: Request) -> Response:
    """The state for the chat page. It is public, so it reveals no internal details."""
    services = services_of(request)
    model = services.model
    found: dict[str, Any] = {
        "state": "stalled" if model.is_stalled else model.state,
        "model": services.models.default_id,
        "needs_key": services.settings.api_key is not None,
    }
    if model.loaded is not None:
        found["defaults"] = default_fields(model.loaded)
    last_step_at = model.last_step_at
    found["last_step_at"] = None if last_step_at is None else last_step_at / 1000
    if model.progress is not None and model.progress.stage in ("download", "load"):
        found["progress"] = progress_fields(model.progress)
    message = _describe(model)
    if message is not None:
        found["message"] = message
    return json_response(found)


async def metrics(request: Request) -> Response:
    """Requests, queue, time to first token, tokens and memory."""
    services = services_of(request)
    text = services.metrics.read(
        ready=services.model.state == "ready" and not services.model.is_stalled,
        active=services.generations.active,
        last_step_at=services.model.last_step_at,
        status=await _engine_status(services),
    )
    return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)


async def _engine_status(services: Services) -> EngineStatus | None:
    """Returns the status of the engine, or None if it has none in time."""
    if services.model.state != "ready":
        return None
    try:
        async with asyncio.timeout(_STATUS_SECONDS):
            return await services.model.engine.status()
    except (TimeoutError, EngineError):
        return None


def progress_fields(progress: LoadProgress) -> dict[str, Any]:
    """Returns the progress of a load in the format of the API."""
    return {
        "stage": progress.stage,
        "loaded_bytes": progress.loaded_bytes,
        "total_bytes": progress.total_bytes,
    }


def _describe(model: ModelState) -> str | None:
    if model.is_stalled:
        return "The model has work, but makes no progress."
    if model.state == "ready":
        return None
    if model.state == "stopping":
        return "The server is shutting down."
    if model.state == "failed":
        return "The model could not be loaded. See the server log."
    return "The model is being loaded."
