"""The engine's options of a chat completion."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ...engine.options import GenerateOptions, ImagePart, Message
from ...engine.options import TextPart as EngineTextPart
from ..errors import invalid
from ..requests.history import HistoryChanges, past_call, tool_name
from ..requests.images import Images
from ..requests.limits import check_message_limits, check_template_options, resolve_max_tokens
from ..settings import ServerSettings
from .chat_messages import (
    AssistantMessage,
    ChatCustomCall,
    ChatToolCall,
    RefusalPart,
    SystemMessage,
    TextPart,
    ToolMessage,
    UserContent,
    UserMessage,
)
from .chat_request import ChatRequest
from .chat_tools import to_tool_options
from .format_fields import to_format_option
from .sampling import to_sampling


async def to_generate_options(
    body: ChatRequest, settings: ServerSettings, images: Images, changes: HistoryChanges
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
        **to_format_option(body),
        "template_options": _template_options(body, settings),
        "max_tokens": max_tokens,
        "messages": await _messages(body, images, changes),
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


async def _messages(body: ChatRequest, images: Images, changes: HistoryChanges) -> list[Message]:
    # Tool names by the id of the call, because some templates need the name with a result.
    called: dict[str, str] = {}
    read: list[Message] = []
    # The images of the results before. Tool messages only have text, so a user message follows.
    seen: list[EngineTextPart | ImagePart] = []
    for place, message in enumerate(body.messages):
        param = f"messages.{place}"
        if seen and not isinstance(message, ToolMessage):
            read.append({"role": "user", "content": seen})
            seen = []
        if isinstance(message, SystemMessage):
            read.append({"role": "system", "content": _join(message.content)})
        elif isinstance(message, UserMessage):
            content = await _user_content(message.content, f"{param}.content", images.from_url)
            read.append({"role": "user", "content": content})
        elif isinstance(message, ToolMessage):
            result, shown = await _tool_message(message, param, called, images, changes)
            read.append(result)
            seen += shown
        else:
            past = _assistant_message(message, param, changes)
            called |= {call.id: tool_name(_called_name(call)) for call in message.tool_calls or []}
            read.append(past)
    return [*read, {"role": "user", "content": seen}] if seen else read


async def _tool_message(
    message: ToolMessage,
    param: str,
    called: Mapping[str, str],
    images: Images,
    changes: HistoryChanges,
) -> tuple[Message, list[EngineTextPart | ImagePart]]:
    """Returns the result of a tool, and its images."""

    async def read_image(url: str, where: str) -> bytes | None:
        return await images.from_url_or_none(url, where, changes)

    content = await _user_content(message.content, f"{param}.content", read_image)
    parts = [] if isinstance(content, str) else content
    text = content if isinstance(content, str) else ""
    read: Message = {
        "role": "tool",
        "content": text + "".join(part["text"] for part in parts if part["type"] == "text"),
        "tool_call_id": message.tool_call_id,
    }
    name = message.name or called.get(message.tool_call_id)
    if name is not None:
        read["name"] = name
    return read, [part for part in parts if part["type"] == "image"]


def _assistant_message(message: AssistantMessage, param: str, changes: HistoryChanges) -> Message:
    content = message.content if message.content is not None else message.refusal or ""
    read: Message = {"role": "assistant", "content": _join(content)}
    reasoning = message.reasoning_content or message.reasoning
    if reasoning is not None:
        read["reasoning"] = reasoning
    if message.tool_calls:
        read["tool_calls"] = [
            _past_call(call, f"{param}.tool_calls.{number}", changes)
            for number, call in enumerate(message.tool_calls)
        ]
    return read


def _called_name(call: ChatToolCall | ChatCustomCall) -> str:
    return call.custom.name if isinstance(call, ChatCustomCall) else call.function.name


def _past_call(
    call: ChatToolCall | ChatCustomCall, param: str, changes: HistoryChanges
) -> dict[str, Any]:
    if isinstance(call, ChatCustomCall):
        name = tool_name(call.custom.name)
        return {"id": call.id, "name": name, "arguments": {"input": call.custom.input}}
    function = call.function
    where = f"{param}.function.arguments"
    return past_call(call.id, function.name, function.arguments, where, changes)


def _join(content: str | Sequence[TextPart | RefusalPart]) -> str:
    """Joins text parts, because the templates of text models expect a single text."""
    if isinstance(content, str):
        return content
    return "".join(part.text if isinstance(part, TextPart) else part.refusal for part in content)


async def _user_content(
    content: UserContent,
    param: str,
    read_image: Callable[[str, str], Awaitable[bytes | None]],
) -> str | list[EngineTextPart | ImagePart]:
    """Returns text, or parts if there are images. An image that can't be read becomes text."""
    if isinstance(content, str):
        return content
    parts: list[EngineTextPart | ImagePart] = []
    for place, part in enumerate(content):
        if isinstance(part, TextPart):
            parts.append({"type": "text", "text": part.text})
            continue
        image = await read_image(part.image_url.url, f"{param}.{place}.image_url.url")
        if image is None:
            parts.append({"type": "text", "text": "[an image, which this model can not see]"})
        else:
            parts.append({"type": "image", "image": image})
    if all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts if part["type"] == "text")
    return parts
