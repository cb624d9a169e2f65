"""The checks that all requests go through, and their log lines and metrics."""

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import to_api_error
from .authentication import authenticate
from .body import check_content_type, read_body, replay
from .browser_guard import check_browser, cors_headers, is_preflight, preflight_headers
from .call import Call
from .responses import error_response
from .routes import find_route

if TYPE_CHECKING:
    from ..services import Services

# Forbids guessing of types, referrers and frames. The chat page has its own policy.
_SECURITY_HEADERS = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "origin-agent-cluster": "?1",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
# Load balancers and monitoring request them every few seconds. They are logged at level debug.
_FREQUENT_PATHS = frozenset({"/health", "/ready", "/metrics", "/api/status"})


class Gate:
    """Checks each request before it reaches an endpoint, and logs and counts it when it ends.

    Cheap checks come before expensive ones. The body is read last, when the caller and the endpoint
    are known.
    """

    def __init__(self, app: ASGIApp, services: "Services") -> None:
        self._app = app
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles a request of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._services.model.start()
        exchange = _Exchange(self._services, scope, send)
        try:
            await self._handle(exchange, scope, receive)
        except asyncio.CancelledError:
            exchange.status = 499
            raise
        except Exception as error:
            await exchange.fail(error, scope, receive)
        finally:
            exchange.end()

    async def _handle(self, exchange: "_Exchange", scope: Scope, receive: Receive) -> None:
        settings = self._services.settings
        headers = Headers(scope=scope)
        method: str = scope["method"]
        path = _own_path(scope)
        check_browser(headers, method, path, settings)
        exchange.cors = cors_headers(headers, settings)
        if exchange.cors and is_preflight(headers, method):
            await Response(None, 204, preflight_headers(headers))(scope, receive, exchange.send)
            return
        exchange.call.caller = authenticate(headers, method, path, settings)
        if method == "HEAD":
            # The server sends no body to it.
            scope = {**scope, "method": "GET"}
        exchange.route = find_route(scope["app"].routes, scope)
        if method == "POST" and exchange.route is not None:
            check_content_type(headers)
            receive = replay(await read_body(headers, receive, settings), receive)
        await self._app(scope, receive, exchange.send)


class _Exchange:
    """A request and its response."""

    def __init__(self, services: "Services", scope: Scope, send: Send) -> None:
        self._services = services
        self._send = send
        self._method: str = scope["method"]
        self._path: str = scope["path"]
        self.call = Call()
        self.route: str | None = None
        self.cors: dict[str, str] = {}
        self.status: int | None = None
        self._complete = False
        self._streams = False
        scope.setdefault("state", {})["call"] = self.call

    async def send(self, message: Message) -> None:
        """Sends a part of the response, and adds the headers of every response to the first one."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.call.id
            # Anthropic's clients read this header.
            headers["request-id"] = self.call.id
            if self.call.history.changes:
                headers["x-history-changes"] = self.call.history.header()
            for name, value in (_SECURITY_HEADERS | self.cors).items():
                headers.setdefault(name, value)
            self._streams = headers.get("content-type", "").startswith("text/event-stream")
            if self._streams:
                self._services.metrics.open_streams.inc()
        elif not message.get("more_body", False):
            self._complete = True
        await self._send(message)

    async def fail(self, cause: Exception, scope: Scope, receive: Receive) -> None:
        """Answers a failed request. Raises the error if its response has already begun."""
        error = to_api_error(cause)
        self.call.code = error.code
        if error.status == 500:
            self._services.log.error(error.message, exc_info=cause, extra={"id": self.call.id})
        if self.status is not None:
            raise cause
        await error_response(error, self.call.id)(scope, receive, self.send)
        if error.status == 499:
            self.status = 499

    def end(self) -> None:
        """Counts the request and writes its log line."""
        if self._streams:
            self._services.metrics.open_streams.dec()
        status = self.status if self._complete and self.status is not None else 499
        seconds = time.perf_counter() - self.call.started
        route = self.route or "none"
        self._services.metrics.on_request(self._method, route, status, seconds)
        log = self._services.log
        level = "debug" if route in _FREQUENT_PATHS else "info"
        records = self.call.records
        fields = {
            "id": self.call.id,
            "method": self._method,
            "path": self._path,
            "status": status,
            "caller": self.call.caller,
            "ms": round(seconds * 1000),
            "code": self.call.code or next((r.error.code for r in records if r.error), None),
            "historyChanges": self.call.history.changes or None,
            **_tokens(self.call),
        }
        shown = {name: value for name, value in fields.items() if value is not None}
        getattr(log, level)("request", extra={"fields": shown})


def _tokens(call: Call) -> dict[str, object]:
    usages = [record.last.usage for record in call.records if record.last and record.last.usage]
    if not usages:
        return {}
    first_tokens = [r.ttft_ms for r in call.records if r.ttft_ms is not None]
    return {
        "promptTokens": sum(usage.prompt_tokens for usage in usages),
        "cachedTokens": sum(usage.cached_tokens for usage in usages),
        # Lines of the system prompt behind the messages; see the setting `volatile_lines`.
        "movedLines": sum(r.last.moved_lines for r in call.records if r.last) or None,
        "completionTokens": sum(usage.completion_tokens for usage in usages),
        "ttftMs": round(min(first_tokens)) if first_tokens else None,
    }


def _own_path(scope: Scope) -> str:
    """Returns the path without the one that the app is mounted at."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")) or "/"
