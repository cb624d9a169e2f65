"""The parts of the models of request bodies."""

import math
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, model_validator
from pydantic_core import PydanticCustomError

from .validation_errors import UNDEFINED, UNKNOWN_KEY


class RequestModel(BaseModel):
    """An object in a request. Unknown keys are ignored, and values are not converted.

    Null counts as absent for the fields that allow it.
    """

    model_config = ConfigDict(strict=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _mark_missing(cls, value: object) -> object:
        """Gives missing keys a value, so that their errors tell what was expected."""
        if not isinstance(value, dict):
            return value
        fields = cls.model_fields.items()
        missing = [name for name, field in fields if field.is_required() and name not in value]
        return {**value, **dict.fromkeys(missing, UNDEFINED)} if missing else value


def _whole(value: object) -> object:
    """Converts a float such as 2.0, which in JSON is the same number as 2."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value


Integer = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[Integer, Ge(1)]
Share = Annotated[float, Ge(0), Le(1)]


def unsupported(reason: str) -> BeforeValidator:
    """Returns the validator of a field that this server does not support. Only null is accepted."""
    return refuse(f"not supported: {reason}")


def refuse(message: str) -> BeforeValidator:
    """Returns a validator that accepts only null."""

    def check(value: object) -> object:
        if value is None:
            return value
        raise PydanticCustomError("refused", "{message}", {"message": message})

    return BeforeValidator(check)


def only(accepted: object, message: str) -> BeforeValidator:
    """Returns the validator of a field that accepts only one value."""

    def check(value: object) -> object:
        if value is None or value == accepted:
            return value
        raise PydanticCustomError("refused", "{message}", {"message": message})

    return BeforeValidator(check)


def known_key(key: str, values: Sequence[str], message: str) -> BeforeValidator:
    """Returns a validator of objects in which a key has one of some values."""

    def check(value: object) -> object:
        if not isinstance(value, dict) or value.get(key) in values:
            return value
        raise PydanticCustomError(UNKNOWN_KEY, "{message}", {"message": message, "key": key})

    return BeforeValidator(check)


def by_key(key: str, fallback: str) -> Discriminator:
    """Returns what chooses the variant of an object by a key.

    The tags of the variants are the values of the key in angle brackets.
    """

    def choose(value: object) -> str:
        found = value.get(key) if isinstance(value, dict) else None
        return f"<{fallback if found is None else found}>"

    return Discriminator(choose)


def by_type(choose: Callable[[Any], str | None], message: str) -> Discriminator:
    """Returns what chooses a variant by the type of the value, and the error if there is none."""
    return Discriminator(choose, custom_error_type="type", custom_error_message=message)


def text_or_list(value: object) -> str | None:
    """Chooses between the tags `<text>` and `<list>`."""
    if isinstance(value, str):
        return "<text>"
    return "<list>" if isinstance(value, list) else None
