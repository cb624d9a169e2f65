"""The endpoint of completions."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from ..http.call import call_of
from ..http.disconnects import cancel, while_connected
from ..http.event_stream import event_stream
from ..http.responses import json_response
from ..requests.streams import merge
from ..services import services_of
from .envelope import create_envelope
from .text_answer import TextAnswerOptions, empty_text_event, text_events, to_text_answer
from .text_options import to_prompts, to_text_options
from .text_request import TextRequest

Value = TypeVar("Value")


def add_completions(app: FastAPI) -> None:
    """Adds `POST /v1/completions`: https://platform.openai.com/docs/api-reference/completions."""
    app.post("/v1/completions", summary="Create a completion")(create_completion)


async def create_completion(body: TextRequest, request: Request) -> Response:
    """Continues texts, whole or as a stream of events."""
    services = services_of(request)
    call = call_of(request)
    resolved = await services.models.resolve(body.model)
    prompts = await to_prompts(body, services.model.engine, resolved.model)
    options = to_text_options(body, len(prompts), services.settings)
    if resolved.model is not None:
        options["model"] = resolved.model
    envelope = await create_envelope(services, "cmpl", "text_completion", resolved.id)
    told = TextAnswerOptions(
        prompts=prompts,
        n=body.n or 1,
        echo=body.echo is True,
        with_logprobs=body.logprobs is not None,
        include_usage=body.stream_options is not None and body.stream_options.include_usage is True,
    )
    generations = services.generations
    if body.stream is not True:
        work = [generations.complete(call, options, prompt) for prompt in prompts]
        answers = await while_connected(request, _gather(work))
        return json_response(to_text_answer(envelope, answers, told))
    chunks = merge([generations.stream(call, options, prompt) for prompt in prompts])
    return await event_stream(
        request,
        text_events(envelope, chunks, told),
        heartbeat_ms=services.settings.heartbeat_ms,
        beat=empty_text_event(envelope, told.include_usage),
    )


async def _gather(work: Sequence[Coroutine[Any, Any, Value]]) -> Sequence[Value]:
    """Returns all results. An error ends the others."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await cancel(*tasks)
