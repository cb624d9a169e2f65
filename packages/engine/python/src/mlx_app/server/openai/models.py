"""The endpoints of models."""

import time
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from ...protocol import LoadedModel
from ..http.responses import json_response
from ..model_defaults import default_fields
from ..served_models import ServedModel, model_not_found
from ..services import services_of

_CREATED = int(time.time())


def add_models(app: FastAPI) -> None:
    """Adds `GET /v1/models` and one model: https://platform.openai.com/docs/api-reference/models."""
    app.get("/v1/models", summary="List models")(list_models)
    # Hugging Face ids contain a slash, which clients may or may not escape.
    app.get("/v1/models/{model:path}", summary="Get a model")(get_model)


async def list_models(request: Request) -> Response:
    """Lists the models that requests can name. The first one answers requests without a model."""
    models = await services_of(request).models.list()
    return json_response({"object": "list", "data": [_fields(model) for model in models]})


async def get_model(model: str, request: Request) -> Response:
    """Returns a model by its `id`, which can contain slashes."""
    models = await services_of(request).models.list()
    for served in models:
        if served.id == model:
            return json_response(_fields(served))
    raise model_not_found(model, [served.id for served in models])


def _fields(model: ServedModel) -> dict[str, Any]:
    loaded = model.loaded
    return {
        "id": model.id,
        "object": "model",
        "created": _CREATED,
        "owned_by": "this-server",
        # Not part of OpenAI's API. A request loads a model that is not in memory.
        "loaded": loaded is not None,
        "capabilities": None if loaded is None else _capabilities(loaded),
        "context_tokens": None if loaded is None else loaded.context_tokens,
        **({} if loaded is None else _context(loaded)),
        "defaults": None if loaded is None else default_fields(loaded),
    }


def _capabilities(loaded: LoadedModel) -> list[str]:
    """Returns what a model can do. Models that generate text can be held to a format."""
    text = [] if "embeddings" in loaded.capabilities else ["structured_output"]
    return [*loaded.capabilities, *text]


def _context(loaded: LoadedModel) -> dict[str, int]:
    """Returns the context length under the names of other servers, which clients read."""
    tokens = loaded.context_tokens
    names = ("max_model_len", "context_length", "context_window")
    return {} if tokens is None else dict.fromkeys(names, tokens)
