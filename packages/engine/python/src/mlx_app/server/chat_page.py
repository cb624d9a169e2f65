"""The chat page."""

import hashlib
import re
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from .http.routes import not_found

# The build of packages/chat-page, which the wheel contains.
_FOLDER = Path(__file__).with_name("page")

# Only files from this server, no inline scripts or styles.
_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'none'",
    ]
)
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
# File names as Vite generates them. Without separators or a leading dot, they can't leave their
# folder.
_ASSET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_MISSING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The chat page is not built</title>
<h1>The chat page is not built yet</h1>
<p>Run <code>npm run build --workspace packages/chat-page</code> in the repository, then reload this
page.</p>
<p>The API works without it.</p>
</html>
"""


def add_chat_page(app: FastAPI) -> None:
    """Adds the chat page at `/`."""
    app.get("/", include_in_schema=False)(show_page)
    app.get("/assets/{name}", include_in_schema=False)(show_asset)


async def show_page(request: Request) -> Response:
    """Shows the page, or how to build it."""
    # The page names the assets of its build, so browsers must revalidate it.
    headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}
    index = _read("index.html")
    if index is None:
        return Response(_MISSING, 503, headers, "text/html")
    headers["etag"] = f'"{hashlib.sha256(index).hexdigest()[:27]}"'
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(None, 304, headers)
    return Response(index, 200, headers, "text/html")


async def show_asset(name: str, request: Request) -> Response:
    """Returns a file that the page names."""
    kind = _TYPES.get(Path(name).suffix)
    data = _read(f"assets/{name}") if kind is not None and _ASSET.fullmatch(name) else None
    if data is None:
        raise not_found("GET", request.url.path)
    headers = {
        # The file name changes with the contents.
        "cache-control": "public, max-age=31536000, immutable",
        "content-security-policy": _POLICY,
    }
    return Response(data, 200, headers, kind)


def _read(path: str) -> bytes | None:
    try:
        return (_FOLDER / path).read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return None
