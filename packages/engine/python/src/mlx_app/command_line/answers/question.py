"""What the user asks."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from ...engine.options import ImagePart, Message, ResponseFormat, TextPart
from ...own_command import own_command
from ..terminal.text import check_text, read_text


def read_question(words: Sequence[str], images: Sequence[Path]) -> Message:
    """Returns the user's message: the words, with standard input in the place of `-`.

    Without words, it is standard input, unless that is a terminal.
    """
    if not words and sys.stdin.isatty():
        raise typer.BadParameter(
            f"There is no question. Example: {own_command('generate')} 'Count to ten.'",
            param_hint="PROMPT",
        )
    standard_input = read_text("-", "PROMPT") if "-" in words or not words else ""
    parts = [standard_input if word == "-" else word for word in words or ["-"]]
    text = check_text("\n".join(parts), "PROMPT")
    if text.strip() == "":
        raise typer.BadParameter("The text is empty.", param_hint="PROMPT")
    for image in images:
        if not image.is_file():
            raise typer.BadParameter(f"There is no file {image}.", param_hint="--image")
    if not images:
        return Message(role="user", content=text)
    content: list[TextPart | ImagePart] = [
        *(ImagePart(type="image", image=image.absolute()) for image in images),
        TextPart(type="text", text=text),
    ]
    return Message(role="user", content=content)


def read_schema(path: Path) -> ResponseFormat:
    """Returns the format of answers that match the JSON Schema in a file."""
    try:
        schema = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise typer.BadParameter(
            f"{path} can't be read: {error.strerror}.", param_hint="--schema"
        ) from error
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{path} is not UTF-8 text.", param_hint="--schema") from error
    except ValueError as error:
        raise typer.BadParameter(
            f"{path} is not valid JSON: {error}.", param_hint="--schema"
        ) from error
    if not isinstance(schema, dict):
        raise typer.BadParameter(f"{path} is not a JSON Schema.", param_hint="--schema")
    return ResponseFormat(type="json_schema", schema=schema)
