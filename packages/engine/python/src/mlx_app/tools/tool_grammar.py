"""Grammars for the tool calls of an answer."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import EngineError
from ..json_schema.simplify import simplified
from ..protocol import Tool
from .call_formats import FORMATS, CallFormat
from .end_markers import text_without
from .lark import Lark
from .schema_types import schema_types

# Calls in one answer, if several are allowed. Our choice: it keeps weak models from endless lists.
MAX_CALLS = 16


@dataclass(frozen=True)
class CallSyntax:
    """How a model writes calls: the name of mlx-lm's parser, and its markers.

    `token_of` returns the token for all of a text, if there is one.
    """

    parser_name: str
    start: str
    end: str
    token_of: Callable[[str], int | None]

    def checked_format(
        self, tools: Sequence[Tool], hint: str = 'toolChoice "auto" works.'
    ) -> CallFormat:
        """Returns the format. Raises EngineError UNSUPPORTED if it can't write a tool's name."""
        form = FORMATS.get(self.parser_name)
        if form is None:
            raise EngineError(
                "UNSUPPORTED",
                f"Calls can't be enforced in this model's format ({self.parser_name}).",
                hint,
            )
        for tool in tools:
            if not re.fullmatch(form.names, tool.name):
                raise EngineError(
                    "UNSUPPORTED",
                    f"A call of {tool.name} can't be enforced in this model's format "
                    f"({self.parser_name}): it can't write that name.",
                    hint,
                )
        return form

    def lark(self, form: CallFormat) -> Lark:
        """Returns an empty grammar, which knows the tags that end a value."""
        tags = [marker for marker in (*form.markers, self.end) if marker.startswith("<")]
        return Lark(self.token_of, tags)

    @property
    def starts_with_tokens(self) -> bool:
        """Whether the start marker begins and ends with tokens, so it is written in one way."""
        markup = Lark(self.token_of).markup(self.start)
        return not markup.startswith('"') and not markup.endswith('"')


def tool_grammar(
    syntax: CallSyntax,
    tools: Sequence[Tool],
    tool_name: str | None,
    parallel: bool,
    or_else: str | None = None,
) -> str:
    """Returns a grammar in llguidance's variant of Lark for one call, or 1 to MAX_CALLS.

    `tool_name` allows only that tool. `parallel` allows several calls. `or_else` is an expression
    for text that is allowed instead of calls.

    Raises EngineError INVALID_REQUEST if there is no such tool or its schema is not of an object,
    and UNSUPPORTED if the format can't write the tool's name or arguments reliably.
    """
    chosen = [tool for tool in tools if tool_name is None or tool.name == tool_name]
    if not chosen:
        there = ", ".join(tool.name for tool in tools) or "none"
        raise EngineError(
            "INVALID_REQUEST", f"There is no tool {tool_name or 'to call'}; there are: {there}."
        )
    form = syntax.checked_format(chosen)
    lark = syntax.lark(form)
    most = MAX_CALLS if parallel else 1
    checked = [tool if tool.grammar is not None else _of_object(tool) for tool in chosen]
    calls = _assemble(form, lark, checked, most, syntax)
    return lark.grammar(calls if or_else is None else f"{calls} | {or_else}")


def begun_tool_grammar(
    syntax: CallSyntax,
    tools: Sequence[Tool],
    parallel: bool,
) -> str:
    """Returns a grammar for calls after their first start marker, which the model chose to write.

    Calls of tools with a grammar follow it. Other calls name one of the other tools, and are free
    up to their end marker. Raises as `tool_grammar`.
    """
    lark, calls = _chosen_calls(syntax, tools, parallel)
    return lark.grammar(calls)


def chosen_tool_grammar(
    syntax: CallSyntax,
    tools: Sequence[Tool],
    parallel: bool,
    or_else: str | None = None,
) -> str:
    """Returns a grammar for an answer that may have the calls of `begun_tool_grammar`.

    Text may come before them, or be all of the answer. With the expression `or_else`, the answer is
    either calls or that. Raises as `tool_grammar`.
    """
    lark, calls = _chosen_calls(syntax, tools, parallel)
    if or_else is not None:
        return lark.grammar(f"{lark.markup(syntax.start)} {calls} | {or_else}")
    free = ["/(?s:.*)/", _without(syntax.start)]
    text = lark.terminal(" & ".join(free))
    return lark.grammar(f"{text}? | {lark.until(free, syntax.start, empty=True)} {calls}")


def _chosen_calls(
    syntax: CallSyntax,
    tools: Sequence[Tool],
    parallel: bool,
) -> tuple[Lark, str]:
    """Returns the rules of calls after their first start marker, and the expression for them."""
    custom = [tool for tool in tools if tool.grammar is not None]
    form = syntax.checked_format(custom, "Leave out the tools that have a grammar.")
    start, end = syntax.start, syntax.end
    lark = syntax.lark(form)
    each = form.marked == "each"
    after = form.closing + end
    between = (after if each else "") + form.separator + (start + form.opening if each else "")
    others = [_free_call(form, lark, tool, end) for tool in tools if tool.grammar is None]
    following = ""
    for index in reversed(range(MAX_CALLS if parallel else 1)):
        number = index if form.numbered else 0
        enforced = [lark.rule(form.call(lark, tool, number, end)) for tool in custom]
        call = lark.rule(" | ".join(enforced))
        more = f"{lark.markup(between)} {following} | " if following else ""
        whole = f"{call} ({more}{lark.markup(after)})"
        if others and each and following:
            again = f"({lark.markup(form.separator + start + form.opening)} {following})?"
            choices = [whole, *(f"{other} {again}" for other in others)]
        else:
            choices = [whole, *others]
        following = lark.rule(" | ".join(choices))
    return lark, f"{lark.markup(form.opening)} {following}"


def _free_call(form: CallFormat, lark: Lark, tool: Tool, end: str) -> str:
    """A call by its name alone, up to and including the end marker."""
    head = lark.markup(form.head.replace("{}", tool.name))
    # Tags that are tokens are no text.
    tags = [tag for tag in map(lark.markup, form.tags) if not tag.startswith('"')]
    tag = f"({' | '.join(tags)})"
    closing = lark.markup(end) if end else ""
    first, later = [r"/[^\w.\-](?s:.*)/"], ["/(?s:.+)/"]
    if not closing.startswith('"'):
        begin = " | ".join([lark.terminal(first[0]), *tags])
        more = " | ".join([lark.terminal(later[0]), *tags])
        return f"{head} (({begin}) ({more})*)? {closing}"
    kept_out = _without(end)
    first, later = [*first, kept_out], [*later, kept_out]
    whole = lark.until(first, end, empty=True)
    if not tags:
        return f"{head} {whole}"
    begin, more = lark.terminal(" & ".join(first)), lark.terminal(" & ".join(later))
    rest = lark.until(["/(?s:.*)/", kept_out], end, empty=True)
    return f"{head} ({whole} | {begin}? {tag} ({more}? {tag})* {rest})"


def _without(marker: str) -> str:
    """A regular language of all texts without a marker."""
    if marker.startswith("<"):
        return "/" + text_without([marker]).replace("/", "\\/") + "/"
    return f"~/(?s:.*){re.escape(marker)}(?s:.*)/"


def free_call_grammar(syntax: CallSyntax, or_else: str) -> str:
    """Returns a grammar for any text between the markers of a call, or `or_else`."""
    lark, end = Lark(syntax.token_of), syntax.end
    body = text_without([end]).replace("/", "\\/") if end.startswith("<") else "(?s:.*)"
    inner = lark.until([f"/{body}/"], end, empty=True) if end else lark.terminal(f"/{body}/")
    return lark.grammar(f"{lark.markup(syntax.start)} {inner} | {or_else}")


def _of_object(tool: Tool) -> Tool:
    """Returns a tool whose schema has no annotations and allows nothing but objects."""
    parameters = simplified(tool.parameters)
    assert isinstance(parameters, dict)
    types = schema_types(parameters, parameters)
    if "object" not in types:
        raise EngineError(
            "INVALID_REQUEST",
            f"The schema of the tool {tool.name} must be of an object, not of: "
            f"{', '.join(sorted(types)) or 'nothing'}.",
        )
    if parameters.get("type", "object") != "object":
        parameters["type"] = "object"
    return Tool(name=tool.name, parameters=parameters)


def _assemble(
    form: CallFormat, lark: Lark, tools: Sequence[Tool], most: int, syntax: CallSyntax
) -> str:
    before, after = syntax.start + form.opening, form.closing + syntax.end
    each = form.marked == "each"
    between = lark.markup(after + form.separator + before if each else form.separator)
    following = ""
    for index in reversed(range(most)):
        number = index if form.numbered else 0
        calls = [lark.rule(form.call(lark, tool, number, syntax.end)) for tool in tools]
        call = lark.rule(" | ".join(calls))
        following = lark.rule(f"{call} ({between} {following})?" if following else call)
    return f"{lark.markup(before)} {following} {lark.markup(after)}"
