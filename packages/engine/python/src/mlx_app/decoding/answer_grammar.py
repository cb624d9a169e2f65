"""The grammar of an answer: a format, calls of tools, or a choice of the two."""

from ..errors import EngineError
from ..mlx_lm_adapter.models import Tokenizer
from ..mlx_lm_adapter.text import ToolParser, tool_parser
from ..prompt.chat_prompt import check_tools
from ..protocol import Generate, ResponseFormat
from ..tools.call_limits import allows_one_call
from ..tools.tool_grammar import (
    CallSyntax,
    chosen_tool_grammar,
    free_call_grammar,
    tool_grammar,
)
from .constraints import Constraints, Grammar

_ANSWER = "@answer"


def answer_grammar(
    request: Generate, tokenizer: Tokenizer, constraints: Constraints
) -> Grammar | None:
    """Returns the grammar that the answer of a request must follow, if there is one.

    A format is for the text of an answer. With tools, the model may call one instead, and a call
    that is demanded leaves the format nothing to say.

    Raises EngineError INVALID_REQUEST or UNSUPPORTED for what can't be enforced.
    """
    if request.tool_choice == "required":
        return _demanded_calls(request, tokenizer, constraints)
    if request.response_format is None:
        return None
    parser = tool_parser(tokenizer)
    if request.tool_choice == "none" or not request.tools or parser is None:
        return constraints.compile(request.response_format)
    return _calls_or_format(request, request.response_format, parser, constraints)


def call_syntax(parser: ToolParser, constraints: Constraints) -> CallSyntax:
    """Returns how the model of a parser writes calls."""
    return CallSyntax(parser.name, parser.start, parser.end, constraints.token_of)


def _demanded_calls(request: Generate, tokenizer: Tokenizer, constraints: Constraints) -> Grammar:
    if not request.tools:
        raise EngineError("INVALID_REQUEST", "toolChoice demands a call, and tools has none.")
    # A prompt of bare text was processed without its tools.
    check_tools(tokenizer)
    parser = tool_parser(tokenizer)
    assert parser is not None
    text = _call_grammar(request, call_syntax(parser, constraints))
    try:
        return constraints.compile_lark(text, "schemas of the tools")
    except EngineError:
        for tool in request.tools:
            if request.tool_name in (None, tool.name):
                constraints.check_schema(tool.parameters, f"schema of the tool {tool.name}")
        raise


def _calls_or_format(
    request: Generate,
    response_format: ResponseFormat,
    parser: ToolParser,
    constraints: Constraints,
) -> Grammar:
    syntax = call_syntax(parser, constraints)
    try:
        text = _call_grammar(request, syntax, _ANSWER)
        return constraints.compile_either(text, response_format)
    except EngineError:
        # Raises the error of the format, if it is at fault.
        constraints.compile(response_format)
    # No call was demanded, so tools that can't be enforced are called as without a format. The
    # grammar of a tool still holds.
    if any(tool.grammar is not None for tool in request.tools):
        parallel = not allows_one_call(request)
        text = chosen_tool_grammar(syntax, request.tools, parallel, _ANSWER)
        return constraints.compile_either(text, response_format)
    free = free_call_grammar(syntax, _ANSWER)
    return constraints.compile_either(free, response_format)


def _call_grammar(request: Generate, syntax: CallSyntax, or_else: str | None = None) -> str:
    return tool_grammar(
        syntax, request.tools, request.tool_name, not allows_one_call(request), or_else
    )
