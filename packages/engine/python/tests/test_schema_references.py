"""Schemas that refer to parts of themselves, and alternatives of oneOf that exclude each other."""

import time
from typing import Any

import pytest

from call_grammars import walk_through
from mlx_app.decoding.constraints import Constraints
from mlx_app.errors import EngineError
from mlx_app.json_schema.simplify import simplified
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import JsonSchemaFormat

PATH = {"type": "string", "format": "path", "description": "Where", "enum": ["a", "b"]}


def tagged(tag: object) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"text": {"type": "string"}, "kind": {"const": tag}},
        "required": ["text", "kind"],
    }


def nested(levels: int) -> dict[str, Any]:
    """Alternatives that differ in nothing, each with the next level twice in it."""
    definitions: dict[str, Any] = {}
    for side in "AB":
        for level in range(levels):
            following = {"$ref": f"#/$defs/{side}{(level + 1) % levels}"}
            definitions[f"{side}{level}"] = {
                "type": "object",
                "properties": {"a": following, "b": following},
                "required": ["a", "b"],
            }
    alternatives = [{"$ref": "#/$defs/A0"}, {"$ref": "#/$defs/B0"}]
    return {"oneOf": alternatives, "$defs": definitions}


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/components/schemas/X", "components": {"schemas": {"X": PATH, "Y": PATH}}},
        {"$ref": "#/x/a~1b%20c", "x": {"a/b c": PATH}},
        {
            "$ref": "#/x/Z/more/Y",
            "x": {"Z": {"properties": {"a": PATH}, "more": {"Y": {"$ref": "#/x/Z/properties/a"}}}},
        },
    ],
)
def test_definitions_may_stand_anywhere(schema: dict[str, Any], hello: TextModel) -> None:
    before = str(schema)
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    grammar = constraints.compile(JsonSchemaFormat(schema=schema))
    texts = {walk_through(grammar, hello.tokenizer, seed) for seed in range(20)}
    assert texts == {'"a"', '"b"'}
    assert str(schema) == before


@pytest.mark.parametrize(
    "alternatives",
    [
        [tagged(number) for number in range(600)],
        [*(tagged(number) for number in range(600)), {"type": "null"}, {"type": "string"}],
        [{"type": "object", "required": ["a"], "properties": {"a": tagged(n)}} for n in range(9)],
        [{"type": "integer"}, {"type": ["string", "null"]}],
        [{"enum": ["a", "b"]}, {"enum": ["c", 1]}],
    ],
)
def test_one_of_is_enforced_where_nothing_matches_twice(
    alternatives: list[dict[str, Any]], hello: TextModel
) -> None:
    references = [{"$ref": f"#/parts/{index}"} for index in range(len(alternatives))]
    parts = {str(index): part for index, part in enumerate(alternatives)}
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    begin = time.process_time()
    for schema in ({"oneOf": alternatives}, {"oneOf": references, "parts": parts}):
        simple = simplified(schema)
        assert isinstance(simple, dict)
        assert "anyOf" in simple
    assert time.process_time() - begin < 1
    constraints.check_schema({"oneOf": alternatives}, "schema")


@pytest.mark.parametrize(
    "schema",
    [
        {"oneOf": [tagged("a"), tagged("b"), tagged("a")]},
        {"oneOf": [tagged(1), tagged(1.0)]},
        {"oneOf": [tagged("a"), {"type": "object"}]},
        nested(1),
        nested(30),
    ],
)
def test_one_of_is_refused_soon_where_something_may_match_twice(
    schema: dict[str, Any], hello: TextModel
) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    begin = time.process_time()
    assert "oneOf" in str(simplified(schema))
    assert time.process_time() - begin < 1
    with pytest.raises(EngineError, match="oneOf"):
        constraints.compile(JsonSchemaFormat(schema=schema))
