"""Compares the files of models with the hub's hashes."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from ...own_command import own_command
from ..terminal.format import format_bytes
from ..terminal.output import mark, result, result_json
from ..terminal.progress import show_progress
from .session import open_engine

if TYPE_CHECKING:
    from ...protocol import VerifiedFile
    from ..settings.read import LoadedSettings


def verify_models(
    loaded: "LoadedSettings", model: str | None, *, revision: str | None, json: bool
) -> bool:
    """Prints whether the files of a model, or of all models, are good. Returns whether all are."""
    results: list[dict[str, Any]] = []
    good = True
    with open_engine(loaded.values) as engine:
        names = [entry.model for entry in engine.models()] if model is None else [model]
        for name in names:
            with show_progress(f"Verifying {name}") as update:
                verified = engine.verify_model(name, revision=revision, on_progress=update)
            path, files = verified.path, verified.files
            results.append({"model": name, "path": path, "files": msgspec.to_builtins(files)})
            good = good and not _damaged(files)
            if not json:
                for line in _describe(name, path, files):
                    result(line)
    if json:
        result_json(results)
    return good


def _describe(model: str, path: str, files: "Sequence[VerifiedFile]") -> list[str]:
    """Returns a line for the model, and one for each damaged file."""
    damaged = _damaged(files)
    verified = [file for file in files if file.state == "ok"]
    if damaged:
        is_from_hub = "/" in model or verified
        command = own_command(f"models download {model}")
        return [
            f"{mark(False, sys.stdout)} {model} is damaged ({path})",
            *(
                f"    {file.path} is {'missing' if file.state == 'missing' else 'damaged'}"
                for file in damaged
            ),
            f"  To download these files again, run: {command}"
            if is_from_hub
            else "  Copy these files again from where the model came from.",
        ]
    if not verified:
        return [f"- {model}: the hub has no hashes for its files ({path})"]
    unknown = len(files) - len(verified)
    rest = f"; {unknown} without a known hash" if unknown else ""
    count = "1 file" if len(verified) == 1 else f"{len(verified)} files"
    size = format_bytes(sum(file.bytes for file in verified))
    return [f"{mark(True, sys.stdout)} {model}: {count} verified, {size}{rest}"]


def _damaged(files: "Sequence[VerifiedFile]") -> "list[VerifiedFile]":
    return [file for file in files if file.state in ("missing", "differs")]
