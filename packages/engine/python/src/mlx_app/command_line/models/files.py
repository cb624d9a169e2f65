"""Downloads, removes and cleans up models."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from ...own_command import own_command
from ..terminal.format import format_bytes
from ..terminal.output import mark, note, result, result_json
from ..terminal.progress import show_progress
from ..terminal.prompts import confirm
from .missing import INTERRUPTED
from .session import open_engine

if TYPE_CHECKING:
    from ...protocol import CleanedFile
    from ..settings.read import LoadedSettings

_REASONS = {"partial": "interrupted download", "unreferenced": "not used by any model"}


def download_model(
    loaded: "LoadedSettings",
    model: str | None,
    *,
    revision: str | None,
    output: Path | None,
    json: bool,
) -> None:
    """Downloads a model and prints where it is."""
    named = model or loaded.values.model
    with open_engine(loaded.values) as engine, show_progress(f"Looking up {named}") as update:
        try:
            downloaded = engine.download_model(
                named, revision=revision, output=output, on_progress=update
            )
        except KeyboardInterrupt:
            note(INTERRUPTED)
            raise
    if json:
        result_json(msgspec.to_builtins(downloaded))
        return
    size, place = format_bytes(downloaded.bytes), downloaded.path
    result(f"{mark(True, sys.stdout)} {named} is on this machine: {size} in {place}")
    used = named if output is None else place
    if used != loaded.values.model:
        result(f"To use it: {own_command(f'chat --model {used}')}")


def remove_model(loaded: "LoadedSettings", model: str, *, yes: bool, json: bool) -> None:
    """Deletes a model, after a question unless `yes` is set."""
    with open_engine(loaded.values) as engine:
        if not yes:
            found = next((entry for entry in engine.models() if entry.model == model), None)
            place = f" ({format_bytes(found.bytes)} in {found.path})" if found else ""
            if not confirm(f"Delete {model}{place}?"):
                note("Nothing was deleted.")
                raise typer.Exit(1)
        removed = engine.remove_model(model)
    if json:
        fields = {"model": removed.model, "path": removed.path, "freedBytes": removed.freed_bytes}
        result_json(fields)
    else:
        size = format_bytes(removed.freed_bytes)
        result(f"{mark(True, sys.stdout)} Deleted {removed.model}, freed {size}")


def clean_models(loaded: "LoadedSettings", *, dry_run: bool, json: bool) -> None:
    """Deletes files that no model uses, or only lists them."""
    with open_engine(loaded.values) as engine:
        cleaned = engine.clean_models(dry_run=dry_run)
    if json:
        files = msgspec.to_builtins(cleaned.removed)
        result_json({"removed": files, "freedBytes": cleaned.freed_bytes})
        return
    for line in _describe(cleaned.removed, cleaned.freed_bytes, dry_run):
        result(line)


def _describe(removed: "Sequence[CleanedFile]", freed_bytes: int, dry_run: bool) -> list[str]:
    if not removed:
        return ["There is nothing to delete."]
    lines = [
        f"  {format_bytes(file.bytes):>9}  {_REASONS[file.reason]}  {file.path}" for file in removed
    ]
    size = format_bytes(freed_bytes)
    if dry_run:
        return ["These files would be deleted:", *lines, f"This would free {size}."]
    return ["Deleted:", *lines, f"{mark(True, sys.stdout)} Freed {size}"]
