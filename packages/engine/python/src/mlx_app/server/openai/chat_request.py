"""The body of a chat completion."""

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, MinLen
from pydantic import BeforeValidator, Field, Tag
from pydantic_core import PydanticCustomError

from ..http.validation import (
    Count,
    Integer,
    RequestModel,
    by_key,
    by_type,
    known_key,
    only,
    unsupported,
)
from . import limits
from .chat_messages import ChatMessage
from .custom_tools import CustomTool
from .format_fields import FormatFields
from .sampling import SamplingFields
from .unsupported_fields import UnsupportedFields

_KNOWN = "only tools of type function and custom are supported"


class ChatFunction(RequestModel):
    """The function of a tool."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = Field(None, description="A JSON Schema of an object.")
    strict: bool | None = Field(
        None,
        description="Ignored. A call that `tool_choice` requires always follows the schema. A call "
        "that the model chooses may not.",
    )


class ChatFunctionTool(RequestModel):
    """A function that the model may call."""

    type: Literal["function"]
    function: ChatFunction


class ChatCustomTool(RequestModel):
    """A tool that the model may call with a text."""

    type: Literal["custom"]
    custom: CustomTool


ChatTool = Annotated[
    Annotated[ChatFunctionTool, Tag("<function>")] | Annotated[ChatCustomTool, Tag("<custom>")],
    by_key("type", "function"),
    known_key("type", ["function", "custom"], _KNOWN),
]


class FunctionName(RequestModel):
    """The name of a function."""

    name: Annotated[str, MinLen(1)]


class NamedTool(RequestModel):
    """A tool by its name."""

    type: Literal["function"]
    function: FunctionName


class NamedCustomTool(RequestModel):
    """A custom tool by its name."""

    type: Literal["custom"]
    custom: FunctionName


AllowedTool = Annotated[
    Annotated[NamedTool, Tag("<function>")] | Annotated[NamedCustomTool, Tag("<custom>")],
    by_key("type", "function"),
    known_key("type", ["function", "custom"], _KNOWN),
]


class AllowedTools(RequestModel):
    """The tools that the model may or must call."""

    mode: Literal["auto", "required"]
    tools: Annotated[list[AllowedTool], MinLen(1)]


class AllowedToolsChoice(RequestModel):
    """A choice of some tools."""

    type: Literal["allowed_tools"]
    allowed_tools: AllowedTools


_WORDS = ("auto", "none", "required")


def _word_or_object(value: object) -> str | None:
    if isinstance(value, dict):
        return "<object>"
    return "<word>" if value in _WORDS else None


ToolChoiceObject = Annotated[
    Annotated[NamedTool, Tag("<function>")]
    | Annotated[NamedCustomTool, Tag("<custom>")]
    | Annotated[AllowedToolsChoice, Tag("<allowed_tools>")],
    by_key("type", "function"),
    known_key("type", ["function", "custom", "allowed_tools"], _KNOWN),
]
ChatToolChoice = Annotated[
    Annotated[Literal["auto", "none", "required"], Tag("<word>")]
    | Annotated[ToolChoiceObject, Tag("<object>")],
    by_type(
        _word_or_object,
        "Invalid input: expected auto, none, required or an object that names a function",
    ),
]


class StreamOptions(RequestModel):
    """The options of a stream."""

    include_usage: bool | None = Field(
        None, description="Adds a last chunk that has `usage` and `timings` and no choices."
    )


def _text_modality(value: object) -> object:
    if value == "text":
        return value
    raise PydanticCustomError("modality", 'only "text" is supported')


class ChatRequest(SamplingFields, FormatFields, UnsupportedFields):
    """The body of a chat completion."""

    model: str | None = Field(
        None, description="A model from `GET /v1/models`. Default: the configured model."
    )
    messages: Annotated[list[ChatMessage], MinLen(1)]
    max_completion_tokens: Count | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[Integer, Ge(0), Le(limits.LOGPROBS)] | None = None
    tools: list[ChatTool] | None = None
    tool_choice: ChatToolChoice | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = Field(
        None,
        description="Passed to the chat template as `reasoning_effort`. `none` sets "
        "`enable_thinking: false`.",
    )
    chat_template_kwargs: dict[str, Any] | None = Field(
        None, description="Chat template variables that the server allows."
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    return_progress: bool | None = Field(
        None,
        description="Whether a stream begins with chunks that report the progress of the prefill.",
    )
    mcp_servers: Annotated[None, unsupported("mlx-app-server for Node runs MCP servers.")] = None
    modalities: list[Annotated[str, BeforeValidator(_text_modality)]] | None = None
    echo: Annotated[
        bool | None, only(False, "only false is supported: an answer does not repeat its messages.")
    ] = None
    chat_template: Annotated[
        None,
        unsupported(
            "the chat template comes with the model. Use chat_template_kwargs to set its variables."
        ),
    ] = None
    functions: Annotated[None, unsupported("use tools instead.")] = None
    function_call: Annotated[None, unsupported("use tool_choice instead.")] = None
    audio: Annotated[None, unsupported("only text can be generated.")] = None
    prediction: Annotated[None, unsupported("predicted outputs are not available.")] = None
    web_search_options: Annotated[None, unsupported("web search is not available.")] = None
    verbosity: Annotated[
        str | None,
        only("medium", 'only "medium" is supported: ask for a length in a message instead.'),
    ] = None
