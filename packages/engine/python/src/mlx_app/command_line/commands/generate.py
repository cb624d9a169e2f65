"""The command `mlx-app generate`."""

from pathlib import Path
from typing import Annotated

import typer

from ..flags import (
    AnswerTokensFlag,
    ConfigFlag,
    DeviceFlag,
    JsonFlag,
    ModelFlag,
    ModelsDirFlag,
    SeedFlag,
    SystemFlag,
    TemperatureFlag,
)

EPILOG = """Examples:

\b
  mlx-app generate "Count to ten."
  mlx-app generate < question.txt
  mlx-app generate "Sum up:" - < text.txt
  mlx-app generate "What is in this picture?" --image cat.jpg
  mlx-app generate "Invent a person." --schema person.json

Only the answer is printed on standard output."""


def generate(
    prompt: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROMPT", show_default=False, help="The question; - is standard input."
        ),
    ] = None,
    model: ModelFlag = None,
    system: SystemFlag = None,
    max_tokens: AnswerTokensFlag = None,
    temperature: TemperatureFlag = None,
    seed: SeedFlag = None,
    image: Annotated[
        list[Path] | None,
        typer.Option(
            "--image",
            metavar="FILE",
            show_default=False,
            help="An image for the question. Can be repeated.",
        ),
    ] = None,
    schema: Annotated[
        Path | None,
        typer.Option(
            "--schema",
            metavar="FILE",
            show_default=False,
            help="JSON Schema that the answer must match.",
        ),
    ] = None,
    device: DeviceFlag = None,
    models_dir: ModelsDirFlag = None,
    config: ConfigFlag = None,
    json: JsonFlag = False,
) -> None:
    """Answer one question."""
    from ..answers.question import read_question, read_schema
    from ..answers.single import answer_once
    from ..settings.read import read_settings

    question = read_question(prompt or [], image or [])
    options = {
        "temperature": temperature,
        "seed": seed,
        "response_format": None if schema is None else read_schema(schema),
    }
    loaded = read_settings(
        config, model=model, device=device, models_dir=models_dir, default_tokens=max_tokens
    )
    answer_once(loaded, question, system, options, json=json)
