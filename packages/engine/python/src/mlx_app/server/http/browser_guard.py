"""Keeps foreign web pages away from the server."""

from collections.abc import MutableMapping

from starlette.datastructures import Headers

from ..errors import ApiError
from ..loopback import host_name, is_loopback
from ..settings import ServerSettings

# How long browsers cache a preflight, the maximum in Chromium:
# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age
_PREFLIGHT_SECONDS = 7200


def check_browser(headers: Headers, method: str, path: str, settings: ServerSettings) -> None:
    """Rejects requests of foreign web pages to a server without a key.

    Such a server listens on this machine only, but any page that the user opens could call it. A
    page that uses DNS rebinding is recognised by its Host header, other pages by Origin, or by
    Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/) for images and links. With a key, a page
    would need it.

    Raises ApiError 400 or 403.
    """
    hosts = headers.getlist("host")
    if len(hosts) > 1:
        raise ApiError(400, "invalid_host", "The request names more than one host.")
    if settings.api_key is not None:
        return
    host = hosts[0].lower() if hosts else ""
    name = host_name(host)
    allowed = [entry.lower() for entry in settings.allowed_hosts]
    if name is None or not (is_loopback(name) or name in allowed or host in allowed):
        message = f'This server does not accept requests for the host "{host}".'
        raise ApiError(403, "host_not_allowed", message)
    origin = headers.get("origin")
    if origin is not None:
        own = (f"http://{host}", f"https://{host}")
        if origin not in own and origin not in settings.allowed_origins:
            raise _not_allowed(f'Pages from "{origin}"')
    elif headers.get("sec-fetch-site") == "cross-site" and not _follows_link(headers, method, path):
        raise _not_allowed("Pages from other sites")


def cors_headers(headers: Headers, settings: ServerSettings) -> dict[str, str]:
    """Returns the response headers for a page from an allowed origin.

    Raises ApiError 403 for the preflight of any other page.
    """
    origin = headers.get("origin")
    if origin is not None and origin in settings.allowed_origins:
        return {
            "access-control-allow-origin": origin,
            "access-control-expose-headers": (
                "x-request-id,request-id,retry-after,x-history-changes"
            ),
            "vary": "Origin",
        }
    # Pages of this server send no preflight.
    if "access-control-request-method" in headers:
        raise _not_allowed(f'Pages from "{origin}"')
    return {}


def is_preflight(headers: Headers, method: str) -> bool:
    """Returns whether a browser asks if a page may send a request."""
    return method == "OPTIONS" and "access-control-request-method" in headers


def preflight_headers(headers: Headers) -> MutableMapping[str, str]:
    """Returns what a page from an allowed origin may send. Official clients add many headers."""
    return {
        "access-control-allow-methods": "GET,POST,DELETE",
        "access-control-allow-headers": headers.get("access-control-request-headers", ""),
        "access-control-max-age": str(_PREFLIGHT_SECONDS),
    }


def _follows_link(headers: Headers, method: str, path: str) -> bool:
    """Returns whether someone followed a link to the chat page.

    The page with the link can't read the response.
    """
    return (
        method == "GET"
        and path == "/"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
    )


def _not_allowed(pages: str) -> ApiError:
    return ApiError(403, "origin_not_allowed", f"{pages} are not allowed to use this server.")
