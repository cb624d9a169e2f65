"""The server: OpenAI's API and the chat page of mlx-app, with a route of this package."""

from typing import TYPE_CHECKING

from mlx_app import AsyncMLXEngine
from mlx_app.command_line import offer_download
from mlx_app.server import ServerSettings, create_app, run_server
from pydantic import BaseModel, Field

from .api import Summary, summarise_async
from .model import model_in_use

if TYPE_CHECKING:
    from fastapi import FastAPI


class SummaryRequest(BaseModel):
    """The body of `POST /api/summary`."""

    text: str = Field(min_length=1, max_length=100_000)


def create_own_app(engine: AsyncMLXEngine, settings: ServerSettings) -> "FastAPI":
    """Returns the app that is served. Its checks and limits apply to routes that are added here."""
    app = create_app(engine, settings)

    @app.post("/api/summary")
    async def summary(request: SummaryRequest) -> Summary:
        return await summarise_async(request.text, engine)

    return app


def run(*, host: str, port: int, api_key: str | None) -> int:
    """Serves the app until a signal ends it, and returns the exit code.

    In a terminal, it asks before it downloads a model.

    Raises:
        mlx_app.EngineError: SETUP_NEEDED without the extra `server`, INVALID_REQUEST for an address
            that other machines can reach without a key, MODEL_NOT_FOUND.
    """
    model, revision = model_in_use()
    settings = ServerSettings(host=host, port=port, api_key=api_key, model=model, revision=revision)
    settings.require_key()
    offer_download(model, revision=revision)
    return run_server(settings, create_own_app)
