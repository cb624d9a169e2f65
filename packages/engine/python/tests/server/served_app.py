"""Runs the server with the route of its documentation.

It prints `Ready` once the model is in memory.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from mlx_app import AsyncMLXEngine
from mlx_app.server import ServerSettings, run_server

PAGE = Path(__file__).parents[3] / "docs/python-server.md"


def documented_create() -> Any:  # noqa: ANN401 - what the page defines
    snippets = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    [snippet] = [code for code in snippets if "def create(" in code]
    definitions, _, last = snippet.rpartition("\n\n")
    assert last == "raise SystemExit(run_server(ServerSettings(), create))\n"
    namespace: dict[str, Any] = {}
    exec(definitions, namespace)
    return namespace["create"]


def create(engine: AsyncMLXEngine, settings: ServerSettings) -> FastAPI:
    app: FastAPI = documented_create()(engine, settings)
    loading = app.state.services.model.start()
    loading.add_done_callback(lambda _: print_line("Ready"))
    return app


def print_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_server(ServerSettings(**json.loads(sys.argv[1])), create))
