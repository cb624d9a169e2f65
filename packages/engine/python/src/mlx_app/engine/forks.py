"""Recognises processes that were forked from one in which MLX had computed."""

import os
import sys

from ..errors import EngineError

_HINT = (
    "Create the engine after the fork, and use MLX in no process that forks. Or start processes "
    "with multiprocessing's method 'spawn'."
)


class _Fork:
    """Whether MLX had computed before the fork, in the parent and in the child."""

    computed = False
    inherited = False

    @classmethod
    def before(cls) -> None:
        mlx = sys.modules.get("mlx.core")
        cls.computed = mlx is not None and mlx.get_peak_memory() > 0

    @classmethod
    def in_child(cls) -> None:
        cls.inherited = cls.inherited or cls.computed


os.register_at_fork(before=_Fork.before, after_in_child=_Fork.in_child)


def check_not_forked() -> None:
    """Raises EngineError UNSUPPORTED in a child of a process in which MLX had computed.

    MLX has threads, which don't survive a fork: the child would wait for them forever.
    """
    if _Fork.inherited:
        raise EngineError(
            "UNSUPPORTED",
            "This process was forked from one in which MLX had computed, so MLX can't work here.",
            _HINT,
        )


def forked_error() -> EngineError:
    """Returns the error of a call to an engine of the parent process."""
    return EngineError(
        "UNSUPPORTED",
        "The engine runs in the process from which this one was forked, and its thread didn't "
        "survive the fork.",
        _HINT,
    )
