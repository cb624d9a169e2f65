"""The values of JSON cases: how they are written out, and compared with what an engine returns.

The README of engine-cases describes them.
"""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import msgspec

from mlx_app.models.locate import HELLO

CASES = Path(__file__).parents[2] / "engine-cases"
ANSWERS = {
    pair["question"]: pair["answer"]
    for pair in json.loads((HELLO / "answers.json").read_text("utf-8"))
}
_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
}


def read_cases() -> dict[str, dict[str, Any]]:
    """Returns the files of cases by their name."""
    files = {}
    for path in sorted((CASES / "cases").glob("*.json")):
        content = json.loads(path.read_text("utf-8"))
        files[path.stem] = (
            {"sendsNothing": False, "cases": content} if isinstance(content, list) else content
        )
    return files


class Expected:
    """Compares values with the expected ones of one case, which can name values of its answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, object] = {}

    def check(self, expected: object, found: object, at: str) -> None:
        """Raises AssertionError with the place in which the values differ."""
        match expected:
            case {"$matches": pattern}:
                # In JavaScript, `[^]` is any character.
                regex = pattern.replace("[^]", r"[\s\S]")
                assert isinstance(found, str), f"{at}: {found!r} is no string"
                assert re.search(regex, found), f"{at}: {found!r} does not match {pattern}"
            case {"$any": kind}:
                is_kind = isinstance(found, _KINDS[kind])
                if isinstance(found, bool):
                    is_kind = kind == "boolean"
                assert is_kind, f"{at}: {found!r} is no {kind}"
            case {"$between": [low, high]}:
                in_range = isinstance(found, int | float) and low <= found <= high
                assert in_range, f"{at}: {found!r} is not from {low} to {high}"
            case {"$same": name}:
                assert self.known.setdefault(name, found) == found, f"{at}: {found!r} differs"
            case {"$differs": name}:
                assert self.known[name] != found, f"{at}: {found!r} is the same"
            case {"$all": parts}:
                for part in parts:
                    self.check(part, found, at)
            case {"$each": each}:
                assert isinstance(found, list), f"{at}: {found!r} is no list"
                for index, item in enumerate(found):
                    self.check(each, item, f"{at}[{index}]")
            case {"$length": length}:
                assert isinstance(found, list), f"{at}: {found!r} is no list"
                self.check(length, len(found), f"{at}: the length")
            case {"$json": value}:
                assert isinstance(found, str), f"{at}: {found!r} is no string"
                self.check(value, json.loads(found), f"{at} as JSON")
            case {"$answerTo": question}:
                self.check(ANSWERS[question], found, at)
            case dict():
                assert isinstance(found, dict), f"{at}: {found!r} is no object"
                for name, value in expected.items():
                    assert not name.startswith("$"), f"There is no {name}."
                    assert name in found, f"{at} has no {name}: {found!r}"
                    self.check(value, found[name], f"{at}.{name}")
            case list():
                assert isinstance(found, list), f"{at}: {found!r} is no list"
                assert len(found) == len(expected), f"{at}: {found!r} has not {len(expected)} items"
                for index, item in enumerate(expected):
                    self.check(item, found[index], f"{at}[{index}]")
            case _:
                same = found == expected and isinstance(found, bool) == isinstance(expected, bool)
                assert same, f"{at}: {found!r} is not {expected!r}"


def expand(value: object, expected: Expected) -> object:
    """Returns a value of a call with all that stands for another value written out."""
    match value:
        case {"$repeat": {"text": str(text), "times": int(times)}}:
            return text * times
        case {"$file": str(name)}:
            return json.loads((CASES / "files" / name).read_text("utf-8"))
        case {"$answerTo": str(question)}:
            return ANSWERS[question]
        case {"$path": str(name)}:
            return str(expected.folder / name)
        case {"$number": str(number)}:
            return float(number)
        case {"$same": str(name)}:
            return expected.known[name]
        case dict():
            return {name: expand(item, expected) for name, item in value.items()}
        case list():
            return [item for entry in value for item in _items(entry, expected)]
        case _:
            return value


def _items(entry: object, expected: Expected) -> list[object]:
    match entry:
        case {"$repeat": {"item": item, "times": int(times)}}:
            return [expand(item, expected) for _ in range(times)]
        case _:
            return [expand(entry, expected)]


def as_json(value: object) -> object:
    """Returns a value of the Python API in the names of the TypeScript API."""
    if isinstance(value, msgspec.Struct):
        return {
            name: as_json(getattr(value, field))
            for field, name in zip(
                value.__struct_fields__, value.__struct_encode_fields__, strict=True
            )
            if getattr(value, field) is not None
        }
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            re.sub("_([a-z])", lambda letter: letter[1].upper(), field.name): as_json(item)
            for field in dataclasses.fields(value)
            if (item := getattr(value, field.name)) is not None
        }
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return value
