"""An engine with the model of a command."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..terminal.output import note
from ..terminal.progress import show_progress

if TYPE_CHECKING:
    from ...engine.mlx_engine import MLXEngine
    from ...engine.model_options import SamplingOptions
    from ..settings.read import LoadedSettings
    from ..settings.schema import Settings

#: The smallest model of the tool's catalogue (src/models/known.ts), with the size of its files.
STARTER = ("mlx-community/Qwen3-0.6B-4bit", 351_383_618)
# The folder of the user's own models, as in MLXEngine.
_MODELS = Path("models")


def open_engine(settings: "Settings") -> "MLXEngine":
    """Returns an engine that has loaded no model yet. A `with` block closes it."""
    from ...engine.mlx_engine import MLXEngine

    return MLXEngine(
        settings.model,
        device=settings.device,
        models_directory=settings.models_dir,
        aliases=settings.aliases,
        memory_limit_bytes=settings.memory_limit_bytes,
        prompt_cache_bytes=settings.prompt_cache_bytes,
        sampling=cast("SamplingOptions", settings.sampling),
        template_options=settings.template_defaults,
        context_tokens=settings.context_tokens,
        model_settings=settings.model_settings,
    )


def load(engine: "MLXEngine", settings: "Settings", model: str) -> None:
    """Loads a model, and downloads it first if it is not on disk and the user agrees."""
    is_missing = model not in settings.aliases and needs_download(model, settings.models_dir)
    _load(engine, model, None, is_missing=is_missing)


def needs_download(model: str, models_dir: Path, revision: str | None = None) -> bool:
    """Whether a model is not on disk. Raises EngineError if there is no such model."""
    from ...models.locate import locate

    return locate(model, revision, models_dir) is None


def open_model(model: str, *, revision: str | None = None) -> "MLXEngine":
    """Starts an engine for a command, and loads a model. A `with` block closes the engine.

    A model that is not on disk is downloaded. A user in a terminal is asked first and sees the
    size; MLX_PULL changes that (`ask`, `always` or `never`). Standard error gets the progress.

    Args:
        model: A folder in the folder `models`, a path, or a Hugging Face ID.
        revision: A branch, tag or commit of a Hugging Face repository.

    Raises:
        EngineError: As `MLXEngine` and `load_model`; MODEL_NOT_FOUND if the download is not
            allowed, ABORTED if the user refuses to answer.
    """
    from ...engine.mlx_engine import MLXEngine

    is_missing = needs_download(model, _MODELS, revision)
    engine = MLXEngine(model)
    try:
        _load(engine, model, revision, is_missing=is_missing)
    except BaseException:
        engine.close()
        raise
    return engine


def offer_download(model: str, *, revision: str | None = None) -> None:
    """Asks a user in a terminal whether to download a model that is not on disk, and does it.

    It is for commands that start a server. Without a terminal, it does nothing: the server listens
    at once, and downloads the model in the background.

    Raises:
        EngineError: MODEL_NOT_FOUND if the download is not allowed or the user refuses it;
            otherwise as `describe_model` and `download_model`.
    """
    from ...engine.mlx_engine import MLXEngine
    from ..terminal.prompts import is_interactive
    from .missing import get_missing_model
    from .policy import check_pull_allowed

    if not needs_download(model, _MODELS, revision):
        return
    check_pull_allowed(model, revision=revision)
    if is_interactive():
        with MLXEngine() as engine:
            get_missing_model(engine, model, revision)


def _load(engine: "MLXEngine", model: str, revision: str | None, *, is_missing: bool) -> None:
    if is_missing:
        from .missing import get_missing_model

        get_missing_model(engine, model, revision)
    with show_progress(f"Loading {model}") as update:
        engine.load_model(model, revision=revision, on_progress=update)


def hint_if_hello(loaded: "LoadedSettings") -> None:
    """Tells a user who has chosen no model that there are real ones."""
    if loaded.origins["model"].source == "default":
        note(
            "This is the hello model, which knows a dozen answers by heart. "
            f"To use a real one: --model {STARTER[0]}"
        )
