"""JSON responses."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from ..errors import ApiError

_encode = msgspec.json.Encoder().encode


def encode_json(value: object) -> bytes:
    """Returns a value as JSON in UTF-8."""
    return _encode(value)


def json_response(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Returns a response with a JSON body."""
    return Response(encode_json(value), status, headers, "application/json")


def error_response(error: ApiError, request_id: str) -> Response:
    """Returns the response of a failed request."""
    headers = dict(error.headers)
    if error.retry_after is not None:
        headers["retry-after"] = str(error.retry_after)
    # Nobody reads the answer to a client that has left.
    status = 400 if error.status == 499 else error.status
    return json_response(error.body(request_id), status, headers)
