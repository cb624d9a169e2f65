"""The fields for the format of the text, of OpenAI, vLLM and llama.cpp."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from annotated_types import MaxLen
from pydantic import Field, Tag

from ...engine.options import GenerateOptions, ResponseFormat
from ..errors import invalid
from ..http.body import json_object
from ..http.json_shape import MAX_DEPTH, is_too_deep
from ..http.validation import RequestModel, by_key, by_type, known_key, only, unsupported
from . import limits


class JsonSchema(RequestModel):
    """A JSON Schema, which is always enforced."""

    name: str | None = None
    description: str | None = None
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class TextFormat(RequestModel):
    """Any text."""

    type: Literal["text"]


class JsonObjectFormat(RequestModel):
    """A JSON object."""

    type: Literal["json_object"]
    # `schema` is also a method of pydantic's.
    schema_: dict[str, Any] | None = Field(
        None, alias="schema", description="A JSON Schema that the object follows."
    )


class JsonSchemaFormat(RequestModel):
    """JSON that follows a schema."""

    type: Literal["json_schema"]
    json_schema: JsonSchema


ChatResponseFormat = Annotated[
    Annotated[TextFormat, Tag("<text>")]
    | Annotated[JsonObjectFormat, Tag("<json_object>")]
    | Annotated[JsonSchemaFormat, Tag("<json_schema>")],
    by_key("type", "text"),
    known_key(
        "type",
        ["text", "json_object", "json_schema"],
        "Invalid input: expected text, json_object or json_schema",
    ),
]


def _text_or_object(value: object) -> str | None:
    if isinstance(value, dict):
        return "<object>"
    return "<text>" if isinstance(value, str) else None


# A JSON Schema, which some clients send as a string.
Schema = Annotated[
    Annotated[dict[str, Any], Tag("<object>")] | Annotated[str, Tag("<text>")],
    by_type(_text_or_object, "Invalid input: expected a JSON Schema"),
]
# Empty values mean that no format is asked for, because forms of clients send them.
Text = Annotated[str, MaxLen(limits.GRAMMAR_CHARACTERS)]
_SPACES = "JSON has a space after each comma and colon."


class StructuredOutputs(RequestModel):
    """The format of the text, as in vLLM."""

    # `json` is also a method of pydantic's.
    json_: Schema | None = Field(None, alias="json")
    choice: list[str] | None = None
    regex: Text | None = None
    grammar: Text | None = None
    json_object: bool | None = None
    structural_tag: Annotated[None, unsupported("use grammar instead.")] = None
    whitespace_pattern: Annotated[None, unsupported(_SPACES)] = None
    disable_additional_properties: Annotated[
        bool | None,
        only(
            False,
            "only false is supported: set additionalProperties in the schema instead.",
        ),
    ] = None


class FormatFields(RequestModel):
    """The fields of chat completions and completions for the format of the text."""

    response_format: ChatResponseFormat | None = None
    structured_outputs: StructuredOutputs | None = Field(
        None,
        description="The format as in vLLM: one of `json`, `choice`, `regex`, `grammar` and "
        "`json_object`.",
    )
    guided_json: Schema | None = None
    guided_choice: list[str] | None = None
    guided_regex: Text | None = None
    guided_grammar: Text | None = None
    json_schema: Schema | None = None
    grammar: Text | None = None
    guided_whitespace_pattern: Annotated[None, unsupported(_SPACES)] = None


def to_format_option(body: FormatFields) -> GenerateOptions:
    """Returns the format that a request asks for, if it asks for one.

    Raises ApiError 400 if it asks for several, or if a schema is not JSON.
    """
    outputs = body.structured_outputs or StructuredOutputs(json=None)
    any_object = ResponseFormat(type="json_object") if outputs.json_object else None
    fields = {
        "response_format": _of_openai(body),
        "structured_outputs.json": _of_schema(outputs.json_, "structured_outputs.json"),
        "structured_outputs.choice": _of_choice(outputs.choice),
        "structured_outputs.regex": _of_regex(outputs.regex),
        "structured_outputs.grammar": _of_grammar(outputs.grammar),
        "structured_outputs.json_object": any_object,
        "guided_json": _of_schema(body.guided_json, "guided_json"),
        "guided_choice": _of_choice(body.guided_choice),
        "guided_regex": _of_regex(body.guided_regex),
        "guided_grammar": _of_grammar(body.guided_grammar),
        "json_schema": _of_schema(body.json_schema, "json_schema"),
        "grammar": _of_grammar(body.grammar),
    }
    asked = [(param, form) for param, form in fields.items() if form is not None]
    if len(asked) > 1:
        (first, _), (second, _) = asked[:2]
        raise invalid(f"{second}: cannot be combined with {first}.", second)
    return GenerateOptions(response_format=asked[0][1]) if asked else GenerateOptions()


def _of_openai(body: FormatFields) -> ResponseFormat | None:
    """Returns the format of `response_format`. A schema is always enforced, `strict` or not."""
    requested = body.response_format
    if requested is None or isinstance(requested, TextFormat):
        return None
    if isinstance(requested, JsonSchemaFormat):
        schema = requested.json_schema.schema_
    else:
        schema = requested.schema_
    if schema is None:
        return ResponseFormat(type="json_object")
    return ResponseFormat(type="json_schema", schema=schema)


def _of_schema(schema: dict[str, Any] | str | None, param: str) -> ResponseFormat | None:
    if schema is None or schema == "":
        return None
    if isinstance(schema, str):
        if is_too_deep(schema):
            raise invalid(f"{param}: nested more than {MAX_DEPTH} levels deep.", param)
        parsed = json_object(schema)
        if parsed is None:
            raise invalid(f"{param}: the string must contain a JSON Schema.", param)
        schema = parsed
    return ResponseFormat(type="json_schema", schema=schema)


def _of_choice(choices: Sequence[str] | None) -> ResponseFormat | None:
    # Strings of Lark are those of JSON.
    return _of_grammar(f"start: {' | '.join(map(json.dumps, choices))}") if choices else None


def _of_regex(pattern: str | None) -> ResponseFormat | None:
    return ResponseFormat(type="regex", pattern=pattern) if pattern else None


def _of_grammar(grammar: str | None) -> ResponseFormat | None:
    return ResponseFormat(type="grammar", grammar=grammar) if grammar else None
