"""Requests to the hub, with retries and time limits."""

import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TypeVar

import httpx2
from huggingface_hub import constants
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from huggingface_hub.utils import disable_progress_bars, get_session

Answer = TypeVar("Answer")

# Statuses of a hub that is busy or has lost its storage; others are final.
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
# Failures in a row after which a request is given up. A hub that can't be reached gets fewer, since
# there mostly is no network.
MAX_FAILURES = 5
MAX_UNREACHABLE = 2
# Seconds before the second try, doubled before each further one. MLX_RETRY_SECONDS sets it.
FIRST_WAIT = 1.0
# If the hub asks to wait longer, that is reported instead.
LONGEST_WAIT = 60.0


class CancelledError(Exception):
    """The caller no longer wants the model."""


@cache
def http_client() -> httpx2.Client:
    """Returns the HTTP client of the hub's library, which takes proxies and certificates from the
    environment.

    Requests without a time limit get that of downloads (HF_HUB_DOWNLOAD_TIMEOUT, 10 s for each
    answer and for each piece of a file).
    """
    disable_progress_bars()
    client = get_session()
    limits = httpx2.Timeout(constants.HF_HUB_DOWNLOAD_TIMEOUT)

    def limit(request: httpx2.Request) -> None:
        given = request.extensions.get("timeout", {})
        if None in (given.get("read"), given.get("connect")):
            request.extensions["timeout"] = limits.as_dict()

    client.timeout = limits
    client.event_hooks = {**client.event_hooks, "request": [*client.event_hooks["request"], limit]}
    return client


class Retries:
    """Waits between tries, longer each time, until there is progress."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._failures = 0

    def reset(self) -> None:
        """Notes progress, after which the waits start again."""
        self._failures = 0

    def wait(self, error: Exception) -> None:
        """Waits before the next try. Raises the error if no try will help, or CancelledError."""
        self._failures += 1
        unreachable = isinstance(error, httpx2.ConnectError | httpx2.ProxyError)
        wait = _asked_to_wait(error)
        if wait is None:
            wait = _first_wait() * 2 ** (self._failures - 1)
        if (
            not _is_transient(error)
            or self._failures >= (MAX_UNREACHABLE if unreachable else MAX_FAILURES)
            or wait > LONGEST_WAIT
        ):
            raise error
        if self._stop.wait(wait):
            raise CancelledError


def with_retries(ask: Callable[[], Answer], stop: threading.Event) -> Answer:
    """Returns the result of `ask`, with retries."""
    http_client()
    retries = Retries(stop)
    while True:
        if stop.is_set():
            raise CancelledError
        try:
            return ask()
        except (httpx2.TransportError, OSError) as error:
            retries.wait(cause_of(error))


def cause_of(error: Exception) -> Exception:
    """Returns the error of the hub or the network where the library reports an empty cache."""
    while isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return error


def _is_transient(error: Exception) -> bool:
    if isinstance(error, HfHubHTTPError):
        return error.response.status_code in TRANSIENT
    return isinstance(error, httpx2.TransportError) and not isinstance(
        error, httpx2.UnsupportedProtocol
    )


def _asked_to_wait(error: Exception) -> float | None:
    """Returns the seconds of Retry-After, which is a number or a date (RFC 9110, 10.2.3)."""
    if not isinstance(error, HfHubHTTPError):
        return None
    value = error.response.headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # none, or an invalid one
        return None


def _first_wait() -> float:
    try:
        return float(os.environ.get("MLX_RETRY_SECONDS", ""))
    except ValueError:  # not set
        return FIRST_WAIT
