"""Whether no value can match two schemas, so that oneOf is the same as anyOf."""

import json
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

Schema = dict[str, Any]
Resolve = Callable[[Schema], Schema]


def are_disjoint(schemas: Sequence[object], resolve: Resolve) -> bool:
    """Returns whether any two of the schemas exclude each other by a type or by constants.

    `resolve` returns what a schema refers to. False if that can't be told.
    """
    resolved = [resolve(one) if isinstance(one, dict) else {} for one in schemas]
    return all(_exclude(one, other, resolve) for one, other in combinations(resolved, 2))


def _exclude(one: Schema, other: Schema, resolve: Resolve) -> bool:
    values, others = _constants(one), _constants(other)
    if values is not None and others is not None:
        return not values & others
    types, other_types = _types(one), _types(other)
    if types and other_types and not types & other_types:
        return True
    if types != {"object"} or other_types != {"object"}:
        return False
    # The tag of a discriminated union.
    return any(
        _exclude(_property(one, name, resolve), _property(other, name, resolve), resolve)
        for name in _strings(one.get("required")) & _strings(other.get("required"))
    )


def _property(schema: Schema, name: str, resolve: Resolve) -> Schema:
    properties = schema.get("properties")
    found = properties.get(name) if isinstance(properties, dict) else None
    return resolve(found) if isinstance(found, dict) else {}


def _constants(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {_canonical(schema["const"])}
    if isinstance(schema.get("enum"), list):
        return {_canonical(value) for value in schema["enum"]}
    return None


def _canonical(value: object) -> str:
    # In JSON, 1.0 is the same number as 1.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)


def _types(schema: Schema) -> set[str]:
    types = schema.get("type")
    found = {types} if isinstance(types, str) else _strings(types)
    return found | {"integer"} if "number" in found else found


def _strings(values: object) -> set[str]:
    listed = values if isinstance(values, list) else []
    return {value for value in listed if isinstance(value, str)}
