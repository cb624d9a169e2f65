"""The endpoint of chat completions."""

from collections.abc import AsyncGenerator

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from ...engine.options import PromptProgress
from ...engine.results import Chunk
from ..http.call import call_of
from ..http.disconnects import while_connected
from ..http.event_stream import event_stream
from ..http.responses import json_response
from ..requests.images import Images
from ..requests.streams import with_progress
from ..services import services_of
from .chat_answer import to_chat_answer
from .chat_events import chat_events, empty_chat_event
from .chat_options import to_generate_options
from .chat_request import ChatRequest
from .chat_tools import custom_names
from .envelope import create_envelope


def add_chat_completions(app: FastAPI) -> None:
    """Adds `POST /v1/chat/completions`: https://platform.openai.com/docs/api-reference/chat."""
    app.post("/v1/chat/completions", summary="Create a chat completion")(create_chat_completion)


async def create_chat_completion(body: ChatRequest, request: Request) -> Response:
    """Answers a chat, whole or as a stream of events."""
    services = services_of(request)
    call = call_of(request)
    resolved = await services.models.resolve(body.model)
    images = Images(services, resolved.model)
    options = await to_generate_options(body, services.settings, images, call.history)
    if resolved.model is not None:
        options["model"] = resolved.model
    with_logprobs = body.logprobs is True
    if body.stream is not True:
        envelope = await create_envelope(services, "chatcmpl", "chat.completion", resolved.id)
        work = services.generations.complete(call, options, None)
        answer = await while_connected(request, work)
        return json_response(to_chat_answer(envelope, answer, with_logprobs, custom_names(body)))
    envelope = await create_envelope(services, "chatcmpl", "chat.completion.chunk", resolved.id)
    steps: AsyncGenerator[Chunk | PromptProgress, None]
    if body.return_progress is True:
        steps = with_progress(
            lambda report: services.generations.stream(
                call, {**options, "on_prompt_progress": report}, None
            )
        )
    else:
        steps = services.generations.stream(call, options, None)
    include_usage = body.stream_options is not None and body.stream_options.include_usage is True
    events = chat_events(
        envelope,
        steps,
        include_usage=include_usage,
        with_logprobs=with_logprobs,
        custom_tools=custom_names(body),
    )
    return await event_stream(
        request,
        events,
        heartbeat_ms=services.settings.heartbeat_ms,
        beat=empty_chat_event(envelope, include_usage=include_usage),
    )
