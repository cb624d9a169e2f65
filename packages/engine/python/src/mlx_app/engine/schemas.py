"""JSON Schemas of pydantic models."""

from typing import Any

from pydantic import BaseModel, PydanticUserError

from ..errors import EngineError


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Returns the JSON Schema of a pydantic model.

    Objects get no additional keys unless the model allows them, because a language model would fill
    them. Raises EngineError INVALID_REQUEST for a model that JSON Schema can't express.
    """
    try:
        schema = model.model_json_schema()
    except PydanticUserError as error:
        raise EngineError(
            "INVALID_REQUEST", f"Can't convert {model.__name__} to JSON Schema: {error}"
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
