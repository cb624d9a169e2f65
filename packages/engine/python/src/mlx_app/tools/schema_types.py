"""The types that a JSON Schema allows."""

import re
from typing import Any


def schema_types(schema: object, root: dict[str, Any]) -> frozenset[str]:
    """Returns the JSON types that the outermost keywords of a schema allow; all if it names none.

    `root` has the definitions that the schema may refer to.
    """
    every = frozenset({"string", "integer", "number", "boolean", "null", "array", "object"})
    if not isinstance(schema, dict):
        return every
    schema = resolve(schema, root)
    types = schema.get("type")
    if isinstance(types, str):
        return frozenset({types})
    if isinstance(types, list):
        return frozenset(map(str, types))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return frozenset(map(_type_of, values)) if isinstance(values, list) else every
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword) and isinstance(schema[keyword], list):
            return frozenset().union(*(schema_types(one, root) for one in schema[keyword]))
    return every


def resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Resolves a reference to one of the definitions of `root`, if the schema is one."""
    seen: set[str] = set()
    while isinstance(schema.get("$ref"), str) and schema["$ref"] not in seen:
        seen.add(schema["$ref"])
        found = re.fullmatch(r"#/(\$defs|definitions)/([^/~%]+)", schema["$ref"])
        definitions = root.get(found[1]) if found else None
        target = definitions.get(found[2]) if found and isinstance(definitions, dict) else None
        if not isinstance(target, dict):
            break
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _type_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"
