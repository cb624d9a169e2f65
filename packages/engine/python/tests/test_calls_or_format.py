"""Tools with a format: the answer is a call or has the format, for every format of calls."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from call_grammars import (
    FORMATS,
    PING,
    WEATHER,
    accepts,
    assert_calls,
    grammar_of,
    walk,
    walk_through,
)
from mlx_app.decoding.answer_grammar import answer_grammar
from mlx_app.decoding.constraints import Constraints
from mlx_app.errors import EngineError
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import (
    Generate,
    GrammarFormat,
    JsonObjectFormat,
    JsonSchemaFormat,
    RegexFormat,
    ResponseFormat,
    Tool,
    ToolGrammar,
)
from tool_formats import family

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"sunny": {"type": "boolean"}},
    "required": ["sunny"],
    "additionalProperties": False,
}
JSON_FORMAT = JsonSchemaFormat(schema=SCHEMA)


def asking(response_format: ResponseFormat | None, **options: Any) -> Generate:  # noqa: ANN401
    given: dict[str, Any] = {"prompt": "a", "tools": [PING, WEATHER], **options}
    return Generate(id=1, model="hello", response_format=response_format, **given)


@pytest.mark.parametrize("name", FORMATS)
def test_an_answer_is_a_call_or_an_object(name: str, hello: TextModel) -> None:
    tokenizer = family(hello, name)
    grammar = answer_grammar(asking(JSON_FORMAT), tokenizer, Constraints(tokenizer, len(tokenizer)))
    assert grammar is not None
    seen: set[str] = set()
    for seed in range(30):
        text = walk_through(grammar, tokenizer, seed)
        if text.startswith("{"):
            assert json.loads(text) in ({"sunny": True}, {"sunny": False})
            seen.add("object")
        else:
            seen.update(assert_calls(name, text, [PING, WEATHER]))
        if len(seen) == 3:
            return
    raise AssertionError(f"only {seen}")


@pytest.mark.parametrize(
    ("response_format", "is_right"),
    [
        (JsonObjectFormat(), lambda text: isinstance(json.loads(text), dict)),
        (RegexFormat(pattern="[ab]{2,3}"), lambda text: set(text) <= {"a", "b"}),
        (GrammarFormat(grammar='start: "x" y\ny: "y" | "z"'), lambda text: text in ("xy", "xz")),
        (GrammarFormat(grammar='root ::= "yes" | "no"'), lambda text: text in ("yes", "no")),
    ],
)
def test_any_format_can_be_the_alternative(
    response_format: ResponseFormat, is_right: Callable[[str], bool], hello: TextModel
) -> None:
    tokenizer = hello.tokenizer
    grammar = answer_grammar(
        asking(response_format), tokenizer, Constraints(tokenizer, len(tokenizer))
    )
    assert grammar is not None
    texts = [walk_through(grammar, tokenizer, seed) for seed in range(20)]
    calls = [text for text in texts if text.startswith("<tool_call>")]
    assert 0 < len(calls) < len(texts)
    for text in calls:
        assert_calls("json_tools", text, [PING, WEATHER])
    assert all(is_right(text) for text in texts if text not in calls)


@pytest.mark.parametrize("options", [{}, {"tool_name": "ping"}])
def test_a_demanded_call_leaves_the_format_nothing_to_say(
    options: dict[str, Any], hello: TextModel
) -> None:
    tokenizer = hello.tokenizer
    request = asking(JSON_FORMAT, tool_choice="required", **options)
    grammar = answer_grammar(request, tokenizer, Constraints(tokenizer, len(tokenizer)))
    assert grammar is not None
    for seed in range(6):
        text = walk_through(grammar, tokenizer, seed)
        names = assert_calls("json_tools", text, [PING, WEATHER])
        assert "tool_name" not in options or set(names) == {"ping"}


def test_without_a_choice_of_tools_there_is_only_the_format(hello: TextModel) -> None:
    tokenizer = hello.tokenizer
    constraints = Constraints(tokenizer, len(tokenizer))
    for request in (asking(JSON_FORMAT, tool_choice="none"), asking(JSON_FORMAT, tools=[])):
        grammar = answer_grammar(request, tokenizer, constraints)
        assert grammar is not None
        assert {walk_through(grammar, tokenizer, seed)[0] for seed in range(6)} == {"{"}
    assert answer_grammar(asking(None), tokenizer, constraints) is None


def test_a_tool_that_can_not_be_enforced_can_still_be_called(hello: TextModel) -> None:
    tokenizer = hello.tokenizer
    constraints = Constraints(tokenizer, len(tokenizer))
    strange = Tool(name="strange", parameters={"type": "object", "not": {"required": ["a"]}})
    request = asking(JSON_FORMAT, tools=[PING, strange])
    grammar = answer_grammar(request, tokenizer, constraints)
    assert grammar is not None
    texts = [walk_through(grammar, tokenizer, seed) for seed in range(20)]
    calls = [text for text in texts if not text.startswith("{")]
    assert 0 < len(calls) < len(texts)
    assert all(text.startswith("<tool_call>") for text in calls)
    assert all(text.endswith("</tool_call>") for text in calls)
    assert all(text.count("</tool_call>") == 1 for text in calls)


def custom(name: str, definition: str) -> Tool:
    parameters = {"type": "object", "properties": {"input": {"type": "string"}}}
    grammar = ToolGrammar(syntax="regex", definition=definition)
    return Tool(name=name, parameters=parameters, grammar=grammar)


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"function_gemma"}))
def test_the_grammar_of_a_tool_holds_beside_one_that_can_not_be_enforced(
    name: str, hello: TextModel
) -> None:
    tokenizer = family(hello, name)
    constraints = Constraints(tokenizer, len(tokenizer))
    strange = Tool(name="strange", parameters={"type": "object", "not": {"required": ["a"]}})
    tools = [custom("add", r"\d \+ \d"), strange]
    grammar = answer_grammar(asking(JSON_FORMAT, tools=tools), tokenizer, constraints)
    assert grammar is not None

    def is_allowed(tool: Tool) -> bool:
        call = walk(constraints, tokenizer, grammar_of(constraints, name, [tool]), 1)
        return accepts(grammar, tokenizer, call)

    assert is_allowed(custom("add", r"1 \+ 2"))
    assert not is_allowed(custom("add", "1 plus 2"))
    assert is_allowed(Tool(name="strange", parameters={}))
    assert not is_allowed(PING)
    assert accepts(grammar, tokenizer, '{"sunny": true}')
    assert not accepts(grammar, tokenizer, '{"sunny": 1}')


def test_the_grammar_of_a_tool_that_is_wrong_is_an_error(hello: TextModel) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    request = asking(JSON_FORMAT, tools=[PING, custom("add", "(")])
    with pytest.raises(EngineError, match="grammar of the tool add can't be enforced") as caught:
        answer_grammar(request, hello.tokenizer, constraints)
    assert caught.value.code == "INVALID_REQUEST"


def test_an_error_names_what_is_wrong(hello: TextModel) -> None:
    tokenizer = hello.tokenizer
    constraints = Constraints(tokenizer, len(tokenizer))
    look_ahead = {"type": "array", "items": {"type": "string", "pattern": "^(?!a)b"}}
    wrong = {"type": "object", "properties": {"a b": look_ahead}}
    where = r'at \$\.properties\["a b"\]\.items: look-around'
    with pytest.raises(EngineError, match=f"The schema can't be enforced {where}"):
        answer_grammar(asking(JsonSchemaFormat(schema=wrong)), tokenizer, constraints)
    tools = [PING, Tool(name="bad_one", parameters=wrong), WEATHER]
    demanded = asking(None, tools=tools, tool_choice="required")
    with pytest.raises(EngineError, match=f"schema of the tool bad_one can't be .*{where}"):
        answer_grammar(demanded, tokenizer, constraints)
    # Only the tool that is demanded needs to be enforced.
    named = asking(None, tools=tools, tool_choice="required", tool_name="ping")
    assert answer_grammar(named, tokenizer, constraints) is not None
