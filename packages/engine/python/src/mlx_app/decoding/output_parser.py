"""Splits the text of a model, as it arrives, into answer, reasoning and tool calls."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..mlx_lm_adapter.models import Tokenizer
from ..mlx_lm_adapter.text import StartState, State, TextStates, tool_parser
from ..protocol import Tool, ToolCall, ToolError
from ..tools.tool_call_shapes import is_closed
from ..tools.tool_calls import read_calls
from .stop_strings import StopStringMatcher


@dataclass
class Output:
    """What is new. `stopped` is the stop string that ended the text."""

    text: str = ""
    reasoning: str = ""
    tool_calls: list[ToolCall] = field(default_factory=list)
    tool_errors: list[ToolError] = field(default_factory=list)
    stopped: str | None = None


class OutputParser:
    """Splits one answer by the markers of its model.

    White space around a marker is not part of the answer or the reasoning: an application gets
    "hm" and "Yes" of "<think>\\nhm\\n</think>\\n\\nYes". With text on both sides of a marker, one
    run of the white space between them stays. Everything else is kept: the start of a marker that
    never comes is text.

    Stop strings are matched in the answer alone, not in reasoning or tool calls, and also across a
    tool call. Without tools, the markers of tool calls are text.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        starts_in: StartState,
        *,
        tools: Sequence[Tool] = (),
        stops: Sequence[str] = (),
    ) -> None:
        self._parser = tool_parser(tokenizer) if tools else None
        self._tools = tools
        self._states = TextStates(tokenizer, starts_in, with_tools=self._parser is not None)
        self._spaces = self._states.has_markers
        self._stop = StopStringMatcher(stops)
        self._stopped: str | None = None
        self._text = _Spacing(at_marker=starts_in == "header")
        self._reasoning = _Spacing(at_marker=True)
        self._raw = self._header = ""

    @property
    def state(self) -> State:
        """The state in which the next token starts; in "reasoning" it is a reasoning token."""
        return self._states.state

    def feed(self, segment: str) -> Output:
        """Takes the next text of the detokenizer; returns what is certain now."""
        output = Output(stopped=self._stopped)
        before = self._states.state
        for index, (state, part) in enumerate(self._states.feed(segment)):
            if output.stopped:
                break
            if index > 0:
                self._marker(before, output)
            self._take(state, part, output)
            before = state
        self._stopped = output.stopped
        return output

    def finish(self, *, cut_off: bool = False) -> Output:
        """Returns what was held back. `cut_off`: the tokens ran out before the text ended."""
        output = Output(stopped=self._stopped)
        if output.stopped:
            return output
        state = self._states.state
        self._take(state, self._states.finish(), output)
        if state == "tool":
            self._end_call(output, open_ended=True, cut_off=cut_off)
        elif self._header.strip():
            self._take("normal", self._header, output)
        if not output.stopped:
            self._show(self._stop.flush(), output)
            output.text += self._text.finish()
            output.reasoning += self._reasoning.finish()
        self._stopped = output.stopped
        return output

    def _take(self, state: State, part: str, output: Output) -> None:
        if state == "tool":
            self._raw += part
        elif state == "header":
            self._header += part
        elif state == "reasoning":
            output.reasoning += self._reasoning.feed(self._reasoning.after_marker(part))
        else:
            # Before stop strings, or "\n" would end an answer at the line break after a marker.
            part = self._text.after_marker(part) if self._spaces else part
            text, output.stopped = self._stop.feed(part)
            self._show(text, output)
            if output.stopped:
                output.text += self._text.finish()

    def _show(self, text: str, output: Output) -> None:
        output.text += self._text.feed(text) if self._spaces else text

    def _marker(self, before: State, output: Output) -> None:
        if before == "tool":
            self._end_call(output)
        self._header = ""
        self._text.marker()
        self._reasoning.marker()

    def _end_call(self, output: Output, *, open_ended: bool = False, cut_off: bool = False) -> None:
        raw, self._raw = self._raw, ""
        parser = self._parser
        assert parser is not None  # there is no such state without one
        if open_ended and parser.end and (cut_off or not is_closed(raw)):
            message = f"Not a tool call: the text ends before {parser.end}."
            output.tool_errors.append(ToolError(raw=raw, message=message))
            return
        calls, errors = read_calls(raw, parser, self._tools)
        output.tool_calls += calls
        output.tool_errors += errors


class _Spacing:
    """Removes the white space between a text and markers.

    Text goes through `after_marker` and then `feed`; stop strings are matched in between.
    """

    def __init__(self, *, at_marker: bool) -> None:
        # Whether a marker was last, as seen by each of the two steps.
        self._swallow = self._at_marker = at_marker
        self._begun = self._ends_in_space = False
        self._shown = False
        self._held = ""  # white space that no text has followed yet

    def marker(self) -> None:
        """Notes a marker."""
        self._swallow = self._at_marker = True

    def after_marker(self, text: str) -> str:
        """Removes white space right after a marker, unless it is all that separates two texts."""
        if self._swallow:
            if not self._begun or self._ends_in_space:
                text = text.lstrip()
            self._swallow = not text
        if text:
            self._ends_in_space = text[-1].isspace()
            self._begun = self._begun or not text.isspace()
        return text

    def feed(self, text: str) -> str:
        """Returns the text up to the white space at its end, which is held back."""
        text = self._held + text
        shown = text.rstrip()
        self._held = text[len(shown) :]
        if shown:
            if self._at_marker and not self._shown:
                shown = shown.lstrip()
            self._shown = True
            self._at_marker = False
        return shown

    def finish(self) -> str:
        """Returns the white space at the end, unless there is a marker before or after it."""
        held, self._held = self._held, ""
        return "" if self._at_marker else held
