"""The body of a completion."""

from typing import Annotated

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic import Field, Tag

from ..http.validation import (
    Count,
    Integer,
    by_type,
    only,
    unsupported,
)
from . import limits
from .chat_request import StreamOptions
from .format_fields import FormatFields
from .sampling import SamplingFields
from .unsupported_fields import UnsupportedFields

Text = Annotated[str, MinLen(1)]
Tokens = Annotated[list[Annotated[Integer, Ge(0)]], MinLen(1), MaxLen(limits.TOKENS)]
Texts = Annotated[list[Text], MinLen(1), MaxLen(limits.SEQUENCES)]
TokenLists = Annotated[list[Tokens], MinLen(1), MaxLen(limits.SEQUENCES)]


def _kind(value: object) -> str | None:
    if isinstance(value, str):
        return "<text>"
    if not isinstance(value, list):
        return None
    first = value[0] if value else ""
    if isinstance(first, list):
        return "<token lists>"
    return "<tokens>" if isinstance(first, int | float) else "<texts>"


Prompt = Annotated[
    Annotated[Text, Tag("<text>")]
    | Annotated[Texts, Tag("<texts>")]
    | Annotated[Tokens, Tag("<tokens>")]
    | Annotated[TokenLists, Tag("<token lists>")],
    by_type(
        _kind,
        "Invalid input: expected a string, a list of strings, a list of token ids or a list of "
        "such lists",
    ),
]


class TextRequest(SamplingFields, FormatFields, UnsupportedFields):
    """The body of a completion."""

    model: str | None = Field(
        None, description="A model from `GET /v1/models`. Default: the configured model."
    )
    prompt: Prompt = Field(
        description="The text or texts to continue, without a chat template. Each gets its own "
        "answers."
    )
    logprobs: Annotated[Integer, Ge(0), Le(limits.LOGPROBS)] | None = None
    echo: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    suffix: Annotated[
        str | None, only("", 'only "" is supported: chat models cannot fill in text.')
    ] = None
    best_of: Count | None = None
    chat_template: Annotated[None, unsupported("completions do not use a chat template.")] = None
