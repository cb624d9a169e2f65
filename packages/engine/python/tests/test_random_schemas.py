"""Random schemas: what is sampled from their grammars is valid, and no schema breaks anything."""

import contextlib
import json
import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from call_grammars import walk_through
from mlx_app.decoding.answer_grammar import answer_grammar
from mlx_app.decoding.constraints import Constraints
from mlx_app.errors import EngineError
from mlx_app.json_schema.keywords import CONSTRAINING, FORMATS
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Generate, JsonSchemaFormat, Tool

Schema = dict[str, Any]
COUNT = 1_000 if os.environ.get("SOAK") else 60
ANNOTATIONS: Schema = {
    "title": "T", "description": "D", "default": 5, "examples": [1], "deprecated": True,
    "readOnly": True, "$comment": "c", "contentEncoding": "base64", "contentMediaType": "text/html",
    "format": "path", "uniqueItems": False, "x-order": 1, "nullable": True, "example": {"type": 5},
    "discriminator": {"propertyName": "a"}, "markdownDescription": "m", "unevaluatedProperties": {},
    "minContains": 2, "then": False, "propertyNames": {"type": "string"}, "dependentRequired": {},
}  # fmt: skip


@pytest.fixture(scope="module")
def constraints(hello: TextModel) -> Constraints:
    return Constraints(hello.tokenizer, hello.vocabulary)


class Maker:
    """Makes schemas that something matches."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def root(self) -> Schema:
        schema = self.object(3)
        schema["$defs"] = {"a": self.any(1), "b": self.string(1)}
        return schema

    def any(self, depth: int) -> Schema:
        makers: list[Callable[[int], Schema]] = [
            self.string, self.integer, self.number, self.fixed, self.types, self.reference,
        ]  # fmt: skip
        if depth > 0:
            makers += [
                self.object, self.array, self.tuple, self.dictionary, self.union, self.choice,
            ]  # fmt: skip
        schema = self.dice.choice(makers)(depth - 1)
        for keyword, value in self.dice.sample(sorted(ANNOTATIONS.items(), key=str), 2):
            schema.setdefault(keyword, value)
        return schema

    def string(self, _depth: int) -> Schema:
        least = self.dice.randint(0, 3)
        return self.dice.choice(
            [
                {"type": "string", "minLength": least, "maxLength": least + 3},
                {"type": "string", "pattern": "^[a-c]{1,3}(-[0-9]+)?$", "maxLength": 9},
                {"type": "string", "pattern": "a.?b", "maxLength": 5},
                {"type": "string", "format": self.dice.choice(["date", "uuid", "time", "ipv4"])},
                {"type": "string", "enum": ["a", 'b"', "ä\\", ""]},
            ]
        )

    def integer(self, _depth: int) -> Schema:
        least = self.dice.randint(-20, 20)
        return {
            "type": "integer",
            self.dice.choice(["minimum", "exclusiveMinimum"]): least,
            "maximum": least + 30,
            **({"multipleOf": self.dice.choice([2, 5])} if self.dice.random() < 0.3 else {}),
        }

    def number(self, _depth: int) -> Schema:
        least = self.dice.uniform(-3, 3)
        return {"type": "number", "minimum": round(least, 2), "exclusiveMaximum": 4.5}

    def fixed(self, _depth: int) -> Schema:
        values = [1, "a", None, True, 2.5, [1, {"a": []}], {"b": "c"}]
        if self.dice.random() < 0.5:
            return {"const": self.dice.choice(values)}
        return {"enum": self.dice.sample(values, 3)}

    def types(self, _depth: int) -> Schema:
        return {"type": self.dice.sample(["boolean", "null", "integer"], 2), "maximum": 9}

    def reference(self, _depth: int) -> Schema:
        return {"$ref": "#/$defs/b"}

    def object(self, depth: int) -> Schema:
        names = self.dice.sample(["a", "b c", 'd"', "ü", "$ref", "type"], self.dice.randint(0, 3))
        return {
            "type": "object",
            "properties": {name: self.any(depth) for name in names},
            "required": self.dice.sample(names, self.dice.randint(0, len(names))),
            self.dice.choice(["additionalProperties", "unevaluatedProperties"]): False,
        }

    def array(self, depth: int) -> Schema:
        least = self.dice.randint(0, 2)
        return {"type": "array", "items": self.any(depth), "minItems": least, "maxItems": least + 1}

    def tuple(self, depth: int) -> Schema:
        return {"type": "array", "prefixItems": [self.any(depth)], "items": False, "minItems": 1}

    def dictionary(self, depth: int) -> Schema:
        names = self.dice.choice(
            [{"enum": ["x", "y"]}, {"pattern": "^x[0-9]$"}, {"minLength": 1, "maxLength": 2}]
        )
        return {"type": "object", "propertyNames": names, "additionalProperties": self.any(depth)}

    def union(self, depth: int) -> Schema:
        return {"anyOf": [self.any(depth), self.any(depth)]}

    def choice(self, depth: int) -> Schema:
        tagged = [self.object(depth) for _ in range(2)]
        for tag, schema in zip("xy", tagged, strict=True):
            schema["properties"]["kind"] = {"const": tag}
            schema["required"].append("kind")
        return {"oneOf": tagged}


def test_what_is_sampled_is_valid(hello: TextModel, constraints: Constraints) -> None:
    refused: list[str] = []
    for seed in range(COUNT):
        schema = Maker(seed).root()
        try:
            grammar = constraints.compile(JsonSchemaFormat(schema=schema))
        except EngineError as error:
            refused.append(f"{seed}: {error.message}")
            continue
        text = walk_through(grammar, hello.tokenizer, seed)
        Draft202012Validator(schema).validate(json.loads(text))
    assert refused == []


WRONG = [5, "a", None, True, [], {}, [5], ["a"], {"a": 5}, [[]], [{}], -1.5, {"$ref": "#/$defs/a"}]


@pytest.mark.parametrize("keyword", sorted(CONSTRAINING))
def test_no_value_of_a_keyword_breaks_anything(
    keyword: str, hello: TextModel, constraints: Constraints
) -> None:
    for value in WRONG:
        for rest in ({}, {"type": "object"}):
            schema = {"type": "object", "properties": {"a": {**rest, keyword: value}}}
            schemas: list[Schema] = [{**rest, keyword: value}, schema]
            for one in schemas:
                request = Generate(
                    id=1, model="hello", prompt="a", tools=[Tool(name="f", parameters=one)],
                    tool_choice="required",
                )  # fmt: skip
                # Any other error fails the test.
                with contextlib.suppress(EngineError):
                    constraints.compile(JsonSchemaFormat(schema=one))
                with contextlib.suppress(EngineError):
                    answer_grammar(request, hello.tokenizer, constraints)


def test_the_known_formats_are_those_of_llguidance() -> None:
    from llguidance import LLMatcher

    def is_enforced(name: str) -> bool:
        text = json.dumps({"type": "string", "format": name})
        wrong, _ = LLMatcher.validate_grammar_with_warnings(
            LLMatcher.grammar_from_json_schema(text)
        )
        return not wrong

    assert {name for name in FORMATS if is_enforced(name)} == FORMATS
    others = [
        "binary", "byte", "cidrv4", "cuid2", "idn-email", "iri", "json-pointer", "jwt", "password",
        "path", "regex", "uri-reference", "uri-template",
    ]  # fmt: skip
    assert not any(map(is_enforced, others))
