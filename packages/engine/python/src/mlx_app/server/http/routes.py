"""The endpoint of a request."""

from starlette.routing import BaseRoute, Match, Mount
from starlette.types import Scope

from ..errors import ApiError


def find_route(routes: list[BaseRoute], scope: Scope) -> str | None:
    """Returns the path of an endpoint as it is declared, or None if there is none.

    Raises ApiError 405 if the path exists for other methods only.
    """
    methods: list[str] = []
    for route in routes:
        match, child = route.matches(scope)
        if match == Match.FULL:
            return _path(route, child)
        if match == Match.PARTIAL:
            methods += sorted(getattr(route, "methods", None) or ())
    if not methods:
        return None
    allow = ", ".join(dict.fromkeys(methods))
    message = f"{scope['path']} does not support {scope['method']}. Allowed methods: {allow}."
    raise ApiError(405, "method_not_allowed", message, headers={"allow": allow})


def not_found(method: str, path: str) -> ApiError:
    """Returns the error of a request that no endpoint handles."""
    return ApiError(404, "not_found", f"There is no endpoint {method} {path}.")


def _path(route: BaseRoute, child: Scope) -> str:
    declared = getattr(child.get("route"), "path", None) or getattr(route, "path", "")
    return f"{declared}/*" if isinstance(route, Mount) else str(declared)
