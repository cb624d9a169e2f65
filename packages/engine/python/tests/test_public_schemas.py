"""Schemas as pydantic makes them of every type: all are enforced, or refused with the place."""

import datetime
import decimal
import enum
import ipaddress
import json
import pathlib
import re
import uuid
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import pydantic
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model
from typing_extensions import TypedDict

from call_grammars import walk_through
from mlx_app.decoding.answer_grammar import answer_grammar
from mlx_app.decoding.constraints import Constraints
from mlx_app.errors import EngineError
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Generate, JsonSchemaFormat, Tool

Item = TypeVar("Item")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Point(NamedTuple):
    x: int
    y: int = 0


class Movie(TypedDict, total=False):
    name: str
    year: int


@dataclass
class Pair:
    left: int
    right: str = "a"


class Inner(BaseModel):
    """A model in another one."""

    name: str = Field("x", title="The name", examples=["a", "b"], max_length=5)
    size: int | None = Field(None, deprecated=True, ge=0, le=9)


class Tree(BaseModel):
    value: bool
    children: list["Tree"] = Field([], max_length=2)


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=0, le=9)


class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, Field(max_length=4)]


class Box(BaseModel, Generic[Item]):
    content: Item


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: Annotated[str, Field(max_length=3)]


class Numbers(RootModel[list[int]]):
    root: list[int] = Field(max_length=3)


TYPES: dict[str, Any] = {
    "str": str, "int": int, "float": float, "bool": bool, "bytes": bytes, "None": None, "Any": Any,
    "datetime": datetime.datetime, "date": datetime.date, "time": datetime.time,
    "timedelta": datetime.timedelta, "Decimal": decimal.Decimal, "complex": complex,
    "UUID": uuid.UUID, "UUID4": pydantic.UUID4, "UUID7": pydantic.UUID7, "Path": pathlib.Path,
    "FilePath": pydantic.FilePath, "DirectoryPath": pydantic.DirectoryPath,
    "NewPath": pydantic.NewPath, "AnyUrl": pydantic.AnyUrl, "HttpUrl": pydantic.HttpUrl,
    "PostgresDsn": pydantic.PostgresDsn, "IPv4Address": ipaddress.IPv4Address,
    "IPv6Address": ipaddress.IPv6Address, "IPv4Network": ipaddress.IPv4Network,
    "IPv6Network": ipaddress.IPv6Network, "IPvAnyAddress": pydantic.IPvAnyAddress,
    "Enum": Colour, "IntEnum": Level, "Literal": Literal["a", 1, True, None],
    "list": list, "list[int]": list[int], "set": set[int], "frozenset": frozenset[str],
    "tuple": tuple[int, str], "tuple...": tuple[bool, ...], "deque": deque[int],
    "Sequence": Sequence[int], "dict": dict, "dict[str, int]": dict[str, int],
    "dict[int, str]": dict[int, str], "dict[Enum, int]": dict[Colour, int],
    "dict[Literal, int]": dict[Literal["a", "b"], int], "dict[UUID, int]": dict[uuid.UUID, int],
    "dict[pattern, int]": dict[Annotated[str, Field(pattern="^[a-z]{1,3}$")], int],
    "dict[short, int]": dict[Annotated[str, Field(min_length=1, max_length=3)], int],
    "dict bounds": Annotated[dict[str, int], Field(min_length=1, max_length=2)],
    "Mapping": Mapping[str, bool], "NamedTuple": Point, "TypedDict": Movie, "dataclass": Pair,
    "model": Inner, "recursive": Tree, "generic": Box[int], "extra": Open, "root": Numbers,
    "union": int | str | Inner, "discriminated": Annotated[Cat | Dog, Field(discriminator="kind")],
    "pattern": Annotated[str, Field(pattern=r"^[A-Z]{2}\d{1,3}$")],
    "length": Annotated[str, Field(min_length=2, max_length=4)],
    "range": Annotated[int, Field(gt=0, lt=10)], "multiple": Annotated[int, Field(multiple_of=5)],
    "float range": Annotated[float, Field(ge=-1.5, le=2.5)], "PositiveInt": pydantic.PositiveInt,
    "NonNegativeFloat": pydantic.NonNegativeFloat, "StrictStr": pydantic.StrictStr,
    "conlist": Annotated[list[int], Field(min_length=1, max_length=2)],
    "Pattern": re.Pattern[str], "SecretStr": pydantic.SecretStr, "Base64Str": pydantic.Base64Str,
    "Base64UrlBytes": pydantic.Base64UrlBytes, "Json": pydantic.Json[list[int]],
    "ByteSize": pydantic.ByteSize, "PastDate": pydantic.PastDate,
    "AwareDatetime": pydantic.AwareDatetime, "FutureDatetime": pydantic.FutureDatetime,
    "described": Annotated[str, Field(description="D", examples=[1], json_schema_extra={"x": 1})],
}  # fmt: skip

# Where, and why, the schemas that can't be enforced are refused.
REFUSED = {
    "set": "$.properties.value: the keyword uniqueItems is not supported",
    "frozenset": "$.properties.value: the keyword uniqueItems is not supported",
}


def variants() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """Yields the name of each type, of a use of it, and a model."""
    for name, one in TYPES.items():
        optional = Any if one in (None, Any) else one | None
        few = Annotated[list[one], Field(max_length=2)]  # type: ignore[valid-type]
        for use, field in (
            ("plain", (one, ...)),
            ("optional", (optional, None)),
            ("listed", (few, ...)),
            ("in a dictionary", (dict[str, one], ...)),  # type: ignore[valid-type]
        ):
            yield name, use, create_model("M", value=field)


VARIANTS = list(variants())


def test_there_are_hundreds() -> None:
    assert len(VARIANTS) > 300


@pytest.fixture(scope="module")
def constraints(hello: TextModel) -> Constraints:
    return Constraints(hello.tokenizer, hello.vocabulary)


@pytest.mark.parametrize("name", TYPES)
def test_a_schema_is_enforced_or_refused_with_its_place(
    name: str, hello: TextModel, constraints: Constraints
) -> None:
    for _, use, model in (variant for variant in VARIANTS if variant[0] == name):
        schema = model.model_json_schema()
        demanded = Generate(
            id=1, model="hello", prompt="a", tools=[Tool(name="f", parameters=schema)],
            tool_choice="required",
        )  # fmt: skip
        if name in REFUSED:
            place, _, reason = REFUSED[name].partition(": ")
            wanted = re.escape(place) + r"(\S*): " + re.escape(reason)
            with pytest.raises(EngineError, match=f"^The schema can't be enforced at {wanted}"):
                constraints.compile(JsonSchemaFormat(schema=schema))
            with pytest.raises(EngineError, match=f"of the tool f can't be enforced at {wanted}"):
                answer_grammar(demanded, hello.tokenizer, constraints)
            continue
        grammar = constraints.compile(JsonSchemaFormat(schema=schema))
        assert answer_grammar(demanded, hello.tokenizer, constraints) is not None
        text = walk_through(grammar, hello.tokenizer, seed=len(use))

        Draft202012Validator(schema).validate(json.loads(text))
