"""Errors of invalid bodies, in the words of the other server of this project, which uses zod."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ApiError, invalid
from .json_shape import not_json

#: Stands for a field that the body does not have. See `RequestModel`.
UNDEFINED = object()

#: The type of the error for a key with an unknown value, whose name is in its context.
UNKNOWN_KEY = "unknown_key"


def to_validation_error(errors: Sequence[Mapping[str, Any]]) -> ApiError:
    """Converts the first error that pydantic found: `messages.0.content: ...`."""
    error = errors[0]
    # The body is missing altogether, or FastAPI could not parse it.
    if error["type"] == "json_invalid" or (error["type"] == "missing" and len(error["loc"]) == 1):
        return not_json()
    path = [str(part) for part in error["loc"][1:] if _is_field(part)]
    if error["type"] == UNKNOWN_KEY:
        path.append(error["ctx"]["key"])
    param = ".".join(path)
    message = _message(error)
    return invalid(f"{param}: {message}" if param else message, param or None)


def _is_field(part: str | int) -> bool:
    """Returns whether a part of a location is in the body. Pydantic adds the names of variants."""
    return isinstance(part, int) or not (part.startswith("<") or part == "[key]")


def _message(error: Mapping[str, Any]) -> str:
    write = _MESSAGES.get(error["type"])
    return str(error["msg"]) if write is None else write(error.get("ctx", {}), error.get("input"))


_Write = Callable[[Mapping[str, Any], object], str]


def _expected(name: str) -> _Write:
    return lambda _, value: f"Invalid input: expected {name}, received {_kind(value)}"


def _bound(word: str, sign: str, key: str) -> _Write:
    return lambda context, _: f"Too {word}: expected number to be {sign}{_number(context[key])}"


def _length(word: str, sign: str, key: str, noun: str, unit: str) -> _Write:
    return lambda context, _: f"Too {word}: expected {noun} to have {sign}{context[key]} {unit}"


def _options(context: Mapping[str, Any], _: object) -> str:
    values = str(context["expected"]).replace(" or ", ", ").split(", ")
    quoted = [f'"{value.strip(chr(39))}"' for value in values]
    if len(quoted) == 1:
        return f"Invalid input: expected {quoted[0]}"
    return f"Invalid option: expected one of {'|'.join(quoted)}"


def _integer(_: Mapping[str, Any], value: object) -> str:
    expected = "int" if isinstance(value, float) else "number"
    return f"Invalid input: expected {expected}, received {_kind(value)}"


# One message for each type of https://docs.pydantic.dev/latest/errors/validation_errors/ that a
# request can cause.
_MESSAGES: dict[str, _Write] = {
    "bool_type": _expected("boolean"),
    "dict_type": _expected("record"),
    "float_type": _expected("number"),
    "greater_than": _bound("small", ">", "gt"),
    "greater_than_equal": _bound("small", ">=", "ge"),
    "int_type": _integer,
    "less_than_equal": _bound("big", "<=", "le"),
    "list_type": _expected("array"),
    "literal_error": _options,
    "model_attributes_type": _expected("object"),
    "model_type": _expected("object"),
    "string_too_long": _length("big", "<=", "max_length", "string", "characters"),
    "string_too_short": _length("small", ">=", "min_length", "string", "characters"),
    "string_type": _expected("string"),
    "too_long": _length("big", "<=", "max_length", "array", "items"),
    "too_short": _length("small", ">=", "min_length", "array", "items"),
}


def _kind(value: object) -> str:
    """Returns the type of a value in the words of JSON."""
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    kinds: dict[type, str] = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return kinds.get(type(value), "number")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)
