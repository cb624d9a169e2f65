"""The command `mlx-app serve`."""

from typing import Annotated

import typer

from ..flags import ConfigFlag, DeviceFlag, ModelFlag, ModelsDirFlag

EPILOG = """Examples:

\b
  mlx-app serve --model mlx-community/Qwen3-0.6B-4bit
  mlx-app serve --port 0 --models-dir ~/models
  API_KEY=... mlx-app serve --host 0.0.0.0

To see all settings of the server, run: mlx-app config show"""


def serve(
    model: ModelFlag = None,
    host: Annotated[
        str | None,
        typer.Option(
            "--host", metavar="ADDRESS", show_default=False, help="Address to listen on (HOST)."
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            metavar="N",
            show_default=False,
            help="Port to listen on; 0 uses any free one (PORT).",
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            "--api-key",
            metavar="KEY",
            show_default=False,
            help="Key that requests must send. Others on this machine can see it in the list of "
            "processes, but not in API_KEY.",
        ),
    ] = None,
    max_queue: Annotated[
        int | None,
        typer.Option(
            "--max-queue",
            metavar="N",
            show_default=False,
            help="Maximum number of requests that wait; further ones get 429 (QUEUE_LIMIT).",
        ),
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            "--max-tokens",
            metavar="N",
            show_default=False,
            help="Largest token limit that a request can set (MAX_TOKENS).",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            metavar="N",
            show_default=False,
            help="Only 1: one process batches all calls.",
        ),
    ] = 1,
    keep_alive: Annotated[
        str | None,
        typer.Option(
            "--keep-alive",
            metavar="TIME",
            show_default=False,
            help="Unload models that have not been used for this long, such as 10m "
            "(MLX_KEEP_ALIVE).",
        ),
    ] = None,
    device: DeviceFlag = None,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
) -> None:
    """Start a server with OpenAI's API and a chat page."""
    from ..serving import start_server
    from ..settings.read import host_of_conda, read_settings
    from ..terminal.output import note

    foreign = host_of_conda()
    if foreign is not None:
        note(f"HOST is {foreign}, as conda's compilers set it, so it is not used.")
        note("Use --host to set an address.")
    loaded = read_settings(
        config,
        model=model,
        host=host,
        port=port,
        api_key=api_key,
        queue_limit=max_queue,
        max_tokens=max_tokens,
        keep_alive=keep_alive,
        device=device,
        models_dir=models_dir,
    )
    start_server(loaded, workers)
