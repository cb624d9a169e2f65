"""The keywords of JSON Schema, and the parts of a schema that are schemas."""

from collections.abc import Iterator
from typing import Any

# Keywords whose value is a schema, a list of schemas, or an object of named schemas.
OF_ONE = (
    "items", "additionalProperties", "additionalItems", "propertyNames", "contains", "not", "if",
    "then", "else", "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
OF_MANY = ("anyOf", "oneOf", "allOf", "prefixItems", "items")
NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")

# The keywords that constrain a value or say what a schema refers to. All others are annotations.
CONSTRAINING = frozenset(
    {
        *OF_ONE, *OF_MANY, *NAMED,
        "$schema", "$id", "$anchor", "$ref", "$dynamicRef", "$recursiveRef",
        "type", "enum", "const", "required", "minProperties", "maxProperties", "dependentRequired",
        "dependencies", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
        "minLength", "maxLength", "pattern", "format",
    }
)  # fmt: skip

# The formats of strings that llguidance 1.9.1 enforces.
FORMATS = frozenset(
    {
        "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uri",
        "uuid",
    }
)  # fmt: skip


def parts(schema: dict[str, Any]) -> Iterator[tuple[str, object]]:
    """Yields the schemas in a schema, each with its path such as `.properties.city`."""
    for key, value in schema.items():
        if key in NAMED and isinstance(value, dict):
            for name, part in value.items():
                yield f".{key}{_member(name)}", part
        elif key in OF_MANY and isinstance(value, list):
            for index, part in enumerate(value):
                yield f".{key}[{index}]", part
        elif key in OF_ONE:
            yield f".{key}", value


def _member(name: str) -> str:
    if name.isascii() and name.isidentifier():
        return f".{name}"
    return '["{}"]'.format(name.replace("\\", "\\\\").replace('"', '\\"'))
