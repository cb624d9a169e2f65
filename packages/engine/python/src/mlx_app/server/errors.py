"""Failed requests, in OpenAI's format."""

from collections.abc import Mapping
from typing import Any

from ..errors import EngineError
from ..protocol import ErrorCode


class ApiError(Exception):
    """A failed request. Raise one in your own routes to answer as the server does.

    Clients see `message`, so it must not reveal internal details.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        #: The HTTP status. 499, for a client that has left, appears only in logs and metrics.
        self.status = status
        #: A stable code for programs, such as `invalid_value`.
        self.code = code
        self.message = message
        #: The invalid field of the body, such as `messages.0.content`.
        self.param = param
        #: The seconds that a client should wait before it tries again.
        self.retry_after = retry_after
        self.headers = dict(headers or {})

    def body(self, request_id: str = "") -> dict[str, Any]:
        """Returns the body of the response: https://platform.openai.com/docs/guides/error-codes."""
        internal = self.status == 500 and request_id != ""
        message = f"{self.message} Request ID: {request_id}" if internal else self.message
        return {
            "error": {
                "message": message,
                "type": _type(self.status),
                "param": self.param,
                "code": self.code,
            }
        }


def _type(status: int) -> str:
    if status == 401:
        return "authentication_error"
    if status == 403:
        return "permission_error"
    if status == 429:
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"


def invalid(message: str, param: str | None = None) -> ApiError:
    """Returns the error of an invalid body or parameter."""
    return ApiError(400, "invalid_value", message, param=param)


def client_left() -> ApiError:
    """Returns the error of a client that disconnected before its answer was complete."""
    return ApiError(499, "client_closed_request", "The client closed the connection.")


# How errors of the engine are told to clients: the status, the code and the seconds to wait. Codes
# that are missing here are internal errors.
_ENGINE_ERRORS: dict[ErrorCode, tuple[int, str, int | None]] = {
    # The model was unloaded.
    "ABORTED": (503, "model_restarting", 2),
    "CONTEXT_LENGTH_EXCEEDED": (400, "context_length_exceeded", None),
    "DEADLINE_EXCEEDED": (504, "timeout", None),
    "DISPOSED": (503, "shutting_down", 5),
    "INVALID_REQUEST": (400, "invalid_value", None),
    "MODEL_NOT_FOUND": (404, "model_not_found", None),
    "OUT_OF_MEMORY": (503, "out_of_memory", 5),
    "QUEUE_FULL": (429, "queue_full", 1),
    "UNSUPPORTED": (400, "unsupported", None),
    "WORKER_STALLED": (503, "model_stalled", 5),
}

# Replaces messages that would reveal internal details.
_PUBLIC_MESSAGES: dict[ErrorCode, str] = {
    "ABORTED": "The model was unloaded.",
    "DISPOSED": "The server is shutting down.",
    "WORKER_STALLED": "The model has stopped to respond.",
    "OUT_OF_MEMORY": "There is not enough memory for this request right now.",
}


def to_api_error(error: BaseException) -> ApiError:
    """Converts any error to one that clients may see."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, EngineError) and error.code in _ENGINE_ERRORS:
        status, code, retry_after = _ENGINE_ERRORS[error.code]
        message = _PUBLIC_MESSAGES.get(error.code, error.message)
        found = ApiError(status, code, message, retry_after=retry_after)
    else:
        found = ApiError(500, "internal_error", "The server failed to process this request.")
    found.__cause__ = error
    return found
