"""Checks values against JSON Schemas, as far as the tests need it."""

import re
from typing import Any

_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def is_valid(value: Any, schema: Any, root: dict[str, Any]) -> bool:  # noqa: ANN401 — any JSON
    """Whether `value` is of `schema`, a part of `root`."""
    if isinstance(schema, bool):
        return schema
    checks = [_type(value, schema), _choice(value, schema, root)]
    if isinstance(value, str):
        checks.append(schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 1e9))
        checks.append(re.search(schema.get("pattern", ""), value) is not None)
    if isinstance(value, int | float):
        checks.append(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, list):
        checks.append(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1e9))
        checks += [is_valid(one, schema.get("items", True), root) for one in value]
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        checks.append(set(schema.get("required", [])) <= value.keys())
        checks += [is_valid(one, properties.get(key, others), root) for key, one in value.items()]
    return all(checks)


def _type(value: object, schema: dict[str, Any]) -> bool:
    types = schema.get("type")
    if types is None:
        return True
    if isinstance(value, bool):
        return "boolean" in types
    return any(
        isinstance(value, _TYPES[one]) for one in ([types] if isinstance(types, str) else types)
    )


def _choice(value: object, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    if "$ref" in schema and not is_valid(value, root["$defs"][schema["$ref"][8:]], root):
        return False
    if "anyOf" in schema and not any(is_valid(value, one, root) for one in schema["anyOf"]):
        return False
    return value in schema.get("enum", [value])
