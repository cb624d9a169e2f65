"""JSON Schemas of pydantic models."""

from typing import Any, TypeGuard

from pydantic import BaseModel, PydanticUserError

from .convert import invalid


def is_model(value: object) -> TypeGuard[type[BaseModel]]:
    """Returns whether a value is a pydantic model, and not an instance of one."""
    return isinstance(value, type) and issubclass(value, BaseModel)


def json_schema(doing: str, model: type[BaseModel]) -> dict[str, Any]:
    """Returns the JSON Schema of a pydantic model.

    Objects get no additional keys unless the model allows them, because a language model would fill
    them. Raises EngineError INVALID_REQUEST for a model that JSON Schema can't express.
    """
    try:
        schema = model.model_json_schema()
    except PydanticUserError as error:
        raise invalid(
            doing, f"{model.__name__} can't be converted to JSON Schema: {error}"
        ) from error
    _close(schema)
    return schema


def _close(schema: object) -> None:
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)
