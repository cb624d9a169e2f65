"""How models write tool calls, as expressions of grammars.

The markers and their order come from the parsers in mlx-lm 0.32.2 (mlx_lm/tool_parsers), which read
what a model writes by these grammars.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ..errors import EngineError
from ..protocol import Tool
from .custom.custom_input import INPUT, custom_input
from .custom.quoting import json_quoting, raw_quoting
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


@dataclass(frozen=True)
class CallFormat:
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


_GLM = CallFormat(
    _tags("glm47", "{}", "<arg_key>{}</arg_key><arg_value>", "</arg_value>", "", glm_value),
    markers=("</arg_value>",),
    tags=("<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"),
)

#: The formats by the names of mlx-lm's parsers.
FORMATS = {
    "json_tools": CallFormat(
        _json('{"name": "{name}", "arguments": ', "}"),
        opening="\n", closing="\n", separator="\n", head='{"name": "{}',
    ),
    "longcat": CallFormat(
        _json('{"name": "{name}", "arguments": ', "}"),
        opening="\n", closing="\n", separator="\n", head='{"name": "{}',
    ),
    "mistral": CallFormat(_json("{name}[ARGS]"), names=r"[\w-]+", tags=("[ARGS]",)),
    "kimi_k2": CallFormat(
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
    "kimi_k3": CallFormat(
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
    "gemma4": CallFormat(_gemma4, names=r"[\w-]+", head="call:{}", tags=('<|"|>',)),
    "function_gemma": CallFormat(_function_gemma, names=r"\w+", head="call:{}"),
    "pythonic": CallFormat(
        _pythonic, marked="all", opening="[", closing="]", separator=", "
    ),
    "glm47": _GLM,
    "laguna": _GLM,
    "qwen3_coder": CallFormat(
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
    "minimax_m2": CallFormat(
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
    "muse_spark": CallFormat(
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
    "minicpm5": CallFormat(
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
