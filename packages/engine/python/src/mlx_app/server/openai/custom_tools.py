"""Custom tools, which the model calls with a text that may follow a grammar."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from annotated_types import MaxLen, MinLen
from pydantic import Field, Tag

from ...engine.options import Tool, ToolGrammar
from ...protocol import ToolCall
from ..http.validation import RequestModel, by_key, known_key
from . import limits


class Grammar(RequestModel):
    """The grammar of a text."""

    syntax: Literal["lark", "regex"]
    definition: Annotated[str, MinLen(1), MaxLen(limits.GRAMMAR_CHARACTERS)]


class TextFormat(RequestModel):
    """Any text."""

    type: Literal["text"]


class GrammarFormat(RequestModel):
    """Text that each call holds to a grammar."""

    type: Literal["grammar"]
    grammar: Grammar


class CustomTool(RequestModel):
    """A tool that takes a text."""

    name: str
    description: str | None = None
    format: (
        Annotated[
            Annotated[TextFormat, Tag("<text>")] | Annotated[GrammarFormat, Tag("<grammar>")],
            by_key("type", "text"),
            known_key("type", ["text", "grammar"], "Invalid input: expected text or grammar"),
        ]
        | None
    ) = Field(None, description="The format of the text. Default: any text.")


class CustomCall(RequestModel):
    """An earlier call of a custom tool."""

    name: Annotated[str, MinLen(1)]
    input: str


def custom_tool(asked: CustomTool) -> Tool:
    """Returns the tool for the engine. Its parameters tell the model the grammar."""
    description = "The text of the call."
    tool = Tool(name=asked.name)
    if isinstance(asked.format, GrammarFormat):
        given = asked.format.grammar
        kind = "Lark grammar" if given.syntax == "lark" else "regular expression"
        description += f" It follows this {kind}:\n{given.definition}"
        tool["grammar"] = ToolGrammar(syntax=given.syntax, definition=given.definition)
    tool["parameters"] = {
        "type": "object",
        "properties": {"input": {"type": "string", "description": description}},
        "required": ["input"],
        "additionalProperties": False,
    }
    return tool


def custom_call(call: ToolCall) -> Mapping[str, Any]:
    """Returns a call of a custom tool, of whose parameters the model may have written others."""
    text = call.arguments.get("input")
    if not isinstance(text, str):
        text = json.dumps(call.arguments, ensure_ascii=False, separators=(",", ":"))
    return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": text}}
