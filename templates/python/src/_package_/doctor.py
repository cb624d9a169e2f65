"""Checks that everything works, for the command `doctor`."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from mlx_app import EngineError, MLXEngine
from mlx_app.command_line import own_command

from .api import ask
from .model import model_in_use


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    text: str
    #: How to fix the problem; None if there is none.
    fix: str | None = None


def checks() -> Iterator[Check]:
    """Yields the result of each check. A check that depends on a failed one is left out."""
    yield Check(f"Python {platform.python_version()}, mlx-app {version('mlx-app')}")
    try:
        with MLXEngine(model="hello") as engine:
            ask("Say hello.", engine)
            status = engine.status()
            yield Check(f"MLX {status.versions.mlx} computes ({status.device})")
            yield _model_on_disk(engine)
    except EngineError as error:
        yield Check(error.message, error.hint or "See the message above.")


def _model_on_disk(engine: MLXEngine) -> Check:
    model, revision = model_in_use()
    try:
        engine.load_model(model, revision=revision, download=False)
    except EngineError as error:
        pinned = "" if revision is None else f" --revision {revision}"
        return Check(error.message, f"Run: {own_command(f'models download {model}{pinned}')}")
    return Check(f"The model {model} is on this machine and loads")
