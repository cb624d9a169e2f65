"""Reads and checks request bodies."""

import asyncio
import json
from typing import Any, NoReturn

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from ..errors import ApiError, client_left
from ..settings import ServerSettings
from .json_shape import check_json_shape


def check_content_type(headers: Headers) -> None:
    """Accepts only JSON. Unlike text or forms, pages can't send it without a preflight.

    See https://fetch.spec.whatwg.org/#cors-safelisted-request-header. Raises ApiError 415.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _unsupported("The body must be sent as application/json.")
    coding = headers.get("content-encoding", "identity")
    if coding != "identity":
        raise _unsupported(f"The body must not be compressed ({coding}).")


async def read_body(headers: Headers, receive: Receive, settings: ServerSettings) -> bytes:
    """Returns the body. Raises ApiError 400, 408 or 413 for one that breaks a limit."""
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > settings.max_body_bytes:
        raise _too_large(settings)
    try:
        async with asyncio.timeout(settings.body_timeout_ms / 1000):
            body = await _receive_all(receive, settings)
    except TimeoutError:
        raise ApiError(408, "request_timeout", "The request took too long to arrive.") from None
    try:
        body.decode()
    except UnicodeDecodeError:
        raise ApiError(400, "invalid_json", "The body is not valid UTF-8.") from None
    check_json_shape(body, settings.max_body_values)
    return body


async def _receive_all(receive: Receive, settings: ServerSettings) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise client_left()
        body += message.get("body", b"")
        if len(body) > settings.max_body_bytes:
            raise _too_large(settings)
        if not message.get("more_body", False):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Returns a `receive` that starts with a body that was already read."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again


def parse_json(body: bytes) -> object:
    """Returns the value of a body. Raises json.JSONDecodeError."""
    text = body.decode()
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError:
        raise
    except ValueError as error:
        raise json.JSONDecodeError(str(error), "", 0) from error
    return _without_half_characters(value) if "\\u" in text else value


def _without_half_characters(value: object) -> object:
    """Replaces halves of surrogate pairs, which neither tokenizers nor UTF-8 can represent."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def json_object(text: str) -> dict[str, Any] | None:
    """Returns the JSON object in a text, or None if there is none."""
    try:
        value = parse_json(text.encode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _unsupported(message: str) -> ApiError:
    return ApiError(415, "unsupported_media_type", message)


def _too_large(settings: ServerSettings) -> ApiError:
    message = f"The body is larger than {settings.max_body_bytes} bytes."
    return ApiError(413, "body_too_large", message)
