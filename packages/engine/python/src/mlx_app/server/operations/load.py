"""Loads a model on request."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from ...engine.options import LoadProgress
from ..http.disconnects import cancel
from ..http.event_stream import ServerEvent, event_stream
from ..http.validation import RequestModel
from ..served_models import Resolved
from ..services import Services, services_of
from .health import progress_fields


class LoadRequest(RequestModel):
    """The body of `/api/load`."""

    #: Default: the configured model.
    model: str | None = None


def add_load(app: FastAPI) -> None:
    """Adds `POST /api/load`, with which the chat page loads a model before the first message."""
    app.post("/api/load", summary="Load a model into memory")(load)


async def load(body: LoadRequest, request: Request) -> Response:
    """Loads a model from `/v1/models` and reports progress as events. It downloads nothing."""
    services = services_of(request)
    resolved = await services.models.resolve(body.model)
    return await event_stream(
        request,
        _events(services, resolved),
        heartbeat_ms=services.settings.heartbeat_ms,
        error_name="error",
    )


async def _events(services: Services, resolved: Resolved) -> AsyncGenerator[ServerEvent, None]:
    steps: asyncio.Queue[LoadProgress | None] = asyncio.Queue()
    loading = asyncio.ensure_future(
        services.model.engine.load_model(
            resolved.model, download=False, on_progress=steps.put_nowait
        )
    )
    loading.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        while (progress := await steps.get()) is not None:
            yield ServerEvent(progress_fields(progress), "progress")
        await loading
        yield ServerEvent({"model": resolved.id}, "loaded")
    finally:
        await cancel(loading)
