"""An engine with the model of a command."""

from typing import TYPE_CHECKING

from ..terminal.output import note
from ..terminal.progress import show_progress

if TYPE_CHECKING:
    from ...engine.mlx_engine import MLXEngine
    from ..settings.read import LoadedSettings
    from ..settings.schema import Settings

#: The smallest model of the tool's catalogue (src/models/known.ts), with the size of its files.
STARTER = ("mlx-community/Qwen3-0.6B-4bit", 351_383_618)


def open_engine(settings: "Settings") -> "MLXEngine":
    """Returns an engine that has loaded no model yet. A `with` block closes it."""
    from ...engine.mlx_engine import MLXEngine

    return MLXEngine(
        device=settings.device,
        models_directory=settings.models_dir,
        aliases=settings.aliases,
        memory_limit_bytes=settings.memory_limit_bytes,
        prompt_cache_bytes=settings.prompt_cache_bytes,
    )


def load(engine: "MLXEngine", settings: "Settings", model: str) -> None:
    """Loads a model, and downloads it first if it is not on disk and the user agrees."""
    if model not in settings.aliases and needs_download(settings, model):
        from .missing import get_missing_model

        get_missing_model(engine, model)
    with show_progress(f"Loading {model}") as update:
        engine.load_model(model, on_progress=update)


def needs_download(settings: "Settings", model: str) -> bool:
    """Whether a model is not on disk. Raises EngineError if there is no such model."""
    from ...models.locate import locate

    return locate(model, None, settings.models_dir) is None


def hint_if_hello(loaded: "LoadedSettings") -> None:
    """Tells a user who has chosen no model that there are real ones."""
    if loaded.origins["model"].source == "default":
        note(
            "This is the hello model, which knows a dozen answers by heart. "
            f"To use a real one: --model {STARTER[0]}"
        )
