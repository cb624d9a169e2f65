"""Checks of the disk, the memory and the model."""

import json

from ...engine.options import Message
from ...models.locate import HELLO, bytes_in
from ...own_command import own_command
from ..models.disk import free_disk_bytes, hub_cache
from ..models.listing import fits_memory
from ..terminal.format import format_bytes
from .check import Check, CheckContext, Finding
from .install import install_hint

# The free space below which installing and downloading fails.
_LEAST_DISK_BYTES = 1_000_000_000


def _disk(_: CheckContext) -> Finding:
    cache = hub_cache()
    free = free_disk_bytes(cache)
    return Finding(
        free >= _LEAST_DISK_BYTES,
        f"{format_bytes(free)} free",
        f"Free up disk space: less than {format_bytes(_LEAST_DISK_BYTES)} is left for {cache}",
    )


def _model(context: CheckContext) -> Finding:
    name = context.settings.model
    if name in context.settings.aliases:
        return Finding(None, f"{name} is an alias")
    folder = context.model_folder
    if folder is not None:
        return Finding(True, f"{name}, {format_bytes(bytes_in(folder))} ({folder})")
    missing = context.missing_model
    detail = f"{name} is not on this machine"
    download = own_command(f"models download {name}")
    if missing is None:
        return Finding(False, detail, download)
    detail += f": {format_bytes(missing.missing_bytes)} to download"
    free = free_disk_bytes(hub_cache())
    if missing.missing_bytes < free:
        return Finding(False, detail, download)
    return Finding(
        False,
        f"{detail}, but the disk has only {format_bytes(free)} free",
        f"Free up disk space, for example with: {own_command('models clean')}. Or set HF_HOME to a "
        f"folder on another disk. Then run: {download}",
    )


def _memory(context: CheckContext) -> Finding:
    size = _model_bytes(context)
    if size is None:
        return Finding(None, "the size of the model is unknown")
    return assess_memory(size, context.engine.status().memory_limit_bytes)


def _model_bytes(context: CheckContext) -> int | None:
    if context.settings.model in context.settings.aliases:
        return None
    if context.model_folder is not None:
        return bytes_in(context.model_folder)
    return None if context.missing_model is None else context.missing_model.weight_bytes


def assess_memory(model_bytes: int, limit_bytes: int) -> Finding:
    """Returns whether a model and its KV cache fit into the memory limit for models."""
    return Finding(
        fits_memory(model_bytes, limit_bytes),
        f"model of {format_bytes(model_bytes)}, limit of {format_bytes(limit_bytes)}",
        "Choose a smaller model, or one with fewer bits per weight, with --model",
    )


def _hello(context: CheckContext) -> Finding:
    pairs = json.loads((HELLO / "answers.json").read_text("utf-8"))
    for pair in pairs:
        messages = [Message(role="user", content=pair["question"])]
        answer = context.engine.complete(
            model="hello", messages=messages, temperature=0, max_tokens=512
        )
        if answer.text != pair["answer"]:
            detail = f'the answer to "{pair["question"]}" is wrong'
            return Finding(False, detail, install_hint())
    return Finding(True, f"{len(pairs)} answers as expected")


disk = Check("disk", _disk)
model = Check("model", _model, ("MLX",))
memory = Check("memory", _memory, ("MLX",))
hello = Check("hello model", _hello, ("MLX",))
