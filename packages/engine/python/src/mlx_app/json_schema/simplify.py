"""Leaves out of a schema what constrains nothing, and writes the rest as llguidance takes it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .disjoint import Disjointness
from .keywords import CONSTRAINING, FORMATS, NAMED, OF_MANY, OF_ONE
from .known_patterns import KNOWN_PATTERNS
from .references import local_path, local_references, target

_DRAFTS = re.compile(r"https?://json-schema\.org/(draft-0[4-7]|draft/20(19-09|20-12))/schema#?")
_APPLICATORS = {"anyOf", "oneOf", "allOf", "$ref", "if", "dependentSchemas", "not"}
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_DIRECTIONS = (
    ("minimum", -1), ("exclusiveMinimum", -1), ("maximum", 1), ("exclusiveMaximum", 1)
)  # fmt: skip
# llguidance makes regular expressions of ranges only up to these.
_LARGEST_INTEGER = 2**62
_LARGEST_NUMBER = 10**16

Schema = dict[str, Any]


@dataclass(frozen=True)
class _Root:
    """The whole schema, to which parts of it refer."""

    schema: Schema
    disjointness: Disjointness


def simplified(schema: object) -> object:
    """Returns an equivalent schema without annotations.

    An unknown `format` and keywords that nobody knows are annotations too, as JSON Schema says.
    What can't be enforced is left as it is.
    """
    if not isinstance(schema, dict):
        return schema
    root = _Root(schema, Disjointness(lambda part: _resolved(part, schema)))
    # Definitions may stand anywhere, and keep their place.
    kept: Schema = {}
    for path in local_references(schema):
        if path[0] not in CONSTRAINING:
            _keep(kept, path, root)
    return {**kept, **_simplified(schema, root)}


def _keep(kept: Schema, path: tuple[str, ...], root: _Root) -> None:
    """Puts the definition at `path` into `kept`. Paths come before those inside of them."""
    found = target(root.schema, path)
    if found is None:
        return
    for index, key in enumerate(path[:-1]):
        inner = kept.get(key)
        if not isinstance(inner, dict):
            # A list keeps its indices, so it stays whole.
            inner = target(root.schema, path[: index + 1])
            if not isinstance(inner, dict):
                kept[key] = inner
                return
            inner = {}
        kept[key] = dict(inner)
        kept = kept[key]
    kept[path[-1]] = _simplified(found, root) if isinstance(found, dict) else found


def _simplified(schema: Schema, root: _Root) -> Schema:
    def of(part: object) -> object:
        return _simplified(part, root) if isinstance(part, dict) else part

    result: Schema = {}
    for key, value in schema.items():
        if key not in CONSTRAINING:
            continue
        if key in NAMED and isinstance(value, dict):
            result[key] = {name: of(part) for name, part in value.items()}
        elif key in OF_MANY and isinstance(value, list):
            result[key] = [of(part) for part in value]
        elif key in OF_ONE:
            result[key] = of(value)
        else:
            result[key] = value
    for rule in _RULES:
        rule(result, root)
    return result


def _strings(schema: Schema, _root: _Root) -> None:
    draft = schema.get("$schema")
    if not (isinstance(draft, str) and _DRAFTS.fullmatch(draft)):
        schema.pop("$schema", None)
    if not (isinstance(schema.get("format"), str) and schema["format"] in FORMATS):
        schema.pop("format", None)
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and pattern in KNOWN_PATTERNS:
        del schema["pattern"]
        for keyword, value in KNOWN_PATTERNS[pattern].items():
            schema.setdefault(keyword, value)


def _numbers(schema: Schema, _root: _Root) -> None:
    # In draft 4, an exclusive bound is a boolean beside the bound.
    for exclusive, bound in _BOUNDS:
        given = schema.get(exclusive)
        if isinstance(given, bool):
            del schema[exclusive]
        if given is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
    # Those of int64, float32 and float64 become what llguidance can count up to.
    largest = _LARGEST_INTEGER if schema.get("type") == "integer" else _LARGEST_NUMBER
    for keyword, sign in _DIRECTIONS:
        given = schema.get(keyword)
        if isinstance(given, int | float) and given * sign > largest:
            schema[keyword] = largest * sign


def _arrays(schema: Schema, _root: _Root) -> None:
    if schema.get("uniqueItems") is False or schema.get("maxItems") in (0, 1):
        schema.pop("uniqueItems", None)
    if not isinstance(schema.get("items"), list):
        schema.pop("additionalItems", None)
    if "contains" not in schema or (schema.get("minContains") == 0 and "maxContains" not in schema):
        for key in ("contains", "minContains", "maxContains"):
            schema.pop(key, None)
    if schema.get("unevaluatedItems") in (True, {}):
        del schema["unevaluatedItems"]


def _conditions(schema: Schema, _root: _Root) -> None:
    if "if" not in schema or not schema.keys() & {"then", "else"}:
        for key in ("if", "then", "else"):
            schema.pop(key, None)
    if schema.get("not") is False:
        del schema["not"]
    for key in ("dependentRequired", "dependentSchemas", "dependencies"):
        if schema.get(key) == {}:
            del schema[key]


def _alternatives(schema: Schema, root: _Root) -> None:
    """Replaces oneOf, which llguidance can only enforce if it sees that nothing matches twice."""
    alternatives = schema.get("oneOf")
    if (
        isinstance(alternatives, list)
        and "anyOf" not in schema
        and root.disjointness.of(alternatives)
    ):
        schema["anyOf"] = schema.pop("oneOf")


def _objects(schema: Schema, root: _Root) -> None:
    if "unevaluatedProperties" in schema and not schema.keys() & _APPLICATORS:
        # Nothing else evaluates properties, so it is the same as additionalProperties.
        rest = schema.pop("unevaluatedProperties")
        schema.setdefault("additionalProperties", rest)
    if schema.get("unevaluatedProperties") in (True, {}):
        del schema["unevaluatedProperties"]
    names = schema.get("propertyNames")
    if isinstance(names, dict):
        names = _resolved(names, root.schema)
        # A name is a string, and its format is an annotation here.
        names.pop("format", None)
        if names.get("type") == "string":
            del names["type"]
    if names in (True, {}):
        del schema["propertyNames"]
    elif isinstance(names, dict) and not schema.keys() & {"properties", "patternProperties"}:
        values = schema.get("additionalProperties", True)
        named = _named(names, values)
        if named is not None:
            del schema["propertyNames"]
            schema.update(named, additionalProperties=False)


def _named(names: Schema, values: object) -> Schema | None:
    """Returns the keywords for properties with these names, if there are any for them."""
    listed = names.get("enum", [names.get("const")])
    if names.keys() in ({"enum"}, {"const"}) and isinstance(listed, list):
        return {"properties": {name: values for name in listed if isinstance(name, str)}}
    if names.keys() == {"pattern"} and isinstance(names["pattern"], str):
        return {"patternProperties": {names["pattern"]: values}}
    if names.keys() <= {"minLength", "maxLength"}:
        least, most = names.get("minLength", 0), names.get("maxLength", "")
        return {"patternProperties": {f"^[\\s\\S]{{{least},{most}}}$": values}}
    return None


def _resolved(schema: Schema, root: Schema) -> Schema:
    """Returns the keywords of a schema, or of the definition of the root that it refers to."""
    reference = schema.get("$ref")
    path = local_path(reference) if isinstance(reference, str) else None
    found = target(root, path) if path else None
    keywords = found if isinstance(found, dict) else schema
    return {key: value for key, value in keywords.items() if key in CONSTRAINING}


_RULES: tuple[Callable[[Schema, _Root], None], ...] = (
    _strings, _numbers, _arrays, _conditions, _alternatives, _objects
)  # fmt: skip
