"""The command `mlx-app models`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...own_command import own_command
from ..flags import ConfigFlag, JsonFlag, ModelsDirFlag

if TYPE_CHECKING:
    from ..settings.read import LoadedSettings

EPILOG = """Examples:

\b
  mlx-app models list
  mlx-app models download mlx-community/Qwen3-0.6B-4bit
  mlx-app models download mlx-community/Qwen3-0.6B-4bit --output ./qwen
  mlx-app models verify
  mlx-app models remove mlx-community/Qwen3-0.6B-4bit --yes
  mlx-app models clean --dry-run

Environment variables:

\b
  HF_TOKEN           access token for gated and private models
  HF_HOME            location of the cache that all Hugging Face tools share
  HF_ENDPOINT        another hub instead of https://huggingface.co
  HF_HUB_OFFLINE=1   never contact the hub"""

app = typer.Typer(
    help="List, download, verify and remove models.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@app.callback()
def _list_by_default(context: typer.Context) -> None:
    """List, download, verify and remove models. Without a command, it lists them."""
    if context.invoked_subcommand is None:
        list_models()


ModelArgument = Annotated[
    str, typer.Argument(metavar="ID", show_default=False, help="The model's Hugging Face ID.")
]
OptionalModel = Annotated[
    str | None, typer.Argument(metavar="ID", show_default=False, help="The model's ID.")
]
RevisionFlag = Annotated[
    str | None,
    typer.Option(
        "--revision", metavar="R", show_default=False, help="Branch, tag or commit on the hub."
    ),
]


@app.command("list")
def list_models(
    models_dir: ModelsDirFlag = None, config: ConfigFlag = None, json: JsonFlag = False
) -> None:
    """List the models on disk; a * marks the one in the settings."""
    from ..models.listing import list_models

    list_models(_settings(config, models_dir), json=json)


@app.command()
def download(
    model: OptionalModel = None,
    revision: RevisionFlag = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            metavar="DIR",
            show_default=False,
            help="Download plain files to this folder instead of the cache.",
        ),
    ] = None,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
    json: JsonFlag = False,
) -> None:
    """Download a model (alias: pull).

    By default, it is the one in the settings. An interrupted download resumes. Every file is
    checked against its hash.
    """
    from ..models.files import download_model

    settings = _settings(config, models_dir)
    download_model(settings, model, revision=revision, output=output, json=json)


app.command("pull", hidden=True)(download)


@app.command()
def remove(
    model: ModelArgument,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
    json: JsonFlag = False,
) -> None:
    """Delete a model.

    It is deleted from the models folder or from the shared cache, whose models other programs may
    use. It asks first; without a terminal, --yes is required.
    """
    from ..models.files import remove_model
    from ..terminal.prompts import can_prompt

    if not yes and not can_prompt():
        raise typer.BadParameter(
            "There is no terminal for the question. To delete without asking, run: "
            f"{own_command(f'models remove {model} --yes')}",
            param_hint="--yes",
        )
    remove_model(_settings(config, models_dir), model, yes=yes, json=json)


@app.command()
def verify(
    model: OptionalModel = None,
    revision: RevisionFlag = None,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
    json: JsonFlag = False,
) -> None:
    """Check the files of one or all models.

    They are compared with the hub's hashes. It exits with 1 if a file is missing or damaged.
    """
    from ..models.verification import verify_models

    settings = _settings(config, models_dir)
    if not verify_models(settings, model, revision=revision, json=json):
        raise typer.Exit(1)


@app.command()
def clean(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be deleted, but delete nothing.")
    ] = False,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
    json: JsonFlag = False,
) -> None:
    """Delete files that no model uses.

    These are leftovers of interrupted downloads, and old files. It only deletes files in the
    shared cache.
    """
    from ..models.files import clean_models

    clean_models(_settings(config, models_dir), dry_run=dry_run, json=json)


def _settings(config: Path | None, models_dir: Path | None) -> "LoadedSettings":
    from ..settings.read import read_settings

    flags: dict[str, Any] = {"models_dir": models_dir}
    return read_settings(config, **flags)
