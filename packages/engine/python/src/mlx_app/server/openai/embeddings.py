"""The endpoint of embeddings."""

import asyncio
import base64
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from annotated_types import MaxLen, MinLen
from fastapi import FastAPI
from pydantic import BeforeValidator, Field, Tag
from pydantic_core import PydanticCustomError
from starlette.requests import Request
from starlette.responses import Response

from ...engine.results import EmbedAnswer
from ...errors import EngineError
from ..errors import ApiError, invalid
from ..http.disconnects import while_connected
from ..http.responses import json_response
from ..http.validation import Count, RequestModel, by_type, text_or_list
from ..served_models import Resolved
from ..services import Services, services_of
from . import limits

_EXPECTED = (
    "Invalid input: expected a string or a list of strings. Token ids are not supported "
    "(LangChain: check_embedding_ctx_length=False)"
)


def _check_text(value: object) -> object:
    if isinstance(value, str):
        return value
    raise PydanticCustomError("type", _EXPECTED)


Text = Annotated[str, MinLen(1)]
Texts = Annotated[
    list[Annotated[Text, BeforeValidator(_check_text)]],
    MinLen(1),
    MaxLen(limits.EMBEDDING_INPUTS),
]


class EmbeddingRequest(RequestModel):
    """The body of a request for embeddings."""

    model: str | None = Field(
        None, description="A model from `GET /v1/models`. Default: the configured model."
    )
    input: Annotated[
        Annotated[Text, Tag("<text>")] | Annotated[Texts, Tag("<list>")],
        by_type(text_or_list, _EXPECTED),
    ]
    encoding_format: Literal["float", "base64"] | None = Field(
        None, description="`base64` returns little-endian 32-bit floats."
    )
    dimensions: Count | None = Field(
        None,
        description="Must be the number of dimensions that the model has. Vectors are not "
        "shortened.",
    )


def add_embeddings(app: FastAPI) -> None:
    """Adds `POST /v1/embeddings`: https://platform.openai.com/docs/api-reference/embeddings."""
    app.post("/v1/embeddings", summary="Create embeddings")(create_embeddings)


async def create_embeddings(body: EmbeddingRequest, request: Request) -> Response:
    """Returns a normalised vector for each text, in order."""
    services = services_of(request)
    resolved = await services.models.resolve(body.model)
    inputs = [body.input] if isinstance(body.input, str) else body.input
    answer = await while_connected(request, _embed(services, resolved, inputs))
    size = len(answer.vectors[0])
    if body.dimensions is not None and body.dimensions != size:
        raise invalid(f"dimensions: must be {size} for this model.", "dimensions")
    encode = _base64 if body.encoding_format == "base64" else list
    data: list[dict[str, Any]] = [
        {"object": "embedding", "index": index, "embedding": encode(vector)}
        for index, vector in enumerate(answer.vectors)
    ]
    usage = {"prompt_tokens": answer.prompt_tokens, "total_tokens": answer.prompt_tokens}
    return json_response({"object": "list", "model": resolved.id, "data": data, "usage": usage})


async def _embed(services: Services, resolved: Resolved, inputs: Sequence[str]) -> EmbedAnswer:
    try:
        async with asyncio.timeout(services.settings.request_timeout_ms / 1000):
            return await services.model.engine.embed(inputs, model=resolved.model)
    except TimeoutError:
        raise ApiError(504, "timeout", "The embeddings took too long.") from None
    except EngineError as error:
        if error.code != "UNSUPPORTED":
            raise
        message = f'model: "{resolved.id}" does not support embeddings.'
        raise ApiError(400, "unsupported", message, param="model") from error


def _base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
