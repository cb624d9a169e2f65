"""What is special in the text of a model: reasoning, calls of tools, headers of messages."""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from mlx_lm import tool_parsers
from mlx_lm.generate import TextStateMachine, make_text_state_machine
from mlx_lm.tool_parsers import gemma4

from .models import Tokenizer

# What an answer starts in. A header names the reader of a message and is no text of the answer.
StartState = Literal["normal", "reasoning", "header"]
State = Literal["normal", "reasoning", "header", "tool"]

_STATES: dict[str, State] = {"normal": "normal", "reasoning": "reasoning", "tool": "tool"}


@dataclass(frozen=True)
class ToolParser:
    """How a model writes calls. `end` is empty where only the end of the text ends them.

    `parse` takes what stands between the markers, and the tools as chat templates see them. It
    gives a call as a dict, or a list of them, and may raise anything.
    """

    name: str
    parse: Callable[[str, list[dict[str, Any]]], object]
    start: str
    end: str


@dataclass(frozen=True)
class ThinkTokens:
    """The tokens between which a model thinks."""

    start: tuple[int, ...]
    end: tuple[int, ...]


# FunctionGemma writes calls as Gemma 4 does, but for the marks around its strings.
parse_gemma4: Callable[[str, list[dict[str, Any]]], object] = gemma4.parse_tool_call


def tool_formats() -> list[str]:
    """Names of the formats of calls that can be read, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(tool_parsers.__path__))


def tool_parser(tokenizer: Tokenizer) -> ToolParser | None:
    """The parser for the calls of this model, if it writes them in a format that is known."""
    wrapper: Any = tokenizer
    if not wrapper.has_tool_calling or wrapper.tool_parser is None:
        return None
    # A parser that is one with another's carries the name of that one.
    name = str(wrapper.tool_parser.__module__).rpartition(".")[2]
    return ToolParser(
        name, wrapper.tool_parser, wrapper.tool_call_start, wrapper.tool_call_end or ""
    )


def think_tokens(tokenizer: Tokenizer) -> ThinkTokens | None:
    """The tokens between which this model thinks, if it marks its reasoning by tokens."""
    wrapper: Any = tokenizer
    if not wrapper.has_thinking:
        return None
    return ThinkTokens(tuple(wrapper.think_start_tokens), tuple(wrapper.think_end_tokens))


def has_reasoning(tokenizer: Tokenizer) -> bool:
    """Whether this model can think before it answers."""
    wrapper: Any = tokenizer
    return bool(wrapper.has_thinking) or "reasoning" in wrapper.response_transitions


def has_chat_template(tokenizer: Tokenizer) -> bool:
    """Whether messages can be made a prompt."""
    wrapper: Any = tokenizer
    return bool(wrapper.has_chat_template)


def start_state(tokenizer: Tokenizer, prompt: list[int]) -> StartState:
    """What the answer to a prompt starts in: a template may open the reasoning itself."""
    wrapper: Any = tokenizer
    if wrapper.response_initial_state:
        return "header"
    if not wrapper.has_thinking:
        return "normal"
    opened: int = wrapper.rfind_think_start(prompt)
    closed: int = wrapper.rfind_think_end(prompt)
    return "reasoning" if opened > closed else "normal"


class TextStates:
    """Takes a text as it comes and tells which state each part of it is in, markers taken out."""

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
        """What the text is in now."""
        return _state(self._now[0])

    def feed(self, text: str) -> list[tuple[State, str]]:
        """The parts that are certain now. A marker stands between each two of them; the first one
        goes on where the last one of the call before ended.
        """
        self._now, parts = TextStateMachine.split(self._now, text)
        return [(_state(name), part) for name, part in parts]

    def finish(self) -> str:
        """What was held back as the possible start of a marker; it belongs to `state`."""
        self._now, held, _ = TextStateMachine.flush(self._now)
        return str(held)


class _WithoutTools:
    """What is asked of a tokenizer about its markers, without those of calls."""

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
    """The state of that name; a response format may name states of its own for its headers."""
    return _STATES.get(name, "header")
