"""Runs the server with a route of one's own, and prints `Ready` once its model is in memory."""

import json
import sys

from fastapi import FastAPI
from starlette.requests import Request

from mlx_app import AsyncMLXEngine
from mlx_app.server import ServerSettings, create_app, run_server, services_of


def create(engine: AsyncMLXEngine, settings: ServerSettings) -> FastAPI:
    app = create_app(engine, settings)
    loading = app.state.services.model.start()
    loading.add_done_callback(lambda _: print_line("Ready"))

    @app.post("/shout")
    async def shout(body: dict[str, str], request: Request) -> dict[str, str]:
        answer = await services_of(request).model.engine.complete(
            messages=[{"role": "user", "content": body["question"]}]
        )
        return {"answer": answer.text.upper()}

    return app


def print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_server(ServerSettings(**json.loads(sys.argv[1])), create))
