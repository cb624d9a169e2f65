"""The command `mlx-app`, and parts of it for programs of your own.

Its `--help` must be quick, so modules that define commands import nothing heavy. What this module
imports runs before Ctrl-C is handled, so it is next to nothing.
"""

from typing import TYPE_CHECKING

from .program import run_program

if TYPE_CHECKING:
    import typer

    from ..own_command import own_command
    from .group import CommandGroup
    from .models.session import offer_download, open_model
    from .terminal.text import read_text

__all__ = [
    "CommandGroup",
    "main",
    "offer_download",
    "open_model",
    "own_command",
    "read_text",
    "run_program",
]

_MODULES = {
    "CommandGroup": ".group",
    "offer_download": ".models.session",
    "open_model": ".models.session",
    "own_command": "..own_command",
    "read_text": ".terminal.text",
}


def main() -> int:
    """Runs `mlx-app` and returns its exit code."""
    return run_program("mlx-app", _load)


def _load() -> "typer.Typer":
    from .app import app

    return app


# A type checker that sees it takes any name for one of this module.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_MODULES[name], __name__), name)
