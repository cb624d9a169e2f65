"""Compares the files of models with the hub's hashes."""

import sys
from typing import TYPE_CHECKING

import msgspec

from ..terminal.format import format_bytes
from ..terminal.output import mark, result, result_json
from ..terminal.progress import show_progress
from .session import open_engine

if TYPE_CHECKING:
    from ...protocol import Verified, VerifiedFile
    from ..settings.read import LoadedSettings


def verify_models(
    loaded: "LoadedSettings", model: str | None, *, revision: str | None, json: bool
) -> bool:
    """Prints whether the files of a model, or of all models, are good. Returns whether all are."""
    results: list[Verified] = []
    with open_engine(loaded.values) as engine:
        names = [entry.model for entry in engine.models()] if model is None else [model]
        for name in names:
            with show_progress(f"Verifying {name}") as update:
                verified = engine.verify_model(name, revision=revision, on_progress=update)
            results.append(verified)
            if not json:
                for line in _describe(verified):
                    result(line)
    if json:
        result_json(
            [
                {"model": each.model, "path": each.path, "files": msgspec.to_builtins(each.files)}
                for each in results
            ]
        )
    return not any(_damaged(each) for each in results)


def _describe(verified: "Verified") -> list[str]:
    """Returns a line for the model, and one for each damaged file."""
    model, path, files = verified.model, verified.path, verified.files
    damaged = _damaged(verified)
    if damaged:
        return [
            f"{mark(False, sys.stdout)} {model} is damaged ({path})",
            *(
                f"    {file.path} is {'missing' if file.state == 'missing' else 'damaged'}"
                for file in damaged
            ),
            f"  To download these files again, run: mlx-app models download {model}",
        ]
    good = [file for file in files if file.state == "ok"]
    if not good:
        return [f"- {model}: the hub has no hashes for its files ({path})"]
    unknown = len(files) - len(good)
    rest = f"; {unknown} without a known hash" if unknown else ""
    count = "1 file" if len(good) == 1 else f"{len(good)} files"
    size = format_bytes(sum(file.bytes for file in good))
    return [f"{mark(True, sys.stdout)} {model}: {count} verified, {size}{rest}"]


def _damaged(verified: "Verified") -> "list[VerifiedFile]":
    return [file for file in verified.files if file.state in ("missing", "differs")]
