"""The messages of chat completions."""

from typing import Annotated, Any, Literal

from annotated_types import MinLen
from pydantic import Field, Tag

from ..http.validation import (
    RequestModel,
    by_key,
    by_type,
    known_key,
    refuse,
    text_or_list,
)
from .custom_tools import CustomCall

_ONE_OR_PARTS = "Invalid input: expected a string or a list of parts"


def _text_or_object(value: object) -> str | None:
    if isinstance(value, str):
        return "<text>"
    return "<object>" if isinstance(value, dict) else None


class TextPart(RequestModel):
    """Text in a message."""

    type: Literal["text"]
    text: str


class ImageUrl(RequestModel):
    """A base64 data URL of a PNG, JPEG or WebP file."""

    url: Annotated[str, MinLen(1)]
    detail: str | None = Field(None, description="Ignored.")


class ImagePart(RequestModel):
    """An image in a message."""

    type: Literal["image_url"]
    image_url: ImageUrl


class RefusalPart(RequestModel):
    """A refusal in an earlier answer."""

    type: Literal["refusal"]
    refusal: str


TextOnlyPart = Annotated[
    TextPart, known_key("type", ["text"], "only parts of type text are allowed here")
]
UserPart = Annotated[
    Annotated[TextPart, Tag("<text>")] | Annotated[ImagePart, Tag("<image_url>")],
    by_key("type", "text"),
    known_key("type", ["text", "image_url"], "only parts of type text and image_url are supported"),
]
AssistantPart = Annotated[
    Annotated[TextPart, Tag("<text>")] | Annotated[RefusalPart, Tag("<refusal>")],
    by_key("type", "text"),
    known_key("type", ["text", "refusal"], "only parts of type text and refusal are allowed here"),
]
Texts = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[TextOnlyPart], Tag("<list>")],
    by_type(text_or_list, _ONE_OR_PARTS),
]
UserContent = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[UserPart], Tag("<list>")],
    by_type(text_or_list, _ONE_OR_PARTS),
]
AssistantContent = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[list[AssistantPart], Tag("<list>")],
    by_type(text_or_list, _ONE_OR_PARTS),
]


class SystemMessage(RequestModel):
    """Instructions. `developer` is the same."""

    role: Literal["system", "developer"]
    content: Texts
    name: str | None = None


class UserMessage(RequestModel):
    """What the user says."""

    role: Literal["user"]
    content: UserContent
    name: str | None = None


class CalledFunction(RequestModel):
    """The function of an earlier tool call."""

    name: Annotated[str, MinLen(1)]
    arguments: (
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[dict[str, Any], Tag("<object>")],
            by_type(_text_or_object, "Invalid input: expected a string"),
        ]
        | None
    ) = Field(
        None, description="A JSON object, as a string. Other text is read as the argument `input`."
    )


class ChatToolCall(RequestModel):
    """An earlier tool call."""

    id: str
    type: Literal["function"]
    function: CalledFunction


class ChatCustomCall(RequestModel):
    """An earlier call of a custom tool."""

    id: str
    type: Literal["custom"]
    custom: CustomCall


PastCall = Annotated[
    Annotated[ChatToolCall, Tag("<function>")] | Annotated[ChatCustomCall, Tag("<custom>")],
    by_key("type", "function"),
    known_key(
        "type", ["function", "custom"], "only calls of type function and custom are supported"
    ),
]


class AssistantMessage(RequestModel):
    """An earlier answer."""

    role: Literal["assistant"]
    content: AssistantContent | None = None
    refusal: str | None = None
    tool_calls: list[PastCall] | None = None
    reasoning_content: str | None = Field(None, description="The reasoning of this turn.")
    reasoning: str | None = Field(None, description="An alias of `reasoning_content`.")
    function_call: Annotated[None, refuse("use tool_calls instead")] = None
    audio: Annotated[None, refuse("audio is not supported")] = None
    name: str | None = None


class ToolMessage(RequestModel):
    """The result of a tool call."""

    role: Literal["tool"]
    content: UserContent
    tool_call_id: str = Field(description="The `id` of the tool call.")
    name: str | None = None


ChatMessage = Annotated[
    Annotated[SystemMessage, Tag("<system>")]
    | Annotated[SystemMessage, Tag("<developer>")]
    | Annotated[UserMessage, Tag("<user>")]
    | Annotated[AssistantMessage, Tag("<assistant>")]
    | Annotated[ToolMessage, Tag("<tool>")],
    by_key("role", "user"),
    known_key(
        "role",
        ["system", "developer", "user", "assistant", "tool"],
        "Invalid input: expected system, developer, user, assistant or tool",
    ),
]
