"""Options that several commands have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .terminal.text import check_text


def _check_system(text: str | None) -> str | None:
    return None if text is None else check_text(text, "--system")


class Device(StrEnum):
    """Where MLX computes."""

    AUTO = "auto"
    GPU = "gpu"
    CPU = "cpu"


ConfigFlag = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        show_default=False,
        help="Settings in YAML. See the command config.",
    ),
]
ModelFlag = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        show_default=False,
        help="A folder in the models folder, a path, or a Hugging Face ID (MLX_MODEL).",
    ),
]
DeviceFlag = Annotated[
    Device | None,
    typer.Option("--device", show_default=False, help="Where MLX computes (MLX_DEVICE)."),
]
ModelsDirFlag = Annotated[
    Path | None,
    typer.Option(
        "--models-dir",
        metavar="DIR",
        show_default=False,
        help="Folder of your own models (MLX_MODELS_DIR).",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
SystemFlag = Annotated[
    str | None,
    typer.Option(
        "--system",
        metavar="TEXT",
        show_default=False,
        callback=_check_system,
        help="The system message.",
    ),
]
AnswerTokensFlag = Annotated[
    int | None,
    typer.Option(
        "--max-tokens",
        metavar="N",
        show_default=False,
        help="Maximum number of tokens in an answer (DEFAULT_TOKENS).",
    ),
]
TemperatureFlag = Annotated[
    float | None,
    typer.Option(
        "--temperature",
        min=0,
        max=2,
        metavar="T",
        show_default=False,
        help="How random answers are: 0 to 2. Default: the model's own, or 0.",
    ),
]
SeedFlag = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        max=2**32 - 1,
        metavar="N",
        show_default=False,
        help="Makes sampled answers reproducible.",
    ),
]
