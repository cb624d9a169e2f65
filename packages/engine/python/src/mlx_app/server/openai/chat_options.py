"""The engine's options of a chat completion."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...engine.options import GenerateOptions, ImagePart, Message
from ...engine.options import TextPart as EngineTextPart
from ..errors import invalid
from ..requests.images import Images
from ..requests.limits import check_message_limits, check_template_options, resolve_max_tokens
from ..settings import ServerSettings
from .chat_messages import (
    AssistantMessage,
    RefusalPart,
    SystemMessage,
    TextPart,
    ToolMessage,
    UserMessage,
)
from .chat_request import ChatRequest
from .chat_tools import read_arguments, to_tool_options
from .sampling import to_sampling


async def to_generate_options(
    body: ChatRequest, settings: ServerSettings, images: Images
) -> GenerateOptions:
    """Returns the engine's options of a request, except for the model.

    Raises ApiError 400 if a limit is exceeded or fields contradict each other.
    """
    check_message_limits([message.content for message in body.messages], settings)
    tool_options = to_tool_options(body)
    if body.max_completion_tokens is None:
        max_tokens = resolve_max_tokens(body.max_tokens, settings, "max_tokens")
    else:
        max_tokens = resolve_max_tokens(
            body.max_completion_tokens, settings, "max_completion_tokens"
        )
    options: GenerateOptions = {
        **to_sampling(body),
        **_logprob_options(body),
        **tool_options,
        "template_options": _template_options(body, settings),
        "max_tokens": max_tokens,
        "messages": await _messages(body, images),
    }
    if body.parallel_tool_calls is not None:
        options["parallel_tool_calls"] = body.parallel_tool_calls
    return options


def _logprob_options(body: ChatRequest) -> GenerateOptions:
    if body.logprobs is True:
        return {"logprobs": body.top_logprobs or 0}
    if body.top_logprobs:
        message = "top_logprobs: logprobs must be true when top_logprobs is set."
        raise invalid(message, "top_logprobs")
    return {}


def _template_options(body: ChatRequest, settings: ServerSettings) -> Mapping[str, Any]:
    effort = body.reasoning_effort
    named: dict[str, Any] = {}
    if effort is not None:
        named = {"enable_thinking": False} if effort == "none" else {"reasoning_effort": effort}
    given = body.chat_template_kwargs or {}
    return {
        **check_template_options(named, settings, "reasoning_effort"),
        **check_template_options(given, settings, "chat_template_kwargs"),
    }


async def _messages(body: ChatRequest, images: Images) -> list[Message]:
    # Tool names by the id of the call, because some templates need the name with a result.
    called: dict[str, str] = {}
    read: list[Message] = []
    for place, message in enumerate(body.messages):
        param = f"messages.{place}"
        if isinstance(message, SystemMessage):
            read.append({"role": "system", "content": _join(message.content)})
        elif isinstance(message, UserMessage):
            content = await _user_content(message, f"{param}.content", images)
            read.append({"role": "user", "content": content})
        elif isinstance(message, ToolMessage):
            read.append(_tool_message(message, called))
        else:
            called |= {call.id: call.function.name for call in message.tool_calls or []}
            read.append(_assistant_message(message, param))
    return read


def _tool_message(message: ToolMessage, called: Mapping[str, str]) -> Message:
    read: Message = {
        "role": "tool",
        "content": _join(message.content),
        "tool_call_id": message.tool_call_id,
    }
    name = message.name or called.get(message.tool_call_id)
    if name is not None:
        read["name"] = name
    return read


def _assistant_message(message: AssistantMessage, param: str) -> Message:
    content = message.content if message.content is not None else message.refusal or ""
    read: Message = {"role": "assistant", "content": _join(content)}
    reasoning = message.reasoning_content or message.reasoning
    if reasoning is not None:
        read["reasoning"] = reasoning
    if message.tool_calls:
        read["tool_calls"] = [
            {
                "id": call.id,
                "name": call.function.name,
                "arguments": read_arguments(
                    call.function.arguments, f"{param}.tool_calls.{number}.function.arguments"
                ),
            }
            for number, call in enumerate(message.tool_calls)
        ]
    return read


def _join(content: str | Sequence[TextPart | RefusalPart]) -> str:
    """Joins text parts, because the templates of text models expect a single text."""
    if isinstance(content, str):
        return content
    return "".join(part.text if isinstance(part, TextPart) else part.refusal for part in content)


async def _user_content(
    message: UserMessage, param: str, images: Images
) -> str | list[EngineTextPart | ImagePart]:
    if isinstance(message.content, str):
        return message.content
    texts = [part for part in message.content if isinstance(part, TextPart)]
    if len(texts) == len(message.content):
        return _join(texts)
    parts: list[EngineTextPart | ImagePart] = []
    for place, part in enumerate(message.content):
        if isinstance(part, TextPart):
            parts.append({"type": "text", "text": part.text})
        else:
            image = await images.from_url(part.image_url.url, f"{param}.{place}.image_url.url")
            parts.append({"type": "image", "image": image})
    return parts
