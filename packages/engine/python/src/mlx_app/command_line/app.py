"""The commands of `mlx-app`, and what they have in common."""

from typing import Annotated

import typer

from .commands import chat, config, doctor, generate, models, serve
from .group import CommandGroup

EXIT_CODES = "Exit codes: 0 success, 1 failure, 2 wrong usage, 130 interrupted."
EPILOG = f"""Examples:

\b
  mlx-app chat
  mlx-app generate "Why is the sky blue?" --model mlx-community/Qwen3-0.6B-4bit
  mlx-app serve --model mlx-community/Qwen3-0.6B-4bit --port 8000
  mlx-app models download mlx-community/Qwen3-0.6B-4bit

To see the options of a command, run: mlx-app COMMAND --help

{EXIT_CODES}"""


app = typer.Typer(
    cls=CommandGroup,
    help="Runs language models on MLX: in this terminal, or as a server with OpenAI's API.",
    epilog=EPILOG,
    no_args_is_help=True,
    # rich takes as long to import as everything else in `mlx-app --help`.
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_versions(wanted: bool) -> None:
    if wanted:
        from .versions import versions

        width = max(map(len, versions()))
        for name, version in versions().items():
            typer.echo(f"{name:{width}}  {version}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_versions, is_eager=True, help="Show all versions and exit."
        ),
    ] = False,
) -> None:
    pass


app.command(epilog=serve.EPILOG)(serve.serve)
app.command(epilog=chat.EPILOG)(chat.chat)
app.command(epilog=generate.EPILOG)(generate.generate)
app.add_typer(models.app, name="models", epilog=models.EPILOG)
app.command(epilog=doctor.EPILOG)(doctor.doctor)
app.add_typer(config.app, name="config", epilog=config.EPILOG)
