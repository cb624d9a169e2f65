"""Grammars for tool calls in the formats of models.

The markers and their order come from the parsers in mlx-lm 0.32.2 (mlx_lm/tool_parsers), which read
what a model writes by these grammars.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import EngineError
from ..json_schema.simplify import simplified
from ..protocol import Tool
from .custom.custom_input import INPUT, custom_input
from .custom.quoting import json_quoting, raw_quoting
from .end_markers import text_without
from .gemma_arguments import flat_arguments, nested_arguments
from .lark import Lark
from .schema_types import schema_types
from .tool_arguments import (
    Value,
    glm_value,
    minimax_value,
    muse_value,
    pythonic,
    qwen_value,
    tagged,
)

# Calls in one answer, if several are allowed. Our choice: it keeps weak models from endless lists.
MAX_CALLS = 16


@dataclass(frozen=True)
class _Format:
    """How calls are written between their markers; the strings are text and tags."""

    # Returns the expression for a call; the number is its index in the answer, from 0.
    call: Callable[[Lark, Tool, int, str], str]
    # Whether the markers enclose each call or all of them.
    marked: Literal["each", "all"] = "each"
    opening: str = ""
    closing: str = ""
    separator: str = ""
    # The names that the parser can read.
    names: str = r".+"
    # Where the parser stops reading a value, besides the end marker.
    markers: tuple[str, ...] = ()
    numbered: bool = False
    # What comes before the end of a tool's name.
    head: str = "{}"
    # What may be a token inside of a call.
    tags: tuple[str, ...] = ()


def tool_grammar(
    parser_name: str,
    tools: Sequence[Tool],
    tool_name: str | None,
    parallel: bool,
    start: str,
    end: str,
    token_of: Callable[[str], int | None],
    or_else: str | None = None,
) -> str:
    """Returns a grammar in llguidance's variant of Lark for one call, or 1 to MAX_CALLS.

    `parser_name` is the name of mlx-lm's parser, and `start` and `end` are its markers. `tool_name`
    allows only that tool. `parallel` allows several calls. `token_of` returns the token for all of
    a text, if there is one. `or_else` is an expression for text that is allowed instead of calls.

    Raises EngineError INVALID_REQUEST if there is no such tool or its schema is not of an object,
    and UNSUPPORTED if the format can't write the tool's name or arguments reliably.
    """
    chosen = [tool for tool in tools if tool_name is None or tool.name == tool_name]
    if not chosen:
        there = ", ".join(tool.name for tool in tools) or "none"
        raise EngineError(
            "INVALID_REQUEST", f"There is no tool {tool_name or 'to call'}; there are: {there}."
        )
    form = _checked_format(parser_name, chosen)
    lark = Lark(token_of, [marker for marker in (*form.markers, end) if marker.startswith("<")])
    most = MAX_CALLS if parallel else 1
    checked = [tool if tool.grammar is not None else _of_object(tool) for tool in chosen]
    calls = _assemble(form, lark, checked, most, start, end)
    return lark.grammar(calls if or_else is None else f"{calls} | {or_else}")


def begun_tool_grammar(
    parser_name: str,
    tools: Sequence[Tool],
    parallel: bool,
    start: str,
    end: str,
    token_of: Callable[[str], int | None],
) -> str:
    """Returns a grammar for calls after their first start marker, which the model chose to write.

    Calls of tools with a grammar follow it. Other calls name one of the other tools, and are free
    up to their end marker. Raises as `tool_grammar`.
    """
    lark, calls = _chosen_calls(parser_name, tools, parallel, start, end, token_of)
    return lark.grammar(calls)


def chosen_tool_grammar(
    parser_name: str,
    tools: Sequence[Tool],
    parallel: bool,
    start: str,
    end: str,
    token_of: Callable[[str], int | None],
    or_else: str | None = None,
) -> str:
    """Returns a grammar for an answer that may have the calls of `begun_tool_grammar`.

    Text may come before them, or be all of the answer. With the expression `or_else`, the answer is
    either calls or that. Raises as `tool_grammar`.
    """
    lark, calls = _chosen_calls(parser_name, tools, parallel, start, end, token_of)
    if or_else is not None:
        return lark.grammar(f"{lark.markup(start)} {calls} | {or_else}")
    free = ["/(?s:.*)/", _without(start)]
    text = lark.terminal(" & ".join(free))
    return lark.grammar(f"{text}? | {lark.until(free, start, empty=True)} {calls}")


def is_of_tokens(marker: str, token_of: Callable[[str], int | None]) -> bool:
    """Whether a marker begins and ends with tokens of its own, so that it is written in one way."""
    markup = Lark(token_of).markup(marker)
    return not markup.startswith('"') and not markup.endswith('"')


def _chosen_calls(
    parser_name: str,
    tools: Sequence[Tool],
    parallel: bool,
    start: str,
    end: str,
    token_of: Callable[[str], int | None],
) -> tuple[Lark, str]:
    """Returns the rules of calls after their first start marker, and the expression for them."""
    custom = [tool for tool in tools if tool.grammar is not None]
    form = _checked_format(parser_name, custom, "Leave out the tools that have a grammar.")
    lark = Lark(token_of, [marker for marker in (*form.markers, end) if marker.startswith("<")])
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


def _free_call(form: _Format, lark: Lark, tool: Tool, end: str) -> str:
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


def _checked_format(
    parser_name: str, tools: Sequence[Tool], hint: str = 'toolChoice "auto" works.'
) -> _Format:
    """Returns the format of a parser. Raises EngineError UNSUPPORTED if it can't write a name."""
    form = _FORMATS.get(parser_name)
    if form is None:
        raise EngineError(
            "UNSUPPORTED",
            f"Calls can't be enforced in this model's format ({parser_name}).",
            hint,
        )
    for tool in tools:
        if not re.fullmatch(form.names, tool.name):
            raise EngineError(
                "UNSUPPORTED",
                f"A call of {tool.name} can't be enforced in this model's format ({parser_name}): "
                "it can't write that name.",
                hint,
            )
    return form


def free_call_grammar(
    start: str, end: str, token_of: Callable[[str], int | None], or_else: str
) -> str:
    """Returns a grammar for any text between the markers of a call, or `or_else`."""
    lark = Lark(token_of)
    body = text_without([end]).replace("/", "\\/") if end.startswith("<") else "(?s:.*)"
    inner = lark.until([f"/{body}/"], end, empty=True) if end else lark.terminal(f"/{body}/")
    return lark.grammar(f"{lark.markup(start)} {inner} | {or_else}")


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
    form: _Format, lark: Lark, tools: Sequence[Tool], most: int, start: str, end: str
) -> str:
    before, after = start + form.opening, form.closing + end
    each = form.marked == "each"
    between = lark.markup(after + form.separator + before if each else form.separator)
    following = ""
    for index in reversed(range(most)):
        number = index if form.numbered else 0
        calls = [lark.rule(form.call(lark, tool, number, end)) for tool in tools]
        call = lark.rule(" | ".join(calls))
        following = lark.rule(f"{call} ({between} {following})?" if following else call)
    return f"{lark.markup(before)} {following} {lark.markup(after)}"


def _json(before: str, after: str = "") -> Callable[[Lark, Tool, int, str], str]:
    """Arguments as JSON; `before` may contain `{name}`, and `{zero}` or `{one}` for an index."""

    def call(lark: Lark, tool: Tool, index: int, _end: str) -> str:
        text = before
        for word, value in (("name", tool.name), ("zero", index), ("one", index + 1)):
            text = text.replace(f"{{{word}}}", str(value))
        if tool.grammar is not None:
            return f"{lark.markup(text)} {_json_input(lark, tool)} {lark.markup(after)}"
        # As in the other formats, only the arguments that the schema names, if it names any.
        closed = {"additionalProperties": False} if "properties" in tool.parameters else {}
        schema = lark.json({"type": "object", **closed, **tool.parameters})
        return f"{lark.markup(text)} {schema} {lark.markup(after)}"

    return call


def _json_input(lark: Lark, tool: Tool) -> str:
    """The arguments of a custom tool: an object with its text."""
    return f'{lark.text(f"{{{chr(34)}{INPUT}{chr(34)}: ")} {_json_text(lark, tool)} "}}"'


def _json_text(lark: Lark, tool: Tool) -> str:
    """The text of a custom tool as a string of JSON."""
    text = lark.rule(custom_input(tool, json_quoting(lark.markers)))
    return f"{lark.text(chr(34))} {text} {lark.text(chr(34))}"


def _raw_text(lark: Lark, tool: Tool, opening: str, closing: str, end: str) -> str:
    """The text of a custom tool between markers."""
    quoting = raw_quoting([closing.rstrip("\n"), *lark.markers, end])
    text = lark.rule(custom_input(tool, quoting))
    return f"{lark.markup(opening)} {text} {lark.markup(closing)}"


def _tags(
    name: str,
    before: str,
    opening: str,
    closing: str,
    after: str,
    value: Callable[[str], Value],
    quotes: tuple[str, str] = ("", ""),
) -> Callable[[Lark, Tool, int, str], str]:
    """Arguments in tags; `{}` is the tool's name in `before`, and the argument's in `opening`.

    `quotes` enclose the text of a custom tool.
    """

    def call(lark: Lark, tool: Tool, _index: int, end: str) -> str:
        if tool.grammar is not None:
            first, last = opening.format(INPUT) + quotes[0], quotes[1] + closing
            text = _raw_text(lark, tool, first, last, end)
            return f"{lark.markup(before.format(tool.name))} {text} {lark.markup(after)}"
        inner = tagged(lark, name, tool, opening, closing, value(end))
        return f"{lark.markup(before.format(tool.name))} {inner} {lark.markup(after)}"

    return call


def _pythonic(lark: Lark, tool: Tool, _index: int, _end: str) -> str:
    if tool.grammar is not None:
        return f'{lark.text(f"{tool.name}({INPUT}=")} {_json_text(lark, tool)} ")"'
    return f'{lark.text(tool.name + "(")} {pythonic(lark, tool)} ")"'


def _gemma4(lark: Lark, tool: Tool, _index: int, end: str) -> str:
    if tool.grammar is not None:
        return _raw_text(lark, tool, f'call:{tool.name}{{{INPUT}:<|"|>', '<|"|>}', end)
    return f'{lark.text(f"call:{tool.name}{{")} {nested_arguments(lark, end).of(tool)} "}}"'


def _function_gemma(lark: Lark, tool: Tool, _index: int, end: str) -> str:
    if tool.grammar is not None:
        raise EngineError(
            "UNSUPPORTED",
            f"The grammar of {tool.name} can't be enforced, because this model's format of calls "
            "(function_gemma) can't write every text.",
            "Use another model, or a tool without a grammar.",
        )
    return f'{lark.text(f"call:{tool.name}{{")} {flat_arguments(lark, end).of(tool)} "}}"'


_GLM = _Format(
    _tags("glm47", "{}", "<arg_key>{}</arg_key><arg_value>", "</arg_value>", "", glm_value),
    markers=("</arg_value>",),
    tags=("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
)

_FORMATS = {
    "json_tools": _Format(
        _json('{"name": "{name}", "arguments": ', "}"),
        opening="\n", closing="\n", separator="\n", head='{"name": "{}',
    ),
    "longcat": _Format(
        _json('{"name": "{name}", "arguments": ', "}"),
        opening="\n", closing="\n", separator="\n", head='{"name": "{}',
    ),
    "mistral": _Format(_json("{name}[ARGS]"), names=r"[\w-]+", tags=("[ARGS]",)),
    "kimi_k2": _Format(
        _json(
            "<|tool_call_begin|>functions.{name}:{zero}<|tool_call_argument_begin|>",
            "<|tool_call_end|>",
        ),
        head="<|tool_call_begin|>functions.{}",
        tags=("<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"),
        marked="all",
        numbered=True,
        markers=("<|tool_call_end|>",),
    ),
    "kimi_k3": _Format(
        _json(
            '<|open|>call tool="{name}" index="{one}"<|sep|><|open|>json type="object"<|sep|>',
            "<|close|>json<|sep|><|close|>call<|sep|>",
        ),
        head='<|open|>call tool="{}',
        tags=("<|open|>", "<|close|>", "<|sep|>"),
        marked="all",
        numbered=True,
        markers=("<|close|>",),
    ),
    "gemma4": _Format(_gemma4, names=r"[\w-]+", head="call:{}", tags=('<|"|>',)),
    "function_gemma": _Format(_function_gemma, names=r"\w+", head="call:{}"),
    "pythonic": _Format(
        _pythonic, marked="all", opening="[", closing="]", separator=", "
    ),
    "glm47": _GLM,
    "laguna": _GLM,
    "qwen3_coder": _Format(
        _tags(
            "qwen3_coder",
            "<function={}>\n",
            "<parameter={}>\n",
            "\n</parameter>\n",
            "</function>",
            qwen_value,
        ),
        head="<function={}",
        tags=("</parameter>", "</function>"),
        markers=("</parameter>", "</function>"),
        opening="\n",
        closing="\n",
        separator="\n",
    ),
    "minimax_m2": _Format(
        _tags(
            "minimax_m2",
            '<invoke name="{}">\n',
            '<parameter name="{}">',
            "</parameter>\n",
            "</invoke>\n",
            lambda end: minimax_value(end, ("</parameter>", "</invoke>")),
        ),
        head='<invoke name="{}',
        tags=("</parameter>", "</invoke>"),
        markers=("</parameter>", "</invoke>"),
        marked="all",
        opening="\n",
    ),
    "muse_spark": _Format(
        _tags(
            "muse_spark",
            '<atem:invoke name="{}">\n',
            '<atem:parameter name="{}">',
            "</atem:parameter>\n",
            "</atem:invoke>\n",
            muse_value,
        ),
        head='<atem:invoke name="{}',
        tags=("</atem:parameter>", "</atem:invoke>"),
        markers=("</atem:parameter>", "</atem:invoke>"),
        marked="all",
        opening="\n",
    ),
    "minicpm5": _Format(
        _tags(
            "minicpm5",
            '"{}">',
            '<param name="{}">',
            "</param>",
            "",
            lambda end: minimax_value(end, ("</param>",), cdata=True),
            ("<![CDATA[", "]]>"),
        ),
        head='"{}',
        tags=("</param>",),
        markers=("</param>",),
    ),
}  # fmt: skip
