"""From the messages of a chat to the prompt, by the template of the model."""

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

# What a call may not set in a template: what the call says elsewhere, the template itself, which is
# code, and what would change the form of the result. transformers passes all else to the template.
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
    """A prompt in tokens, and what its answer starts in.

    `boundaries` are numbers of tokens, ascending, after which the prompt is worth keeping in a
    cache: after the system messages and tools, before the last message of the user, and before what
    only asks for the answer.
    """

    tokens: list[int]
    starts_in: StartState
    boundaries: list[int]


def chat_prompt(
    tokenizer: Tokenizer,
    messages: Sequence[Message],
    *,
    tools: Sequence[Tool] = (),
    tool_choice: Literal["auto", "none", "required"] = "auto",
    template_options: dict[str, Any] | None = None,
    for_cache: bool = True,
    check: Callable[[str], None] | None = None,
) -> ChatPrompt:
    """The prompt of a chat. Without `for_cache` no boundaries are looked for, which takes longer.

    `check` sees the text before it is tokenised, and may raise.

    With the choice "none" the model does not see the tools. Raises EngineError INVALID_REQUEST for
    messages or options that the template refuses and for a model without a template, UNSUPPORTED
    for images and for tools where the model's format of calls is not known.
    """
    if not has_chat_template(tokenizer):
        raise EngineError(
            "INVALID_REQUEST",
            "This model has no chat template, so it can't take messages.",
            "Give the text as `prompt`, or use a model whose name ends with -Instruct or -it.",
        )
    if images_of(messages):
        raise EngineError("UNSUPPORTED", "This model reads text only: it can't see images.")
    template = _Template(
        tokenizer, _shown_tools(tokenizer, tools, tool_choice), _checked(template_options or {})
    )
    dicts = [_template_message(message) for message in messages]
    if check is not None:
        with _refusals():
            text = template.text(dicts)
        check(text)
    with _refusals():
        tokens = template.render(dicts, add_generation_prompt=True)
    boundaries = _boundaries(template, dicts, tokens) if for_cache else []
    return ChatPrompt(tokens, start_state(tokenizer, tokens), boundaries)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # templates are code of the model's makers: anything can be raised
        reason = str(error).strip() or type(error).__name__
        raise EngineError(
            "INVALID_REQUEST", f"The model's chat template refuses these messages: {reason}"
        ) from error


def images_of(messages: Sequence[Message]) -> list[ImagePart]:
    """The images in the messages, in their order."""
    return [
        part
        for message in messages
        if not isinstance(message.content, str)
        for part in message.content
        if isinstance(part, ImagePart)
    ]


def check_tools(tokenizer: Tokenizer) -> None:
    """Raises EngineError UNSUPPORTED where the model's format of calls is not known."""
    if tool_parser(tokenizer) is None:
        raise EngineError(
            "UNSUPPORTED",
            "This model's chat template shows no format of tool calls that is known. Known are "
            f"{', '.join(tool_formats())}.",
            "Use a model that was made for tools, or ask for JSON by `responseFormat`.",
        )


@dataclass(frozen=True)
class _Template:
    tokenizer: Tokenizer
    tools: list[dict[str, Any]]
    options: dict[str, Any]

    def render(self, messages: list[dict[str, Any]], *, add_generation_prompt: bool) -> list[int]:
        tokens: list[int] = self.tokenizer.apply_chat_template(
            messages,
            add_generation_prompt=add_generation_prompt,
            tools=self.tools or None,
            **self.options,
        )
        return tokens

    def text(self, messages: list[dict[str, Any]]) -> str:
        return self.tokenizer.apply_chat_template(
            messages,
            tokenize=False,
            add_generation_prompt=True,
            tools=self.tools or None,
            **self.options,
        )

    def shared(self, messages: list[dict[str, Any]], tokens: list[int]) -> int:
        """How many tokens the messages share with a prompt; 0 where the template refuses them."""
        try:
            other = self.render(messages, add_generation_prompt=False)
        except Exception:  # a boundary less: the chat itself was accepted
            return 0
        pairs = zip(other, tokens, strict=False)
        return next(
            (index for index, (a, b) in enumerate(pairs) if a != b), min(len(other), len(tokens))
        )


def _boundaries(
    template: _Template, messages: list[dict[str, Any]], tokens: list[int]
) -> list[int]:
    """Compares with what the template makes of another message of the user in each place.

    Templates treat messages by their place, so a part of a chat is not simply rendered by itself.
    """
    other = {"role": "user", "content": ""}
    roles = [message["role"] for message in messages]
    systems = next((i for i, role in enumerate(roles) if role != "system"), len(roles))
    last_user = max((i for i, role in enumerate(roles) if role == "user"), default=0)
    starts = {last_user} if last_user else set()
    if systems < len(roles) and (systems or template.tools):
        starts.add(systems)
    found = {template.shared([*messages[:start], other], tokens) for start in starts}
    found.add(template.shared(messages, tokens))
    return sorted(count for count in found if 0 < count < len(tokens))


def _shown_tools(
    tokenizer: Tokenizer, tools: Sequence[Tool], choice: Literal["auto", "none", "required"]
) -> list[dict[str, Any]]:
    if not tools or choice == "none":
        return []
    check_tools(tokenizer)
    return template_tools(tools)


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    for name in options:
        if name in RESERVED_OPTIONS or name.startswith("_"):
            raise EngineError("INVALID_REQUEST", f"templateOptions can't set {name!r}.")
    return options


def _template_message(message: Message) -> dict[str, Any]:
    content = message.content
    if not isinstance(content, str):
        content = "".join(part.text for part in content if not isinstance(part, ImagePart))
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
