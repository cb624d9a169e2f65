"""The special parts in the text of a model: reasoning, tool calls, headers of messages."""

import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from mlx_lm import tool_parsers
from mlx_lm.generate import TextStateMachine, make_text_state_machine
from mlx_lm.tokenizer_utils import BPEStreamingDetokenizer
from mlx_lm.tool_parsers import gemma4

from .models import Detokenizer, Tokenizer

# The state in which an answer starts. A header names the reader of a message.
StartState = Literal["normal", "reasoning", "header"]
State = Literal["normal", "reasoning", "header", "tool"]

_STATES: dict[str, State] = {"normal": "normal", "reasoning": "reasoning", "tool": "tool"}


@dataclass(frozen=True)
class ToolParser:
    """How a model writes tool calls. `end` is empty if only the end of the text ends them.

    `parse` takes the text between the markers, and the tools in the form for chat templates. It
    returns a call as a dict, or a list of them, and may raise anything.
    """

    name: str
    parse: Callable[[str, list[dict[str, Any]]], object]
    start: str
    end: str


@dataclass(frozen=True)
class ThinkTokens:
    """The tokens around the reasoning of a model."""

    start: tuple[int, ...]
    end: tuple[int, ...]


# FunctionGemma writes calls like Gemma 4, with other markers around its strings.
parse_gemma4: Callable[[str, list[dict[str, Any]]], object] = gemma4.parse_tool_call


def tool_formats() -> list[str]:
    """Returns the sorted names of all known formats of tool calls."""
    return sorted(module.name for module in pkgutil.iter_modules(tool_parsers.__path__))


def tool_parser(tokenizer: Tokenizer) -> ToolParser | None:
    """Returns the parser for the tool calls of a model, if it writes them in a known format."""
    wrapper: Any = tokenizer
    if not wrapper.has_tool_calling or wrapper.tool_parser is None:
        return None
    # A parser that is an alias of another one has its name.
    name = str(wrapper.tool_parser.__module__).rpartition(".")[2]
    return ToolParser(
        name, wrapper.tool_parser, wrapper.tool_call_start, wrapper.tool_call_end or ""
    )


_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def token_bytes(tokenizer: Tokenizer, token: int) -> bytes:
    """Returns the UTF-8 bytes that a token adds to a text; a character may take several tokens.

    A token that ends the text adds none.
    """
    if token in tokenizer.eos_token_ids:
        return b""
    wrapper: Any = tokenizer
    name: str | None = wrapper.convert_ids_to_tokens(token)
    if name is None:
        return b""
    byte = _BYTE.fullmatch(name)
    if byte is not None:
        return bytes.fromhex(byte[1])
    if token in wrapper.added_tokens_decoder:
        return name.encode()
    if "\u2581" in name:
        # The space of SentencePiece, which decoding would remove at the start of a text.
        return name.replace("\u2581", " ").encode()
    text = tokenizer.decode([token])
    if isinstance(tokenizer.detokenizer, BPEStreamingDetokenizer) or "\ufffd" in text:
        known = _bytes_of_characters()
        if all(character in known for character in name):
            return bytes(known[character] for character in name)
    return text.encode()


@lru_cache(maxsize=1)
def _bytes_of_characters() -> dict[str, int]:
    """Returns the bytes that the characters in the vocabulary of a byte-level tokenizer mean."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return {character: byte for byte, character in bytes_to_unicode().items()}


def think_tokens(tokenizer: Tokenizer) -> ThinkTokens | None:
    """Returns the tokens around the reasoning of a model, if it marks its reasoning by tokens."""
    wrapper: Any = tokenizer
    if not wrapper.has_thinking:
        return None
    return ThinkTokens(tuple(wrapper.think_start_tokens), tuple(wrapper.think_end_tokens))


def has_reasoning(tokenizer: Tokenizer) -> bool:
    """Whether a model can think before it answers."""
    wrapper: Any = tokenizer
    return bool(wrapper.has_thinking) or "reasoning" in wrapper.response_transitions


def added_tokens(tokenizer: Tokenizer) -> frozenset[int]:
    """Returns the tokens that a tokenizer finds in a text before it encodes the rest of it."""
    wrapper: Any = tokenizer
    added: dict[str, int] = wrapper.get_added_vocab()
    return frozenset(added.values())


def has_chat_template(tokenizer: Tokenizer) -> bool:
    """Whether the model has a template for messages."""
    wrapper: Any = tokenizer
    return bool(wrapper.has_chat_template)


def start_state(tokenizer: Tokenizer, prompt: list[int]) -> StartState:
    """Returns the state in which the answer starts: a template may open the reasoning itself."""
    wrapper: Any = tokenizer
    if wrapper.response_initial_state:
        return "header"
    if not wrapper.has_thinking:
        return "normal"
    opened: int = wrapper.rfind_think_start(prompt)
    closed: int = wrapper.rfind_think_end(prompt)
    return "reasoning" if opened > closed else "normal"


def letter_token(tokenizer: Tokenizer) -> int | None:
    """Returns a token that ends in a letter; None if a vocabulary has no such token."""
    return next(iter(tokenizer.encode("a", add_special_tokens=False)[-1:]), None)


def continuing_detokenizer(tokenizer: Tokenizer, letter: int | None) -> Detokenizer:
    """Returns a new detokenizer for a text that continues another one.

    mlx-lm's detokenizers remove the space at the start of a text, so this one starts behind a
    letter, if there is one.
    """
    detokenizer = tokenizer.detokenizer
    if letter is not None:
        detokenizer.add_token(letter)
        _ = detokenizer.last_segment
    return detokenizer


class TextStates:
    """Splits a text, as it arrives, into parts with their states, without the markers."""

    def __init__(self, tokenizer: Tokenizer, starts_in: StartState, *, with_tools: bool) -> None:
        view: Any = tokenizer if with_tools else _WithoutTools(tokenizer)
        self.has_markers = bool(
            view.has_thinking
            or view.has_tool_calling
            or view.structural_markers
            or view.response_transitions
        )
        self._now: Any = make_text_state_machine(view).make_state(starts_in)

    @property
    def state(self) -> State:
        """The current state."""
        return _state(self._now[0])

    def feed(self, text: str) -> list[tuple[State, str]]:
        """Returns the parts that are certain now.

        There is a marker between each two of them; the first one continues the last part of the
        previous call.
        """
        self._now, parts = TextStateMachine.split(self._now, text)
        return [(_state(name), part) for name, part in parts]

    def finish(self) -> str:
        """Returns what was held back as the possible start of a marker; it belongs to `state`."""
        self._now, held, _ = TextStateMachine.flush(self._now)
        return str(held)


class _WithoutTools:
    """The markers of a tokenizer, without those of tool calls."""

    has_tool_calling = False

    def __init__(self, tokenizer: Tokenizer) -> None:
        wrapper: Any = tokenizer
        self.has_thinking: bool = wrapper.has_thinking
        self.think_start: str | None = wrapper.think_start
        self.think_end: str | None = wrapper.think_end
        self.structural_markers: tuple[str, ...] = wrapper.structural_markers
        self.response_transitions: dict[str, list[tuple[str, str]]] = {
            state: [(marker, target) for marker, target in edges if target != "tool"]
            for state, edges in wrapper.response_transitions.items()
        }


def _state(name: str) -> State:
    """Returns the state of that name; a response format may have other states for its headers."""
    return _STATES.get(name, "header")
