"""Checks the options of calls, and says in a sentence which of them is not valid."""

import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from reprlib import Repr
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from ..errors import EngineError
from .explain import python_names

Checked = TypeVar("Checked", bound=msgspec.Struct)

_PROBLEM = re.compile(
    r"(?P<problem>.*?)(?: - at (?P<key>`key` in )?`\$\.?(?P<path>.*)`)?", re.DOTALL
)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
# What the patterns of the protocol stand for.
_PATTERNS = {
    r"^[a-zA-Z0-9_.-]{1,64}$": "1 to 64 letters, digits, _, . and -",
    r"^[0-9]{1,9}$": "a token id",
}
# The protocol is JSON, whose numbers are exact up to here.
_LARGEST_INTEGER = 2**53 - 1
_shortened = Repr()
_shortened.maxstring = _shortened.maxother = 60
# Where a value can't be told from the path of the problem.
_UNKNOWN_VALUE = object()


def invalid(doing: str, problem: str, hint: str | None = None) -> EngineError:
    """Returns the error of a call that is not valid."""
    return EngineError("INVALID_REQUEST", f"{doing}: {problem}", hint)


def convert(doing: str, fields: Mapping[str, Any], kind: type[Checked]) -> Checked:
    """Returns a struct with these fields, which have Python's names. None counts as left out.

    Raises EngineError INVALID_REQUEST, which names the field that is not valid and its limits.
    """
    names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    encoded = {names[name]: value for name, value in fields.items() if value is not None}
    for name, value in fields.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise invalid(doing, f"{name} must be a finite number, not {value}.")
        if isinstance(value, int) and abs(value) > _LARGEST_INTEGER:
            raise invalid(doing, must_be(name, f"at most {_LARGEST_INTEGER:,}", value))
    if kind.__struct_config__.tag is not None:
        encoded["type"] = kind.__struct_config__.tag
    try:
        checked = msgspec.convert(encoded, kind)
    except msgspec.ValidationError as error:
        problem, hint = _explain(str(error), encoded, kind)
        raise invalid(doing, problem, hint) from None
    try:
        # A copy of plain values: the caller may change its lists and dictionaries meanwhile, and
        # what is no JSON would fail in the middle of the worker.
        return msgspec.json.decode(msgspec.json.encode(checked, enc_hook=_plain), type=kind)
    except UnicodeEncodeError as error:
        part = error.object[error.start : error.end]
        raise invalid(
            doing,
            f"A text has {part!r}, which is half of a character.",
            "Decode bytes with the encoding that they have, such as UTF-8.",
        ) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise invalid(doing, f"A value can't be converted to JSON: {error}.") from None


def known_options(doing: str, options: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Returns the options that are given.

    Raises EngineError INVALID_REQUEST for one that `kind` does not have.
    """
    names = kind.__annotations__.keys()
    unknown = next((name for name in options if name not in names), None)
    if unknown is not None:
        similar = get_close_matches(str(unknown), names, 1)
        hint = f"Did you mean {similar[0]}?" if similar else None
        raise invalid(doing, f"There is no option {unknown}.", hint)
    return {name: value for name, value in options.items() if value is not None}


def must_be(path: str, expected: str, value: object) -> str:
    """Returns the sentence for a value that is not what it must be."""
    return f"{path} must be {expected}, not {show(value)}."


def show(value: object) -> str:
    """Returns a value as Python writes it, shortened."""
    return _shortened.repr(value)


def alternatives(values: Sequence[object]) -> str:
    """Returns values as a text: 'a', 'b' or 'c'."""
    texts = [str(value) if isinstance(value, int) else repr(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


def _plain(value: object) -> object:
    """Returns a value as one that JSON has, for types that inherit from those."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is unsupported")


class _Place(NamedTuple):
    """A place in the options of a call."""

    path: str
    kind: inspect.Type
    value: object


def _explain(text: str, encoded: object, struct: type[msgspec.Struct]) -> tuple[str, str | None]:
    """Returns what is wrong in a sentence, and a hint, from the message of msgspec."""
    found = _PROBLEM.fullmatch(text)
    assert found is not None
    place = _find(found["path"] or "", encoded, inspect.type_info(struct))
    if place is None:
        return f"{python_names(found['path'] or 'A value')} is not valid: {found['problem']}.", None
    fields = _fields(place.kind, place.value)
    if missing := _MISSING.fullmatch(found["problem"]):
        return f"{place.path} has no {_python_name(missing[1], fields)}.", None
    if unknown := _UNKNOWN.fullmatch(found["problem"]):
        names = [field.name for field in fields]
        similar = get_close_matches(unknown[1], names, 1)
        hint = f"Did you mean {similar[0]}?" if similar else f"It may have {', '.join(names)}."
        return f"{place.path} can't have {unknown[1]}.", hint
    if found["key"]:
        kind = place.kind
        expected = _describe(kind.key_type) if isinstance(kind, inspect.DictType) else "a text"
        return f"Each key of {place.path} must be {expected}.", None
    expected = _describe(place.kind)
    if place.value is _UNKNOWN_VALUE:
        return f"Each value of {place.path} must be {expected}.", None
    if isinstance(place.value, list | tuple) and "of length" in found["problem"]:
        return f"{place.path} must be {expected}, not of {len(place.value)}.", None
    if isinstance(place.value, str) and "of length" in found["problem"] and len(place.value) > 60:
        return f"{place.path} must be {expected}, not of {len(place.value):,}.", None
    return must_be(place.path, expected, place.value), None


def _find(path: str, value: object, kind: inspect.Type) -> _Place | None:
    """Returns the place of a path of msgspec, which has the names of the protocol."""
    named = ""
    for index, name in re.findall(r"\[(\d+|\.\.\.)\]|([^.\[\]]+)", path):
        if name:
            field = next((each for each in _fields(kind, value) if each.encode_name == name), None)
            if field is None or not isinstance(value, Mapping):
                return None
            named += f".{field.name}" if named else field.name
            value, kind = value.get(name), field.type
            continue
        inner = _only(kind, inspect.DictType if index == "..." else inspect.ListType)
        if isinstance(inner, inspect.DictType):
            value, kind = _UNKNOWN_VALUE, inner.value_type
        elif isinstance(inner, inspect.ListType) and isinstance(value, Sequence):
            named += f"[{index}]"
            value, kind = value[int(index)], inner.item_type
        else:
            return None
    return _Place(named or "The request", kind, value)


def _only(kind: inspect.Type, wanted: type[inspect.Type]) -> inspect.Type | None:
    return next((each for each in _types(kind) if isinstance(each, wanted)), None)


def _types(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    """Returns the types of a union, without None."""
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return tuple(
        each.type if isinstance(each, inspect.Metadata) else each
        for each in kinds
        if not isinstance(each, inspect.NoneType)
    )


def _fields(kind: inspect.Type, value: object) -> list[inspect.Field]:
    """Returns the fields of a struct; for one of several kinds of it, those that its tag says."""
    structs = [each for each in _types(kind) if isinstance(each, inspect.StructType)]
    tags = [struct.tag for struct in structs if struct.tag is not None]
    tag = value.get("type") if isinstance(value, Mapping) else None
    fields = [
        field
        for struct in structs
        if len(structs) == 1 or struct.tag == tag
        for field in struct.fields
    ]
    if len(structs) > 1:
        fields.append(inspect.Field("type", "type", inspect.LiteralType(tuple(tags))))
    return fields


def _python_name(name: str, fields: Sequence[inspect.Field]) -> str:
    return next((field.name for field in fields if field.encode_name == name), name)


def _describe(kind: inspect.Type) -> str:
    """Returns what a value of a type is, such as: a number from 0 to 2."""
    match kind:
        case inspect.BoolType():
            return "True or False"
        case inspect.IntType():
            return f"an integer{_limits(kind)}"
        case inspect.FloatType():
            return f"a number{_limits(kind)}"
        case inspect.StrType() if kind.pattern is not None:
            return _PATTERNS.get(kind.pattern, f"a text that matches {kind.pattern}")
        case inspect.StrType():
            return f"a text{_length(kind, 'character')}"
        case inspect.ListType():
            return f"a list{_length(kind, 'item')}"
        case inspect.LiteralType():
            return alternatives(kind.values)
        case inspect.UnionType() | inspect.Metadata():
            return " or ".join(dict.fromkeys(_describe(each) for each in _types(kind)))
        case _:
            return "a dictionary"


def _limits(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:,g} to {_number(kind.le)}"
    if kind.gt is not None and kind.le is not None:
        return f" above {kind.gt:,g} and at most {_number(kind.le)}"
    if kind.gt is not None:
        return f" above {kind.gt:,g}"
    return "" if kind.ge is None else f" of at least {kind.ge:,g}"


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}"


def _length(kind: inspect.StrType | inspect.ListType, unit: str) -> str:
    if kind.max_length is not None and kind.min_length is not None:
        return f" of {kind.min_length:,} to {kind.max_length:,} {unit}s"
    if kind.max_length is not None:
        return f" of at most {kind.max_length:,} {unit}s"
    return "" if not kind.min_length else f" of at least {kind.min_length:,} {unit}"
