"""Language models on MLX: loading, continuous batching, and a worker for applications."""

from typing import TYPE_CHECKING

from .errors import EngineError

if TYPE_CHECKING:
    from .engine.async_engine import AsyncMLXEngine
    from .engine.mlx_engine import MLXEngine

__all__ = ["AsyncMLXEngine", "EngineError", "MLXEngine"]

_MODULES = {
    "AsyncMLXEngine": "async_engine",
    "MLXEngine": "mlx_engine",
}


def __getattr__(name: str) -> object:
    # The worker process and the command line need only a part of the package.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".engine.{_MODULES[name]}", __name__), name)
