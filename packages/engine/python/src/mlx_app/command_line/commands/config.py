"""The command `mlx-app config`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...own_command import own_command
from ..flags import ConfigFlag, JsonFlag
from ..terminal.output import note, problem, result, result_json

if TYPE_CHECKING:
    from ..settings.schema import Settings

EPILOG = """Examples:

\b
  mlx-app config init
  mlx-app config show
  mlx-app config show --json --config other.yaml

A flag overrides an environment variable, which overrides the file, which overrides the default."""

app = typer.Typer(
    help="Show the settings, or write a file with them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def show(config: ConfigFlag = None, json: JsonFlag = False) -> None:
    """Show each setting with its value and where it comes from."""
    from ..settings.read import read_settings

    loaded = read_settings(config)
    shown = {name: _shown(loaded.values, name) for name in loaded.origins}
    if json:
        settings = {
            name: {"value": value, "source": origin.source, "name": origin.name}
            for (name, value), origin in zip(shown.items(), loaded.origins.values(), strict=True)
        }
        result_json({"path": str(loaded.path), "settings": settings})
        return
    from ..terminal.format import format_table

    rows = [(name, _text(value), str(loaded.origins[name])) for name, value in shown.items()]
    for line in format_table([("SETTING", "VALUE", "FROM"), *rows]):
        result(line)


@app.command()
def path(config: ConfigFlag = None) -> None:
    """Print the path of the file."""
    from ..settings.read import default_path

    result(str(default_path() if config is None else config))


@app.command()
def init(
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", show_default=False, help="Where to write it."),
    ] = None,
) -> None:
    """Write an example of the file, with every setting commented out."""
    from ..settings.example import example
    from ..settings.read import default_path

    file = default_path() if output is None else output
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The file may get a key, so only its owner can read it. It is never overwritten.
        file.touch(0o600, exist_ok=False)
        file.write_text(example(), "utf-8")
    except FileExistsError as error:
        problem(
            f"{file} exists and was not changed.",
            f"To see its settings: {own_command('config show')}",
        )
        raise typer.Exit(1) from error
    except OSError as error:
        problem(f"{file} could not be written: {error.strerror}.", "Choose a file with --output.")
        raise typer.Exit(1) from error
    note("Remove the # in front of what you change.")
    result(str(file))


def _shown(settings: "Settings", name: str) -> object:
    """Returns a value as JSON has it. Secrets are masked."""
    value = settings.model_dump(mode="json")[name]
    return "********" if name == "api_key" and value is not None else value


def _text(value: object) -> str:
    if value is None or value in ([], {}):
        return "-"
    return ",".join(value) if isinstance(value, list) else str(value)
