"""From the messages of a chat to a prompt, by the chat template of the model."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import EngineError
from ..mlx_lm_adapter.models import Tokenizer
from ..mlx_lm_adapter.text import (
    StartState,
    has_chat_template,
    start_state,
    tool_formats,
    tool_parser,
)
from ..protocol import ImagePart, Message, Tool
from ..tools.tool_calls import template_tools
from .chat_template import ChatTemplate, render_chat
from .known_text import Encoding, Ends, KnownText, encoding_of
from .template_rules import ANYTHING, TemplateRules
from .volatile_lines import move_volatile_lines, unmoved

# Template options that a call can't set: those that the call has fields for, the template itself,
# which is code, and those that would change the form of the result. transformers passes all others
# to the template.
RESERVED_OPTIONS = frozenset(
    {
        "add_generation_prompt",
        "chat_template",
        "continue_final_message",
        "conversation",
        "conversations",
        "max_length",
        "messages",
        "padding",
        "return_assistant_tokens_mask",
        "return_dict",
        "return_tensors",
        "sanitize_control_tokens",
        "self",
        "tokenize",
        "tokenizer_kwargs",
        "tools",
        "truncation",
    }
)


@dataclass(frozen=True)
class ChatPrompt:
    """A prompt in tokens, and the state in which its answer starts.

    `boundaries` are ascending numbers of tokens after which the prompt is worth caching: after the
    system messages and tools, before the last two user messages, and before the generation prompt.
    `rules` say how the messages were fitted to the template. `text` is that of a chat, and `ends`
    those of the answers in it whose tokens were known; see `KnownText`. `moved_lines` counts the
    volatile lines that were moved or left out.
    """

    tokens: list[int]
    starts_in: StartState
    boundaries: list[int]
    rules: TemplateRules = ANYTHING
    text: str = ""
    ends: Ends = ()
    moved_lines: int = 0


def chat_prompt(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    *,
    tools: Sequence[Tool] = (),
    tool_choice: Literal["auto", "none", "required"] = "auto",
    template_options: dict[str, Any] | None = None,
    for_cache: bool = True,
    known_texts: Sequence[KnownText] = (),
    move_volatile: bool = False,
    check: Callable[[str], None] | None = None,
) -> ChatPrompt:
    """Returns the prompt of a chat.

    The messages are fitted to what the template takes, without losing text. Looking for boundaries
    takes time; without `for_cache` there are none. Answers of `known_texts` in the chat get the
    tokens that were generated. `move_volatile` moves the lines of the system prompt that change
    between requests behind all messages. `check` gets the text
    before it is tokenised, and may raise. With the choice "none" the model does not see the tools.
    Raises EngineError INVALID_REQUEST for messages or options that the template refuses and for a
    model without a template, UNSUPPORTED for images and for tools where the model's format of tool
    calls is not known.
    """
    if not has_chat_template(tokenizer):
        raise EngineError(
            "INVALID_REQUEST",
            "This model has no chat template, so it can't take messages.",
            "Give the text as `prompt`, or use a model whose name ends with -Instruct or -it.",
        )
    if images_of(messages):
        raise EngineError("UNSUPPORTED", "This model takes no images, only text.")
    shown = _shown_tools(tokenizer, tools, tool_choice)
    options = checked_options(template_options or {})
    moved = move_volatile_lines(messages) if move_volatile else unmoved(messages)
    dicts = [template_message(message) for message in moved.messages]
    lasting = [template_message(message) for message in moved.lasting]
    with _refusals():
        template, text = render_chat(tokenizer, shown, options, dicts)
    if check is not None:
        check(text)
    encoding = encoding_of(tokenizer, text, known_texts)
    tokens, ends = encoding.encode(text)
    boundaries = _boundaries(template, encoding, lasting, tokens) if for_cache else []
    return ChatPrompt(
        tokens,
        start_state(tokenizer, tokens),
        boundaries,
        template.rules,
        text,
        ends,
        moved.count,
    )


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # templates are code of the model, which can raise anything
        reason = str(error).strip() or type(error).__name__
        raise EngineError(
            "INVALID_REQUEST", f"The model's chat template refuses these messages: {reason}"
        ) from error


def images_of(messages: Sequence[Message]) -> list[ImagePart]:
    """Returns the images in the messages, in their order."""
    return [
        part
        for message in messages
        if not isinstance(message.content, str)
        for part in message.content
        if isinstance(part, ImagePart)
    ]


def check_tools(tokenizer: Tokenizer) -> None:
    """Raises EngineError UNSUPPORTED if the model's format of tool calls is not known."""
    if tool_parser(tokenizer) is None:
        raise EngineError(
            "UNSUPPORTED",
            "This model's chat template has no known format of tool calls. Known formats: "
            f"{', '.join(tool_formats())}.",
            "Use a model that was trained for tools, or ask for JSON with `responseFormat`.",
        )


def _boundaries(
    template: ChatTemplate, encoding: Encoding, messages: list[dict[str, Any]], tokens: list[int]
) -> list[int]:
    """Finds where a chat would go on differently with another user message in each position.

    Templates treat messages by their position, so a part of a chat can't be rendered by itself.
    """
    other = {"role": "user", "content": ""}
    roles = [message["role"] for message in messages]
    systems = next((i for i, role in enumerate(roles) if role != "system"), len(roles))
    # A client may put the files of a chat before its last message, each time anew.
    users = [i for i, role in enumerate(roles) if role == "user"]
    starts = {start for start in users[-2:] if start}
    if systems < len(roles) and (systems or template.tools):
        starts.add(systems)
    found = {template.shared([*messages[:start], other], encoding, tokens) for start in starts}
    found.add(template.shared(messages, encoding, tokens))
    return sorted(count for count in found if 0 < count < len(tokens))


def _shown_tools(
    tokenizer: Tokenizer, tools: Sequence[Tool], choice: Literal["auto", "none", "required"]
) -> list[dict[str, Any]]:
    if not tools or choice == "none":
        return []
    check_tools(tokenizer)
    return template_tools(tools)


def checked_options(options: dict[str, Any]) -> dict[str, Any]:
    """Returns template options unchanged. Raises EngineError INVALID_REQUEST for reserved ones."""
    for name in options:
        if name in RESERVED_OPTIONS or name.startswith("_"):
            raise EngineError("INVALID_REQUEST", f"templateOptions can't set {name!r}.")
    return options


def text_parts(message: Message) -> list[str]:
    """Returns the texts of a message, without its images."""
    if isinstance(message.content, str):
        return [message.content]
    return [part.text for part in message.content if not isinstance(part, ImagePart)]


def template_message(message: Message) -> dict[str, Any]:
    """Returns a message in the form that chat templates expect.

    Content without an image is one string, which all templates understand.
    """
    content: object = "".join(text_parts(message))
    if not isinstance(message.content, str) and images_of([message]):
        content = [
            {"type": "image"}
            if isinstance(part, ImagePart)
            else {"type": "text", "text": part.text}
            for part in message.content
        ]
    result: dict[str, Any] = {"role": message.role, "content": content}
    if message.reasoning is not None:
        result["reasoning_content"] = message.reasoning
    if message.tool_calls:
        result["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id is not None:
        result["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        result["name"] = message.name
    return result
