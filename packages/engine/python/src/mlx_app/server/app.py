"""The server as a FastAPI app that does not listen yet."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ..engine.async_engine import AsyncMLXEngine
from .chat_page import add_chat_page
from .errors import ApiError
from .http.body import parse_json
from .http.call import call_of
from .http.gate import Gate
from .http.json_shape import not_json
from .http.responses import error_response
from .http.routes import not_found
from .http.validation_errors import to_validation_error
from .openai.chat_completions import add_chat_completions
from .openai.completions import add_completions
from .openai.embeddings import add_embeddings
from .openai.models import add_models
from .operations.health import add_health
from .operations.load import add_load
from .services import create_services
from .settings import ServerSettings


def create_app(engine: AsyncMLXEngine, settings: ServerSettings | None = None) -> FastAPI:
    """Returns the server as a FastAPI app. Add your own routes to it, then `run_server` it.

    Your routes run behind the same checks: Host and Origin, the API key, JSON content type and body
    limits. `services_of(request)` has what the parts of the server share. The app loads the model
    of the engine when it starts, and leaves the engine open when it ends.

    Args:
        engine: The engine that answers requests.
        settings: The settings of the server. `host`, `port` and the limits on connections take
            effect only with `run_server`.
    """
    services = create_services(engine, settings or ServerSettings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.model.start()
        yield
        services.model.stop()

    app = FastAPI(
        title="mlx-app",
        description="An API for language models on MLX, as OpenAI's.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.services = services
    app.router.route_class = _JsonRoute
    app.add_middleware(Gate, services=services)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    add_health(app)
    add_load(app)
    add_chat_page(app)
    add_chat_completions(app)
    add_completions(app)
    add_embeddings(app)
    add_models(app)
    return app


class _JsonRequest(Request):
    async def json(self) -> object:
        """Returns the body, which must be JSON and not only what Python accepts as such."""
        return parse_json(await self.body())


class _JsonRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            return await handle(_JsonRequest(request.scope, request.receive))

        return handle_json


async def _on_http_exception(request: Request, error: Exception) -> Response:
    """Answers an error of the framework, or one that a route of the user's raises."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and error.detail == "Not Found":
        return _fail(request, not_found(request.method, request.url.path))
    if error.status_code == 400 and "parsing the body" in str(error.detail):
        return _fail(request, not_json())
    code = "internal_error" if error.status_code >= 500 else "invalid_request"
    return _fail(
        request,
        ApiError(error.status_code, code, str(error.detail), headers=error.headers),
    )


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _fail(request, to_validation_error(error.errors()))


def _fail(request: Request, error: ApiError) -> Response:
    call = call_of(request)
    call.code = error.code
    return error_response(error, call.id)
