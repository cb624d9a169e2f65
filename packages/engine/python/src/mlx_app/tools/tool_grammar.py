"""Grammars for tool calls in the formats of models.

The markers and their order come from the parsers in mlx-lm 0.32.2 (mlx_lm/tool_parsers), which read
what a model writes by these grammars.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import EngineError
from ..protocol import Tool
from .gemma_arguments import flat_arguments, nested_arguments
from .lark import Lark
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


def tool_grammar(
    parser_name: str,
    tools: Sequence[Tool],
    tool_name: str | None,
    parallel: bool,
    start: str,
    end: str,
    token_of: Callable[[str], int | None],
) -> str:
    """Returns a grammar in llguidance's variant of Lark for one call, or 1 to MAX_CALLS.

    `parser_name` is the name of mlx-lm's parser, and `start` and `end` are its markers. `tool_name`
    allows only that tool. `parallel` allows several calls. `token_of` returns the token for all of
    a text, if there is one.

    Raises EngineError INVALID_REQUEST if there is no such tool, and UNSUPPORTED if the format can't
    write the tool's name or arguments reliably.
    """
    chosen = [tool for tool in tools if tool_name is None or tool.name == tool_name]
    if not chosen:
        there = ", ".join(tool.name for tool in tools) or "none"
        raise EngineError(
            "INVALID_REQUEST", f"There is no tool {tool_name or 'to call'}; there are: {there}."
        )
    form = _FORMATS.get(parser_name)
    if form is None:
        raise EngineError(
            "UNSUPPORTED",
            f"Calls can't be enforced in this model's format ({parser_name}).",
            'toolChoice "auto" works.',
        )
    for tool in chosen:
        if not re.fullmatch(form.names, tool.name):
            raise EngineError(
                "UNSUPPORTED",
                f"A call of {tool.name} can't be enforced in this model's format ({parser_name}): "
                "it can't write that name.",
                'toolChoice "auto" works.',
            )
    lark = Lark(token_of, [marker for marker in (*form.markers, end) if marker.startswith("<")])
    return _assemble(form, lark, chosen, MAX_CALLS if parallel else 1, start, end)


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
    return lark.grammar(f"{lark.markup(before)} {following} {lark.markup(after)}")


def _json(before: str, after: str = "") -> Callable[[Lark, Tool, int, str], str]:
    """Arguments as JSON; `before` may contain `{name}`, and `{zero}` or `{one}` for an index."""

    def call(lark: Lark, tool: Tool, index: int, _end: str) -> str:
        text = before
        for word, value in (("name", tool.name), ("zero", index), ("one", index + 1)):
            text = text.replace(f"{{{word}}}", str(value))
        # As in the other formats, only the arguments that the schema names, if it names any.
        closed = {"additionalProperties": False} if "properties" in tool.parameters else {}
        schema = lark.json({"type": "object", **closed, **tool.parameters})
        return f"{lark.markup(text)} {schema} {lark.markup(after)}"

    return call


def _tags(
    name: str, before: str, opening: str, closing: str, after: str, value: Callable[[str], Value]
) -> Callable[[Lark, Tool, int, str], str]:
    """Arguments in tags; `{}` is the tool's name in `before`, and the argument's in `opening`."""

    def call(lark: Lark, tool: Tool, _index: int, end: str) -> str:
        inner = tagged(lark, name, tool, opening, closing, value(end))
        return f"{lark.markup(before.format(tool.name))} {inner} {lark.markup(after)}"

    return call


def _pythonic(lark: Lark, tool: Tool, _index: int, _end: str) -> str:
    return f'{lark.text(tool.name + "(")} {pythonic(lark, tool)} ")"'


def _gemma4(lark: Lark, tool: Tool, _index: int, end: str) -> str:
    return f'{lark.text(f"call:{tool.name}{{")} {nested_arguments(lark, end).of(tool)} "}}"'


def _function_gemma(lark: Lark, tool: Tool, _index: int, end: str) -> str:
    return f'{lark.text(f"call:{tool.name}{{")} {flat_arguments(lark, end).of(tool)} "}}"'


_GLM = _Format(
    _tags("glm47", "{}", "<arg_key>{}</arg_key><arg_value>", "</arg_value>", "", glm_value),
    markers=("</arg_value>",),
)

_FORMATS = {
    "json_tools": _Format(
        _json('{"name": "{name}", "arguments": ', "}"), opening="\n", closing="\n", separator="\n"
    ),
    "longcat": _Format(
        _json('{"name": "{name}", "arguments": ', "}"), opening="\n", closing="\n", separator="\n"
    ),
    "mistral": _Format(_json("{name}[ARGS]"), names=r"[\w-]+"),
    "kimi_k2": _Format(
        _json(
            "<|tool_call_begin|>functions.{name}:{zero}<|tool_call_argument_begin|>",
            "<|tool_call_end|>",
        ),
        marked="all",
        numbered=True,
        markers=("<|tool_call_end|>",),
    ),
    "kimi_k3": _Format(
        _json(
            '<|open|>call tool="{name}" index="{one}"<|sep|><|open|>json type="object"<|sep|>',
            "<|close|>json<|sep|><|close|>call<|sep|>",
        ),
        marked="all",
        numbered=True,
        markers=("<|close|>",),
    ),
    "gemma4": _Format(_gemma4, names=r"[\w-]+"),
    "function_gemma": _Format(_function_gemma, names=r"\w+"),
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
        ),
        markers=("</param>",),
    ),
}  # fmt: skip
