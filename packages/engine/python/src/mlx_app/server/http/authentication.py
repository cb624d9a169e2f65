"""The check of the API key."""

import hashlib
import hmac
import re

from starlette.datastructures import Headers

from ..errors import ApiError
from ..settings import ServerSettings

# Health checks, the chat page, which asks for the key itself, and the description of the API.
_PUBLIC_PATHS = frozenset({"/", "/health", "/ready", "/api/status", "/openapi.json"})
_PUBLIC_FOLDER = "/assets/"
_BEARER = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


def authenticate(headers: Headers, method: str, path: str, settings: ServerSettings) -> str:
    """Returns the name of the caller. Raises ApiError 401 for a request without the key."""
    key = settings.api_key
    if key is None or _is_public(method, path):
        return "anonymous"
    # The headers of OpenAI's clients and of Anthropic's.
    bearer = _BEARER.fullmatch(headers.get("authorization", ""))
    sent = ["" if bearer is None else bearer[1], headers.get("x-api-key", "")]
    # Digests have one length, so the time of the comparison tells nothing about the key.
    matches = [hmac.compare_digest(_digest(candidate), _digest(key)) for candidate in sent]
    if not any(matches):
        raise ApiError(
            401,
            "invalid_api_key",
            'A valid API key is required. Send it as "Authorization: Bearer KEY" or '
            '"x-api-key: KEY".',
            headers={"www-authenticate": "Bearer"},
        )
    return "key"


def _is_public(method: str, path: str) -> bool:
    public = path in _PUBLIC_PATHS or path.startswith(_PUBLIC_FOLDER)
    return public and method in ("GET", "HEAD")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
