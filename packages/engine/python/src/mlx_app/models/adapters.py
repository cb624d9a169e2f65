"""LoRA adapters: where they are, and whether their files are complete."""

import json
from pathlib import Path

from ..errors import EngineError

CONFIG = "adapter_config.json"
WEIGHTS = "adapters.safetensors"
# What PEFT (https://github.com/huggingface/peft) writes besides its own CONFIG.
PEFT_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def locate_adapter(adapter: str, models_directory: Path) -> Path:
    """Returns the folder of an adapter: a path (./folder), or a name inside the models folder.

    Raises the EngineErrors of `check_adapter`.
    """
    folder = Path(adapter).expanduser()
    if not adapter.startswith((".", "/", "~")):
        folder = models_directory / adapter
        if ".." in Path(adapter).parts:
            raise EngineError("MODEL_NOT_FOUND", f'"{adapter}" is not inside {models_directory}.')
    check_adapter(folder)
    return folder


def check_adapter(folder: Path) -> None:
    """Checks the files of an adapter.

    Raises EngineError MODEL_NOT_FOUND for a folder without an adapter, UNSUPPORTED for an adapter
    of another library, MODEL_CORRUPT for an adapter whose config can't be read.
    """
    if not folder.is_dir():
        raise EngineError("MODEL_NOT_FOUND", f"There is no folder {folder} with an adapter.")
    if any((folder / name).is_file() for name in PEFT_WEIGHTS):
        raise EngineError(
            "UNSUPPORTED",
            f"The adapter in {folder} is in PEFT's format; mlx-lm reads only its own.",
            "Train it with mlx_lm.lora, or merge it into the model and convert that.",
        )
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise EngineError("MODEL_NOT_FOUND", f"{folder} is not an adapter: {name} is missing.")
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except ValueError as error:
        raise corrupt_adapter(folder, f"{CONFIG} is not JSON ({error})") from error
    if not isinstance(config, dict):
        raise corrupt_adapter(folder, f"{CONFIG} is not an object")


def corrupt_adapter(folder: Path, reason: str) -> EngineError:
    """Returns the error for an adapter that can't be used."""
    return EngineError("MODEL_CORRUPT", f"The adapter in {folder} can't be used: {reason}.")
