"""The checks that every request of the server goes through."""

import json
import socket
from collections.abc import Iterator

import pytest

from server_process import Server, ask, serve

CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(
        allowed_hosts=["my-mac.local"],
        allowed_origins=["https://example.org"],
        max_body_bytes=100_000,
        max_body_values=1000,
        headers_timeout_ms=300,
        body_timeout_ms=300,
    ) as running:
        yield running


@pytest.fixture(scope="module")
def locked() -> Iterator[Server]:
    with serve(api_key="sesame") as running:
        yield running


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"host": "evil.example"}, "host_not_allowed"),
        ({"host": "127.0.0.1.evil.example"}, "host_not_allowed"),
        ({"host": "user@localhost"}, "host_not_allowed"),
        ({"origin": "https://evil.example"}, "origin_not_allowed"),
        ({"origin": "null"}, "origin_not_allowed"),
        ({"sec-fetch-site": "cross-site"}, "origin_not_allowed"),
    ],
)
def test_rejects_foreign_pages(server: Server, headers: dict[str, str], code: str) -> None:
    reply = server.get("/v1/models", headers)
    assert (reply.status, reply.code) == (403, code)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "my-mac.local:8000"},
        {"host": "[::1]:8000"},
        {"host": "localhost:8000", "origin": "http://localhost:8000"},
        {"origin": "https://example.org"},
        {"sec-fetch-site": "same-origin"},
    ],
)
def test_accepts_own_and_allowed_pages(server: Server, headers: dict[str, str]) -> None:
    assert server.get("/v1/models", headers).status == 200


def test_answers_preflights_of_allowed_origins(server: Server) -> None:
    asked = {
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-stainless-lang",
    }
    reply = server.send("OPTIONS", CHAT, None, {"origin": "https://example.org", **asked})
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "https://example.org"
    assert reply.headers["access-control-allow-headers"] == "authorization,x-stainless-lang"
    assert server.send("OPTIONS", CHAT, None, {"origin": "https://a.b", **asked}).status == 403


def test_accepts_only_json(server: Server) -> None:
    body = json.dumps(ask("Say hello.")).encode()
    assert server.send("POST", CHAT, body, {"content-type": "text/plain"}).status == 415
    assert server.send("POST", CHAT, body).status == 415
    assert server.post(CHAT, body, {"content-encoding": "gzip"}).status == 415
    assert (
        server.post(CHAT, body, {"content-type": "application/json; charset=utf-8"}).status == 200
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"\xff", 400, "invalid_json"),
        (b'{"temperature": NaN}', 400, "invalid_json"),
        (b"[" * 129, 400, "invalid_json"),
        (b'{"a": [' + b"1," * 1000 + b"1]}", 413, "body_too_large"),
        (b'"' + b"x" * 100_000 + b'"', 413, "body_too_large"),
    ],
)
def test_limits_bodies(server: Server, body: bytes, status: int, code: str) -> None:
    reply = server.post(CHAT, body)
    assert (reply.status, reply.code) == (status, code)


def test_limits_bodies_without_a_length(server: Server) -> None:
    connection = server.connect()
    chunks = (b'"' + b"x" * 60_000 for _ in range(2))
    connection.request(
        "POST", CHAT, chunks, {"content-type": "application/json"}, encode_chunked=True
    )
    assert connection.getresponse().status == 413
    connection.close()


def test_reports_unknown_paths_and_methods(server: Server) -> None:
    reply = server.post("/v1/responses", {"input": "Say hello."})
    assert reply.status == 404
    assert reply.json["error"]["message"] == "There is no endpoint POST /v1/responses."
    reply = server.get(CHAT)
    assert (reply.status, reply.code, reply.headers["allow"]) == (405, "method_not_allowed", "POST")
    assert server.send("HEAD", "/health", None).status == 200
    # The slash is not added or removed silently.
    assert server.get("/health/").status == 404


def raw(server: Server, data: bytes) -> bytes:
    """Sends bytes and returns everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
        return received


HEAD = b"POST /v1/completions HTTP/1.1\r\nhost: localhost\r\n"


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"This is not HTTP.\r\n\r\n", b"400", b"malformed_request"),
        (HEAD + b"x: " + b"y" * 40_000, b"431", b"headers_too_large"),
        (HEAD, b"408", b"request_timeout"),
        (
            HEAD + b"content-type: application/json\r\nconnection: close\r\n"
            b'content-length: 50\r\n\r\n{"',
            b"408",
            b"request_timeout",
        ),
    ],
    ids=["no HTTP", "large headers", "slow headers", "slow body"],
)
def test_answers_what_is_no_request(
    server: Server, data: bytes, status: bytes, code: bytes
) -> None:
    received = raw(server, data)
    assert received.startswith(b"HTTP/1.1 " + status)
    assert b'"code":"' + code + b'"' in received


def test_requires_the_key(locked: Server) -> None:
    reply = locked.get("/v1/models")
    assert (reply.status, reply.code) == (401, "invalid_api_key")
    assert reply.headers["www-authenticate"] == "Bearer"
    assert locked.get("/v1/models", {"authorization": "Bearer sesam"}).status == 401
    assert locked.get("/metrics").status == 401
    assert locked.get("/v1/models", {"authorization": "bearer sesame"}).status == 200
    assert locked.get("/v1/models", {"x-api-key": "sesame"}).status == 200


def test_needs_no_key_for_health_and_the_page(locked: Server) -> None:
    for path in ("/health", "/ready", "/api/status", "/openapi.json"):
        assert locked.get(path).status == 200, path
    assert locked.get("/api/status").json["needs_key"] is True
    assert locked.get("/").headers["content-type"].startswith("text/html")


def test_tells_browsers_to_be_careful(server: Server) -> None:
    headers = server.get("/").headers
    assert "script-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-request-id"].startswith("req_")
    assert server.get("/assets/..%2fsettings.py").status == 404
    assert server.get("/assets/none.js").status == 404
