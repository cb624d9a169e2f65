"""Whether no value can match two schemas, so that oneOf is the same as anyOf."""

import json
from collections.abc import Callable, Sequence
from itertools import chain, combinations, product
from typing import Any

Schema = dict[str, Any]
Resolve = Callable[[Schema], Schema]

# Properties in one another in which tags are looked for, and pairs that are compared in one schema.
# Our choice: tags stand at the top or a level deeper, and so many pairs take a tenth of a second.
_MAX_DEPTH = 4
_MAX_PAIRS = 20_000


class Disjointness:
    """Finds out for one schema whether parts of it exclude each other."""

    def __init__(self, resolve: Resolve) -> None:
        """`resolve` returns what a schema refers to."""
        self._resolve = resolve
        self._pairs = 0

    def of(self, schemas: Sequence[object]) -> bool:
        """Returns whether any two of the schemas exclude each other by a type or by constants.

        False if that can't be told, or if it takes too many comparisons.
        """
        resolved = [self._resolve(one) if isinstance(one, dict) else {} for one in schemas]
        objects = [one for one in resolved if _types(one) == {"object"}]
        others = [one for one in resolved if _types(one) != {"object"}]
        pairs = chain(combinations(others, 2), product(others, objects))
        if not self._have_tags(objects):
            pairs = chain(pairs, combinations(objects, 2))
        return all(self._exclude(one, other) for one, other in pairs)

    def _have_tags(self, objects: Sequence[Schema]) -> bool:
        """Whether one property that all objects demand tells them apart."""
        if not objects:
            return True
        names = set.intersection(*(_strings(one.get("required")) for one in objects))
        return any(
            _all_differ([_constants(self._property(one, name)) for one in objects])
            for name in names
        )

    def _exclude(self, one: Schema, other: Schema, depth: int = 0) -> bool:
        self._pairs += 1
        if self._pairs > _MAX_PAIRS or depth > _MAX_DEPTH:
            return False
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
            self._exclude(self._property(one, name), self._property(other, name), depth + 1)
            for name in sorted(_strings(one.get("required")) & _strings(other.get("required")))
        )

    def _property(self, schema: Schema, name: str) -> Schema:
        properties = schema.get("properties")
        found = properties.get(name) if isinstance(properties, dict) else None
        return self._resolve(found) if isinstance(found, dict) else {}


def _all_differ(listed: Sequence[set[str] | None]) -> bool:
    seen: set[str] = set()
    for values in listed:
        if values is None or seen & values:
            return False
        seen |= values
    return True


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
