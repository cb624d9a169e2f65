"""The text of a custom tool's call, by the grammar of the tool."""

from collections.abc import Sequence

from ...errors import EngineError
from ...protocol import Generate, Tool
from .lark_reader import LarkSource, read_lark
from .lark_writer import write_grammar
from .nodes import GrammarError, is_encodable
from .quoting import Quoting

#: The argument of a call that has the text.
INPUT = "input"


def custom_input(tool: Tool, quoting: Quoting) -> str:
    """Returns the body of a rule for the text of a call: a nested grammar.

    Raises EngineError INVALID_REQUEST with the name of the tool for a grammar that is wrong or not
    supported.
    """
    assert tool.grammar is not None
    try:
        if not is_encodable(tool.grammar.definition):
            raise GrammarError("it has half of a surrogate pair")
        if tool.grammar.syntax == "regex":
            source = LarkSource()
            source.rules["start"] = source.expression(tool.grammar.definition)
        else:
            source = read_lark(tool.grammar.definition)
        return f"%lark {{\n{write_grammar(source, quoting)}\n}}"
    except (GrammarError, RecursionError) as error:
        reason = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise EngineError(
            "INVALID_REQUEST", f"The grammar of the tool {tool.name} can't be enforced: {reason}."
        ) from error


def check_custom_tools(tools: Sequence[Tool]) -> None:
    """Raises EngineError INVALID_REQUEST for a grammar of a tool that has other arguments."""
    for tool in tools:
        if tool.grammar is None:
            continue
        properties = tool.parameters.get("properties")
        if not isinstance(properties, dict) or list(properties) != [INPUT]:
            raise EngineError(
                "INVALID_REQUEST",
                f"The tool {tool.name} has a grammar, so its only parameter must be {INPUT!r}.",
            )


def calls_custom_tools(request: Generate) -> bool:
    """Whether the model may choose to call a tool with a grammar."""
    return (
        request.messages is not None
        and request.tool_choice == "auto"
        and any(tool.grammar is not None for tool in request.tools)
    )
