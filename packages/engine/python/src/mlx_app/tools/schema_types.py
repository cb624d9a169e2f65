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
        return frozenset(_type_of(value) for value in schema.get("enum", [schema.get("const")]))
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            return frozenset().union(*(schema_types(one, root) for one in schema[keyword]))
    return every


def resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """Resolves a reference to one of the definitions of `root`, if the schema is one."""
    seen: set[str] = set()
    while isinstance(schema.get("$ref"), str) and schema["$ref"] not in seen:
        seen.add(schema["$ref"])
        found = re.fullmatch(r"#/(\$defs|definitions)/([^/~%]+)", schema["$ref"])
        target = root.get(found[1], {}).get(found[2]) if found else None
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
